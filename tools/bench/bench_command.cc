#include "bench/bench_command.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>
#include <cmath>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "bench/scenario.h"
#include "bench/work_server.h"
#include "cli/duration.h"
#include "cli/progress.h"
#include "cli/report_options.h"
#include "report/chart.h"
#include "report/html_page.h"
#include "report/latency_chart.h"
#include "report/units.h"

namespace tern::tool {

namespace {

struct Options {
  std::vector<std::size_t> calls = {100, 1000};
  std::size_t computing_calls = 100;
  std::size_t workers = 10;
  std::size_t loops = 1;
  double wait_s = 0.01;
  double compute_s = 0.01;
  std::size_t rounds = 5;
  ReportOptions report;
};

void declare(CLI::App& command, Options& options) {
  command.add_option("--calls", options.calls, "Waiting calls at once: a row for each number")
      ->check(CLI::PositiveNumber)
      ->delimiter(',')
      ->capture_default_str();
  command.add_option("--computing-calls", options.computing_calls, "Computing calls at once; 0: none")
      ->capture_default_str();
  command.add_option("--workers", options.workers, "Threads of the synchronous service")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  command.add_option("--loops", options.loops, "Event loops of the server")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  add_duration(command, "--wait", options.wait_s, "What a waiting call waits")->capture_default_str();
  add_duration(command, "--compute", options.compute_s, "What a computing call computes")->capture_default_str();
  command.add_option("--rounds", options.rounds, "How often all of it is done, by turns")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  add_report_options(command, options.report);
}

std::chrono::microseconds microseconds(double seconds) {
  return std::chrono::microseconds{std::llround(seconds * 1e6)};
}

std::vector<Scenario> scenarios(const Options& options, const WorkServer& waiting, const WorkServer& computing) {
  const std::chrono::microseconds wait = microseconds(options.wait_s);
  const std::chrono::microseconds compute = microseconds(options.compute_s);
  const auto cores = static_cast<std::size_t>(processors());
  const std::string workers = fmt::format("synchronous, {} workers", options.workers);
  std::vector<Scenario> all;
  for (const std::size_t calls : options.calls) {
    const std::string work = fmt::format("{} calls, {} of waiting", show_count(calls), show_duration(wait));
    const Scenario scenario{.work = work,
                            .handlers = workers,
                            .method = "/tern.bench.v1.Work/Wait",
                            .port = waiting.sync_port(),
                            .calls = calls,
                            .each = wait,
                            .limit = wait * ((calls + options.workers - 1) / options.workers),
                            .client_apart = cores > 1};
    all.push_back(scenario);
    all.push_back(scenario);
    all.back().handlers = "coroutines";
    all.back().port = waiting.async_port();
    all.back().limit = wait;
  }
  if (options.computing_calls == 0) return all;
  const std::string work =
      fmt::format("{} calls, {} of computing", show_count(options.computing_calls), show_duration(compute));
  const std::chrono::microseconds sum = compute * options.computing_calls;
  Scenario scenario{.work = work,
                    .handlers = workers,
                    .method = "/tern.bench.v1.Work/Compute",
                    .port = computing.sync_port(),
                    .calls = options.computing_calls,
                    .each = compute,
                    .limit = sum / std::min(options.workers, cores)};
  all.push_back(scenario);
  // One connection: its loop computes all of it.
  scenario.port = computing.async_port();
  scenario.handlers = "coroutines, on the loop";
  scenario.limit = sum;
  all.push_back(scenario);
  scenario.handlers = "coroutines, run_in_executor";
  scenario.method = "/tern.bench.v1.Work/ComputeInExecutor";
  scenario.limit = sum / cores;
  all.push_back(scenario);
  return all;
}

/// The name of what is being done, set by one thread and read by another.
class Stage {
 public:
  void set(std::string text) {
    const std::lock_guard lock{mutex_};
    text_ = std::move(text);
  }
  std::string get() {
    const std::lock_guard lock{mutex_};
    return text_;
  }

 private:
  std::mutex mutex_;
  std::string text_;
};

std::vector<ScenarioResult> measure(const std::vector<Scenario>& all, const Options& options) {
  std::vector<ScenarioResult> results(all.size());
  Stage stage;
  const ProgressLine line{!options.report.quiet, [&stage] { return stage.get(); }};
  for (std::size_t round = 0; round < options.rounds; ++round) {
    for (std::size_t index = 0; index < all.size(); ++index) {
      stage.set(fmt::format("round {} of {}: {}, {}", round + 1, options.rounds, all[index].work, all[index].handlers));
      run_round(all[index], results[index]);
    }
  }
  return results;
}

double ratio(const Scenario& scenario, const ScenarioResult& result) {
  return scenario.limit.count() == 0
             ? 0
             : static_cast<double>(result.median().count()) / static_cast<double>(scenario.limit.count());
}

std::vector<std::vector<std::string>> table_of(const std::vector<Scenario>& all,
                                               const std::vector<ScenarioResult>& results) {
  std::vector<std::vector<std::string>> rows{{"at once", "handlers", "median", "least", "most", "limit", "x limit"}};
  for (std::size_t index = 0; index < all.size(); ++index) {
    const ScenarioResult& result = results[index];
    rows.push_back({all[index].work, all[index].handlers, show_duration(result.median()),
                    show_duration(result.rounds.front()), show_duration(result.rounds.back()),
                    show_duration(all[index].limit), fmt::format("{:.2f}", ratio(all[index], result))});
  }
  return rows;
}

std::string as_text(const std::vector<std::vector<std::string>>& rows) {
  std::vector<std::size_t> widths(rows.front().size());
  for (const auto& row : rows) {
    for (std::size_t column = 0; column < row.size(); ++column)
      widths[column] = std::max(widths[column], row[column].size());
  }
  std::string out;
  for (const auto& row : rows) {
    for (std::size_t column = 0; column < row.size(); ++column) {
      // Texts stand to the left, figures to the right.
      out += column < 2 ? fmt::format("{:<{}}  ", row[column], widths[column])
                        : fmt::format("{:>{}}  ", row[column], widths[column]);
    }
    out.erase(out.find_last_not_of(' ') + 1);
    out += '\n';
  }
  return out;
}

std::string as_json(const std::vector<Scenario>& all, const std::vector<ScenarioResult>& results) {
  boost::json::array rows;
  for (std::size_t index = 0; index < all.size(); ++index) {
    boost::json::array rounds;
    for (const std::chrono::nanoseconds time : results[index].rounds) rounds.push_back(time.count());
    rows.push_back(boost::json::object{{"work", all[index].work},
                                       {"handlers", all[index].handlers},
                                       {"calls", all[index].calls},
                                       {"rounds_ns", std::move(rounds)},
                                       {"limit_ns", all[index].limit.count()},
                                       {"median_to_limit", ratio(all[index], results[index])}});
  }
  return boost::json::serialize(boost::json::object{{"processors", processors()}, {"rows", std::move(rows)}}) + "\n";
}

std::string as_html(const std::vector<Scenario>& all, const std::vector<ScenarioResult>& results,
                    const std::vector<std::vector<std::string>>& rows) {
  const auto milliseconds = [](std::chrono::nanoseconds time) { return static_cast<double>(time.count()) / 1e6; };
  const Axis time{.title = "time until the last call has ended", .label = [](double value) {
                    return show_duration(std::chrono::nanoseconds{std::llround(value * 1e6)});
                  }};
  HtmlPage page{"tern bench: waiting and computing"};
  page.paragraph(
      fmt::format("{} processors. The medians of {} rounds; lines show the spread, the red mark what no server "
                  "could do better.",
                  processors(), results.front().rounds.size()));
  page.table(rows);
  std::vector<std::string> works;
  for (const Scenario& scenario : all) {
    if (works.empty() || works.back() != scenario.work) works.push_back(scenario.work);
  }
  for (const std::string& work : works) {
    page.heading(work);
    BarChart bars{.value = time, .bars = {}};
    int group = 0;
    for (std::size_t index = 0; index < all.size(); ++index) {
      if (all[index].work != work) continue;
      bars.bars.push_back({.name = all[index].handlers,
                           .value = milliseconds(results[index].median()),
                           .lowest = milliseconds(results[index].rounds.front()),
                           .highest = milliseconds(results[index].rounds.back()),
                           .limit = milliseconds(all[index].limit),
                           .group = group++});
    }
    page.figure(draw(bars), "Until the last of the calls has ended.");
    for (std::size_t index = 0; index < all.size(); ++index) {
      if (all[index].work != work) continue;
      page.figure(draw_distribution(results[index].latency), "Latency of single calls: " + all[index].handlers + ".");
    }
  }
  return page.html();
}

int run(const Options& options) {
  // Both are forked before there is any thread.
  const WorkServer waiting{{.workers = options.workers,
                            .loops = options.loops,
                            .processor = processors() > 1 && options.loops == 1 ? std::optional{0} : std::nullopt}};
  const WorkServer computing{{.workers = options.workers, .loops = options.loops, .processor = std::nullopt}};
  const std::vector<Scenario> all = scenarios(options, waiting, computing);
  const std::vector<ScenarioResult> results = measure(all, options);
  use_processor(std::nullopt);
  const auto rows = table_of(all, results);
  put_out(options.report, {.text = [&] { return as_text(rows); },
                           .json = [&] { return as_json(all, results); },
                           .html = [&] { return as_html(all, results, rows); }});
  return 0;
}

}  // namespace

std::function<int()> add_bench_command(CLI::App& app) {
  CLI::App* command =
      app.add_subcommand("bench", "Measure synchronous and asynchronous handlers on this machine, beside their limits");
  auto options = std::make_shared<Options>();
  declare(*command, *options);
  return [options] { return run(*options); };
}

}  // namespace tern::tool

#include "call_figures.h"

#include <algorithm>
#include <bit>
#include <chrono>
#include <cmath>
#include <utility>

#include "wall_clock.h"

namespace userchat {

namespace {

using namespace std::chrono_literals;
using figures::v1::Figures;
using Counts = CallFigures::Counts;

constexpr auto kRelaxed = std::memory_order_relaxed;

// A watcher looks this often whether the server stops.
constexpr std::chrono::milliseconds kLookEvery{200};

std::size_t latency_index(tern::Clock::duration took) {
  const double microseconds = std::chrono::duration<double, std::micro>(took).count();
  if (microseconds <= 1) return 0;
  return std::min(CallFigures::kLatencies - 1, static_cast<std::size_t>(std::log2(microseconds) * 4));
}

/// The highest latency that is counted there.
double milliseconds_at(std::size_t index) { return std::exp2(static_cast<double>(index + 1) / 4) / 1000; }

double percentile(const Counts& now, const Counts& before, double part) {
  std::array<std::uint64_t, CallFigures::kLatencies> grown{};
  std::uint64_t all = 0;
  for (std::size_t i = 0; i < grown.size(); ++i) {
    grown.at(i) = now.latencies.at(i) - before.latencies.at(i);
    all += grown.at(i);
  }
  auto left = static_cast<std::int64_t>(std::ceil(static_cast<double>(all) * part));
  if (all == 0) return 0;
  std::size_t index = 0;
  while (index + 1 < grown.size() && (left -= static_cast<std::int64_t>(grown.at(index))) > 0) ++index;
  return milliseconds_at(index);
}

/// How long the loops take to come round to something new; the longest of them.
class LagProbe {
 public:
  void send(tern::Loop& home) {
    longest_ = std::make_shared<std::atomic<std::int64_t>>(0);
    const tern::Clock::time_point sent = tern::Clock::now();
    for (tern::Loop* loop : home.siblings()) {
      loop->post([longest = longest_, sent] {
        const std::int64_t took = std::chrono::nanoseconds{tern::Clock::now() - sent}.count();
        std::int64_t known = longest->load(kRelaxed);
        while (known < took && !longest->compare_exchange_weak(known, took)) {
        }
      });
    }
  }
  [[nodiscard]] double milliseconds() const { return static_cast<double>(longest_->load(kRelaxed)) / 1e6; }

 private:
  std::shared_ptr<std::atomic<std::int64_t>> longest_;
};

Figures figures_of(const Counts& now, const Counts& before, double seconds, double lag_ms) {
  Figures figures;
  figures.set_timestamp(milliseconds_since_1970());
  figures.set_calls_per_second(static_cast<double>(now.ended - before.ended) / seconds);
  figures.set_failures_per_second(static_cast<double>(now.failed - before.failed) / seconds);
  figures.set_calls_in_flight(static_cast<std::int64_t>(now.begun - now.ended));
  figures.set_latency_p50_ms(percentile(now, before, 0.5));
  figures.set_latency_p90_ms(percentile(now, before, 0.9));
  figures.set_latency_p99_ms(percentile(now, before, 0.99));
  figures.set_loop_lag_ms(lag_ms);
  return figures;
}

}  // namespace

void CallFigures::on_call_begun(tern::ServerContext& /*context*/) { loops_.here().begun.add(); }

void CallFigures::on_call_ended(const tern::EndedCall& call) {
  LoopCounts& counts = loops_.here();
  if (!call.status.ok()) counts.failed.add();
  if (call.unary) counts.latencies.at(latency_index(call.took)).add();
  counts.ended.add();
}

Counts CallFigures::counts() const {
  Counts all;
  for (const auto& counts : loops_.all()) {
    all.ended += counts->ended.value();
    all.begun += counts->begun.value();
    all.failed += counts->failed.value();
    for (std::size_t i = 0; i < kLatencies; ++i) all.latencies.at(i) += counts->latencies.at(i).value();
  }
  return all;
}

tern::AsyncGenerator<Figures> FiguresService::Watch(tern::ServerContext& context,
                                                    const figures::v1::WatchRequest& request) {
  if (request.interval_ms() < 0 || (request.interval_ms() > 0 && request.interval_ms() < 100)) {
    tern::ServerContext::abort(tern::StatusCode::kInvalidArgument, "interval_ms is 0 or at least 100");
  }
  const std::chrono::milliseconds interval{request.interval_ms() == 0 ? 1000 : request.interval_ms()};
  context.send_initial_metadata();
  tern::Loop& home = tern::Loop::require_current("watching");
  LagProbe lag;
  lag.send(home);
  Counts before = figures_.counts();
  tern::Clock::time_point since = tern::Clock::now();
  while (!closed_) {
    const tern::Clock::time_point due = since + interval;
    while (!closed_ && tern::Clock::now() < due) {
      co_await tern::sleep(std::min<tern::Clock::duration>(kLookEvery, due - tern::Clock::now()));
    }
    const tern::Clock::time_point now = tern::Clock::now();
    const Counts counts = figures_.counts();
    Figures figures =
        figures_of(counts, before, std::chrono::duration<double>(now - since).count(), lag.milliseconds());
    co_yield std::move(figures);
    lag.send(home);
    before = counts;
    since = now;
  }
}

}  // namespace userchat

#include "tern/async/run.h"

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/system/system_error.hpp>
#include <chrono>
#include <cstdio>
#include <exception>
#include <memory>
#include <optional>
#include <stdexcept>
#include <thread>
#include <vector>

#include "async/broken_pipes.h"
#include "async/loop_group.h"
#include "async/loop_watch.h"
#include "async/own_context.h"
#include "tern/async/loop.h"
#include "tern/detail/root_job.h"

namespace tern::detail {

namespace {

/// The main task; ends all loops when it has ended.
class MainJob final : public RootJob {
 public:
  MainJob(Loop& loop, std::vector<std::unique_ptr<boost::asio::io_context>>& contexts)
      : RootJob(loop), contexts_(contexts) {
    register_root();
  }
  std::exception_ptr error;

 private:
  void finished(std::exception_ptr thrown) override {
    error = std::move(thrown);
    for (const auto& context : contexts_) context->stop();
  }
  std::vector<std::unique_ptr<boost::asio::io_context>>& contexts_;
};

void check(const RunOptions& options) {
  if (options.threads == 0) {
    throw std::invalid_argument("RunOptions::threads is 0: no loop would run; core_count() is one for each core");
  }
  if (options.blocked_after && options.blocked_after->count() <= 0) {
    throw std::invalid_argument("RunOptions::blocked_after is not longer than 0: std::nullopt watches no loop");
  }
}

void run_context(boost::asio::io_context& context, std::chrono::microseconds busy_poll) {
  const auto work = boost::asio::make_work_guard(context);
  if (busy_poll.count() <= 0) {
    context.run();
    return;
  }
  // A processor's time, which a test's clock does not change.
  using SystemTime = std::chrono::steady_clock;
  SystemTime::time_point last_event = SystemTime::now();
  while (!context.stopped()) {
    if (context.poll() == 0) {
      if (SystemTime::now() - last_event < busy_poll) continue;
      context.run_one();
    }
    last_event = SystemTime::now();
  }
}

}  // namespace

void run_loops(Task<void> body, const RunOptions& options) {
  if (Loop::current() != nullptr) {
    throw std::logic_error("tern::run inside of an event loop would block it: co_await the task instead");
  }
  ignore_broken_pipes();
  check(options);
  const std::size_t count = options.threads;
  LoopGroup group;
  std::vector<std::unique_ptr<boost::asio::io_context>> contexts;
  for (std::size_t i = 0; i < count; ++i) {
    contexts.push_back(std::make_unique<boost::asio::io_context>(kOneThread));
    Loop& loop = Loop::of(*contexts.back());
    loop.ends_by_stop();
    group.add(loop);
  }
  std::exception_ptr error;
  {
    MainJob main{*group.loops().front(), contexts};
    {
      const Loop::Turn turn{main.loop()};
      main.start(std::move(body));
    }
    std::optional<LoopWatch> watch;
    if (options.blocked_after) watch.emplace(group.loops(), *options.blocked_after);
    std::vector<std::jthread> threads;
    for (std::size_t i = 1; i < count; ++i) {
      threads.emplace_back(
          [&context = *contexts[i], busy_poll = options.busy_poll] { run_context(context, busy_poll); });
    }
    BlockedThread blocked;
    blocked.begin(counts_this_thread);
    run_context(*contexts.front(), options.busy_poll);
    blocked.end();
    watch.reset();
    threads.clear();
    error = main.error;
  }
  group.close();
  // Each context takes what is still waiting on it along.
  contexts.clear();
  if (error) std::rethrow_exception(error);
}

int report_errors(const std::function<int()>& program) {
  try {
    return program();
  } catch (const std::exception& error) {
    std::fprintf(stderr, "error: %s\n", error.what());
  } catch (const Cancelled&) {
    std::fputs("error: cancelled\n", stderr);
  }
  return 1;
}

}  // namespace tern::detail

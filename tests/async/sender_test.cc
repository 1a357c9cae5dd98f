// Tasks as senders of std::execution, where stdexec is installed.
#include <gtest/gtest.h>

#if __has_include(<stdexec/execution.hpp>)

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <stdexcept>
#include <string>
#include <thread>
#include <tuple>
#include <utility>

#include "support/tracker.h"
#include "tern/async/event.h"
#include "tern/async/sender.h"
#include "tern/async/sleep.h"

namespace tern {
namespace {

using namespace std::chrono_literals;

Task<std::string> greeting_after_a_sleep(std::string name) {
  co_await sleep(1ms);
  co_return "hello " + name;
}

Task<void> fail_after_a_sleep() {
  co_await sleep(1ms);
  throw std::runtime_error("as planned");
}

Task<void> sleep_for_an_hour(int& alive) {
  const test::Tracker tracker{alive};
  co_await sleep(1h);
}

/// An io_context with a thread.
class Context {
 public:
  Context() = default;
  Context(const Context&) = delete;
  Context& operator=(const Context&) = delete;
  ~Context() {
    context.stop();
    thread_.join();
  }
  boost::asio::io_context context;

 private:
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work_{context.get_executor()};
  std::thread thread_{[this] { context.run(); }};
};

TEST(Sender, CompletesWithTheValue) {
  Context own;
  auto length = as_sender(own.context, greeting_after_a_sleep("sender")) |
                stdexec::then([](const std::string& text) { return text.size(); });
  const auto result = stdexec::sync_wait(std::move(length));
  ASSERT_TRUE(result.has_value());
  EXPECT_EQ(std::get<0>(*result), std::string{"hello sender"}.size());
}

TEST(Sender, CompletesWithTheError) {
  Context own;
  EXPECT_THROW(stdexec::sync_wait(as_sender(own.context, fail_after_a_sleep())), std::runtime_error);
}

TEST(Sender, StopsTheOthersOfWhenAllWhenItFails) {
  Context own;
  int alive = 0;
  auto all =
      stdexec::when_all(as_sender(own.context, sleep_for_an_hour(alive)), as_sender(own.context, fail_after_a_sleep()));
  EXPECT_THROW(stdexec::sync_wait(std::move(all)), std::runtime_error);
  EXPECT_EQ(alive, 0);
}

struct Ends {
  using receiver_concept = stdexec::receiver_t;
  void set_value() && noexcept { *end = "value"; }
  void set_error(const std::exception_ptr& /*error*/) && noexcept { *end = "error"; }
  void set_stopped() && noexcept { *end = "stopped"; }
  std::string* end;
};

TEST(Sender, CompletesAsStoppedWhenItsContextIsDestroyed) {
  for (const bool started : {false, true}) {
    std::string end;
    int alive = 0;
    auto context = std::make_unique<boost::asio::io_context>();
    auto operation = as_sender(*context, sleep_for_an_hour(alive)).connect(Ends{&end});
    operation.start();
    while (started && alive == 0) context->run_one();
    EXPECT_EQ(end, "");
    context.reset();
    EXPECT_EQ(end, "stopped");
    EXPECT_EQ(alive, 0);
  }
}

}  // namespace
}  // namespace tern

#else

TEST(Sender, NeedsStdexec) { GTEST_SKIP() << "stdexec is not installed (stdexec/execution.hpp)"; }

#endif

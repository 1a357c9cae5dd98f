// Tasks on an io_context that the program has already.
#include "tern/async/co_spawn.h"

#include <gtest/gtest.h>

#include <atomic>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/bind_executor.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/strand.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/use_future.hpp>
#include <future>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>

#include "support/tracker.h"
#include "tern/async/asio.h"
#include "tern/async/context_group.h"
#include "tern/async/event.h"
#include "tern/async/sleep.h"

namespace tern {
namespace {

namespace asio = boost::asio;
using namespace std::chrono_literals;

Task<std::string> greeting_after_a_sleep(std::string name) {
  co_await sleep(1ms);
  co_return "hello " + name;
}

Task<void> fail_after_a_sleep() {
  co_await sleep(1ms);
  throw std::runtime_error("as planned");
}

TEST(CoSpawn, GivesTheResultToAHandler) {
  asio::io_context context;
  std::string result;
  co_spawn(context, greeting_after_a_sleep("handler"), [&result](const std::exception_ptr& error, std::string text) {
    EXPECT_EQ(error, nullptr);
    EXPECT_EQ(Loop::current(), nullptr) << "the handler runs inside of a turn";
    result = std::move(text);
  });
  EXPECT_TRUE(result.empty());
  context.run();
  EXPECT_EQ(result, "hello handler");
}

TEST(CoSpawn, GivesTheExceptionToAHandler) {
  asio::io_context context;
  std::string what;
  co_spawn(context, fail_after_a_sleep(), [&what](const std::exception_ptr& error) {
    try {
      if (error) std::rethrow_exception(error);
    } catch (const std::runtime_error& caught) {
      what = caught.what();
    }
  });
  context.run();
  EXPECT_EQ(what, "as planned");
}

TEST(CoSpawn, GivesTheResultToAFuture) {
  asio::io_context context;
  std::future<std::string> good = co_spawn(context, greeting_after_a_sleep("future"), asio::use_future);
  std::future<void> bad = co_spawn(context.get_executor(), fail_after_a_sleep(), asio::use_future);
  context.run();
  EXPECT_EQ(good.get(), "hello future");
  EXPECT_THROW(bad.get(), std::runtime_error);
}

TEST(CoSpawn, IsAwaitedInAnAsioCoroutine) {
  asio::io_context context;
  const auto coroutine = []() -> asio::awaitable<std::string> {
    const auto executor = co_await asio::this_coro::executor;
    bool failed = false;
    try {
      co_await co_spawn(executor, fail_after_a_sleep(), asio::use_awaitable);
    } catch (const std::runtime_error&) {
      failed = true;
    }
    EXPECT_TRUE(failed);
    std::string text = co_await co_spawn(executor, greeting_after_a_sleep("awaitable"), asio::use_awaitable);
    co_return text;
  };
  std::future<std::string> text = asio::co_spawn(context, coroutine(), asio::use_future);
  context.run();
  EXPECT_EQ(text.get(), "hello awaitable");
}

TEST(CoSpawn, RunsOnTheOtherLoopAndReturnsToThisOne) {
  asio::io_context here;
  asio::io_context there;
  auto work = asio::make_work_guard(there);
  std::thread thread{[&there] { there.run(); }};
  const auto ask = [](asio::io_context& other) -> Task<void> {
    Loop* const home = Loop::current();
    const std::thread::id home_thread = std::this_thread::get_id();
    auto where = []() -> Task<std::thread::id> {
      co_await sleep(1ms);
      co_return std::this_thread::get_id();
    };
    const std::thread::id its_thread = co_await co_spawn(other, where(), use_task);
    EXPECT_NE(its_thread, home_thread);
    EXPECT_EQ(std::this_thread::get_id(), home_thread);
    EXPECT_EQ(Loop::current(), home);
  };
  std::future<void> done = co_spawn(here, ask(there), asio::use_future);
  here.run();
  done.get();
  work.reset();
  thread.join();
}

TEST(CoSpawn, KeepsAFunctionUntilItsTaskHasEnded) {
  asio::io_context context;
  int alive = 0;
  std::optional<int> seen;
  co_spawn(
      context,
      [kept = std::make_shared<test::Tracker>(alive)]() -> Task<int> {
        co_await sleep(1ms);
        co_return *kept->count;
      },
      [&seen](const std::exception_ptr&, int count) { seen = count; });
  EXPECT_EQ(alive, 1);
  context.run();
  EXPECT_EQ(seen, 1);
  EXPECT_EQ(alive, 0);
}

TEST(CoSpawn, CallsTheHandlerOnItsExecutor) {
  asio::io_context context;
  asio::thread_pool pool{1};
  std::promise<std::thread::id> ran_on;
  co_spawn(context, greeting_after_a_sleep("pool"),
           asio::bind_executor(pool, [&ran_on](const std::exception_ptr&, const std::string&) {
             ran_on.set_value(std::this_thread::get_id());
           }));
  context.run();
  EXPECT_NE(ran_on.get_future().get(), std::this_thread::get_id());
  pool.join();
}

Task<void> sleep_for_an_hour(int& alive) {
  const test::Tracker tracker{alive};
  co_await sleep(1h);
}

TEST(CoSpawn, ASignalCancelsTheTask) {
  for (const auto type :
       {asio::cancellation_type::terminal, asio::cancellation_type::partial, asio::cancellation_type::total}) {
    asio::io_context context;
    asio::cancellation_signal signal;
    int alive = 0;
    boost::system::error_code code;
    co_spawn(context, sleep_for_an_hour(alive),
             asio::bind_cancellation_slot(signal.slot(), [&code](const std::exception_ptr& error) {
               try {
                 if (error) std::rethrow_exception(error);
               } catch (const boost::system::system_error& caught) {
                 code = caught.code();
               }
             }));
    while (alive == 0) context.run_one();
    signal.emit(type);
    context.run();
    EXPECT_EQ(code, asio::error::operation_aborted);
    EXPECT_EQ(alive, 0);
    signal.emit(type);  // after the end
  }
}

TEST(CoSpawn, ADestroyedContextDestroysTheTask) {
  int alive = 0;
  bool called = false;
  {
    asio::io_context context;
    co_spawn(context, sleep_for_an_hour(alive), [&called](const std::exception_ptr&) { called = true; });
    while (alive == 0) context.run_one();
  }
  EXPECT_EQ(alive, 0);
  EXPECT_FALSE(called);
}

TEST(CoSpawn, ADestroyedContextDestroysATaskThatHasNotBegun) {
  int alive = 0;
  {
    asio::io_context context;
    const auto tracker = std::make_shared<test::Tracker>(alive);
    co_spawn(context, [tracker]() -> Task<void> { co_return; }, asio::detached);
  }
  EXPECT_EQ(alive, 0);
}

TEST(CoSpawn, AHandlersExceptionLeavesRun) {
  asio::io_context context;
  co_spawn(context, greeting_after_a_sleep("nobody"),
           [](const std::exception_ptr&, const std::string&) { throw std::runtime_error("from the handler"); });
  EXPECT_THROW(context.run(), std::runtime_error);
  EXPECT_EQ(Loop::current(), nullptr);
}

TEST(CoSpawn, RefusesAStrandAndAThreadPoolWithASentence) {
  asio::io_context context;
  asio::thread_pool pool{1};
  const std::vector<asio::any_io_executor> others{asio::make_strand(context), pool.get_executor(),
                                                  asio::any_io_executor{}};
  for (const asio::any_io_executor& other : others) {
    try {
      co_spawn(other, greeting_after_a_sleep("nobody"), asio::detached);
      ADD_FAILURE() << "was accepted";
    } catch (const std::logic_error& error) {
      EXPECT_NE(std::string{error.what()}.find("pass the io_context"), std::string::npos) << error.what();
    }
  }
}

Task<void> hold_the_thread(std::promise<void>& begun, std::shared_future<void> go_on) {
  begun.set_value();
  go_on.wait();
  co_return;
}

TEST(CoSpawn, TwoThreadsOfOneContextAreAnErrorThatSaysSo) {
  asio::io_context context;
  std::promise<void> begun;
  std::promise<void> go_on;
  std::exception_ptr failure;
  co_spawn(context, hold_the_thread(begun, go_on.get_future().share()), asio::detached);
  std::thread first{[&context] { context.run(); }};
  begun.get_future().wait();
  co_spawn(context, greeting_after_a_sleep("nobody"), asio::detached);
  try {
    context.run();
    ADD_FAILURE() << "the second thread ran the loop";
  } catch (const std::logic_error& error) {
    EXPECT_NE(std::string{error.what()}.find("two threads run one io_context"), std::string::npos) << error.what();
    EXPECT_NE(std::string{error.what()}.find("tern::ContextGroup"), std::string::npos) << error.what();
  }
  EXPECT_EQ(Loop::current(), nullptr);
  go_on.set_value();
  first.join();
}

TEST(ContextGroup, MakesSiblingsOfLoops) {
  std::vector<std::unique_ptr<asio::io_context>> contexts;
  for (int i = 0; i < 3; ++i) contexts.push_back(std::make_unique<asio::io_context>());
  {
    const ContextGroup group{contexts};
    EXPECT_EQ(Loop::of(*contexts[2]).siblings().size(), 3U);
    EXPECT_THROW(ContextGroup{contexts}, std::logic_error);
    EXPECT_EQ(Loop::of(*contexts[2]).siblings().size(), 3U);
  }
  EXPECT_EQ(Loop::of(*contexts[2]).siblings().size(), 1U);
  EXPECT_THROW(ContextGroup{std::vector<asio::io_context*>{}}, std::invalid_argument);
}

}  // namespace
}  // namespace tern

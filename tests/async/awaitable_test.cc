#include "tern/async/awaitable.h"

#include <gtest/gtest.h>

#include <array>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/local/connect_pair.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/write.hpp>
#include <memory>
#include <string>
#include <vector>

#include "tern/async.h"
#include "tern/async/asio.h"

namespace tern {
namespace {

namespace asio = boost::asio;
using namespace std::chrono_literals;
using Socket = asio::local::stream_protocol::socket;

static_assert(Awaitable<Task<void>>);
static_assert(Awaitable<Task<std::unique_ptr<int>>>);
static_assert(Awaitable<SleepUntil>);
static_assert(Awaitable<Sleep>);
static_assert(Awaitable<CaughtSignals>);
static_assert(Awaitable<Yield>);
static_assert(Awaitable<decltype(std::declval<Event&>().wait())>);
static_assert(Awaitable<decltype(std::declval<AsyncGenerator<int>&>().next())>);
static_assert(Awaitable<decltype(std::declval<TaskGroup&>().join())>);
static_assert(Awaitable<TaskGroup::Member<int>>);
static_assert(Awaitable<SharedTask<std::string>>);
static_assert(Awaitable<decltype(std::declval<AsCompleted<int>&>().next())>);
static_assert(Awaitable<decltype(run_in_executor([] { return 1; }))>);
static_assert(Awaitable<decltype(std::declval<asio::steady_timer&>().async_wait(use_task))>);

static_assert(std::is_same_v<AwaitResult<Task<void>>, void>);
static_assert(std::is_same_v<AwaitResult<SharedTask<std::string>>, std::string>, "a reference becomes a value");
static_assert(std::is_same_v<AwaitResult<TaskGroup::Member<int>>, int>);

static_assert(!Awaitable<int>);
static_assert(!Awaitable<Task<int>&>, "a Task is awaited once: it is moved");
static_assert(!Awaitable<std::vector<Task<int>>>);

AsyncGenerator<int> numbers() {
  for (int i = 0;; ++i) {
    co_await yield_now();
    co_yield i;
  }
}

Task<void> combine_every_kind() {
  auto& context = Loop::require_current("a test").context();
  Socket left{context};
  Socket right{context};
  asio::local::connect_pair(left, right);
  const std::string text = "hello";
  std::array<char, 16> bytes{};
  Event event;
  event.set();
  AsyncGenerator<int> generator = numbers();
  asio::steady_timer timer{context, 1h};
  const SharedTask<int> shared = share(run_in_executor([] { return 3; }));

  TaskGroup group;
  auto writing = group.spawn(asio::async_write(left, asio::buffer(text), use_task));
  auto sleeping = group.spawn(sleep(1ms));
  auto first_number = group.spawn(generator.next());
  auto three = group.spawn(SharedTask<int>{shared});
  const auto [received, happened, also_three] =
      co_await gather(with_timeout(1h, right.async_read_some(asio::buffer(bytes), asio::as_tuple(use_task))),
                      event.wait(), SharedTask<int>{shared});
  EXPECT_FALSE(std::get<0>(received));
  EXPECT_EQ(std::get<1>(received), text.size());
  EXPECT_TRUE(happened);
  EXPECT_EQ(also_three, 3);
  co_await group.join();
  EXPECT_EQ(writing.result(), text.size());
  EXPECT_EQ(first_number.result(), 0);
  EXPECT_EQ(three.result(), 3);
  EXPECT_TRUE(sleeping.done());

  auto first = co_await when_any(timer.async_wait(use_task), right.async_read_some(asio::buffer(bytes), use_task),
                                 generator.next(), sleep(1h));
  EXPECT_EQ(first.index, 2U);
  EXPECT_EQ(first.get<2>(), 1);
}

TEST(Awaitable, IsAcceptedByEveryCombinatorWhateverItsKind) { block_on(combine_every_kind()); }

Task<int> at_the_next_turn() {
  co_await yield_now();
  co_return 1;
}

Task<void> yield_between(std::vector<int>& order, int mine) {
  order.push_back(mine);
  co_await yield_now();
  order.push_back(mine);
}

Task<void> take_turns(std::vector<int>& order) {
  co_await gather(yield_between(order, 1), yield_between(order, 2));
  const int value = co_await with_timeout(1h, at_the_next_turn());
  EXPECT_EQ(value, 1);
}

TEST(YieldNow, LetsTheOthersRunFirst) {
  std::vector<int> order;
  block_on(take_turns(order));
  EXPECT_EQ(order, (std::vector<int>{1, 2, 1, 2}));
}

Task<void> yield_when_cancelled(bool& thrown) {
  TaskGroup group;
  const auto loop_for_ever = [](bool& its) -> Task<void> {
    try {
      for (;;) co_await yield_now();
    } catch (const Cancelled&) {
      its = true;
      throw;
    }
  };
  auto member = group.spawn(loop_for_ever(thrown));
  co_await sleep(1ms);
  member.cancel();
  co_await group.join();
}

TEST(YieldNow, ThrowsInACancelledJob) {
  bool thrown = false;
  block_on(yield_when_cancelled(thrown));
  EXPECT_TRUE(thrown);
}

}  // namespace
}  // namespace tern

// What a call takes from the system's memory in steady state: nothing. A program of its own, since it replaces operator
// new; buffers and coroutine frames come from the recycler, which asks operator new when it has none.
#include <gtest/gtest.h>

#include <atomic>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <new>
#include <optional>

#include "support/serve.h"
#include "tern/async.h"
#include "tern/detail/recycler.h"

namespace {
std::atomic<std::size_t> allocations = 0;
}  // namespace

// Not inlined: g++ would see free() for memory from operator new, and warn.
[[gnu::noinline]] void* operator new(std::size_t size) {
  allocations.fetch_add(1, std::memory_order_relaxed);
  if (void* memory = std::malloc(size == 0 ? 1 : size)) return memory;
  throw std::bad_alloc{};
}
[[gnu::noinline]] void operator delete(void* memory) noexcept { std::free(memory); }
[[gnu::noinline]] void operator delete(void* memory, std::size_t /*size*/) noexcept { std::free(memory); }

namespace tern::test {
namespace {

constexpr int kCalls = 1000;

/// Allocations for each call, after as many calls to warm up.
template <class Call>
Task<double> allocations_per_call(Call call) {
  for (int i = 0; i < kCalls; ++i) co_await call();
  const std::size_t before = allocations.load();
  for (int i = 0; i < kCalls; ++i) co_await call();
  co_return static_cast<double>(allocations.load() - before) / kCalls;
}

/// Answers with a message without text, which the message itself would have to allocate.
class NumberService final : public tern::test::v1::Probe::AsyncService {
  Task<Payload> Unary(ServerContext& /*context*/, const Order& order) override {
    co_await sleep(std::chrono::microseconds{1});
    Payload payload;
    payload.set_number(order.number());
    co_return payload;
  }
};

class Allocations : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!recycler::kRecycles) GTEST_SKIP() << "AddressSanitizer sees each allocation";
  }
};

// A table that grows once more after the warming up is not a call's.
constexpr double kNone = 0.01;

/// Both sides wait for each other at every primitive.
Task<void> at_one_end(Queue<int>& queue, Semaphore& semaphore, Mutex& mutex, Condition& condition, int& number) {
  for (int i = 0; i < 4; ++i) {
    {
      const Semaphore::Units unit = co_await semaphore.acquire();
      const Mutex::Lock lock = co_await mutex.lock();
      ++number;
    }
    condition.notify_all();
    const bool added = co_await queue.push(i);
    EXPECT_TRUE(added);
  }
}
Task<void> at_the_other(Queue<int>& queue, Semaphore& semaphore, Mutex& mutex, Condition& condition, int& number) {
  for (int i = 0; i < 4; ++i) {
    const std::optional<int> value = co_await queue.pop();
    EXPECT_EQ(value, i);
    co_await condition.wait([&number, i] { return number > i; });
    const Semaphore::Units unit = co_await semaphore.acquire();
    const Mutex::Lock lock = co_await mutex.lock();
  }
}
Task<void> follow(Broadcast<int>::Listener& listener, Watch<int>::View& view, Event& event) {
  const std::shared_ptr<const int> value = co_await listener.next();
  const std::optional<int> newest = co_await view.changed();
  EXPECT_EQ(*value, *newest);
  event.set();
}

TEST_F(Allocations, CoroutinesThatWaitForEachOtherAllocateNothing) {
  const auto body = []() -> Task<void> {
    Queue<int> queue{1};
    Semaphore semaphore{1};
    Mutex mutex;
    Condition condition;
    Broadcast<int> broadcast{4};
    Watch<int> watch{0};
    Broadcast<int>::Listener listener = broadcast.subscribe();
    Watch<int>::View view = watch.subscribe();
    const auto meet = [&]() -> Task<void> {
      int number = 0;
      Event event;
      OneShot<int> one_shot;
      TaskGroup group;
      group.spawn(at_the_other(queue, semaphore, mutex, condition, number));
      group.spawn(at_one_end(queue, semaphore, mutex, condition, number));
      group.spawn(follow(listener, view, event));
      const bool set = co_await event.wait(Clock::now());
      EXPECT_FALSE(set);
      broadcast.publish(1);
      watch.set(1);
      co_await event.wait();
      one_shot.setter().set(1);
      const int value = co_await one_shot.wait();
      EXPECT_EQ(value, 1);
      Pipe<int> ends = pipe<int>(1);
      const bool written = co_await ends.writer.write(1);
      EXPECT_TRUE(written);
      co_await group.join();
    };
    const double count = co_await allocations_per_call(meet);
    EXPECT_LT(count, kNone);
  };
  block_on(body());
}

TEST_F(Allocations, OfAUnaryCallAreNone) {
  NumberService service;
  with_server(service, [](Channel& channel, Server&) -> Task<void> {
    const auto unary = [&channel]() -> Task<void> {
      ProbeStub stub{channel};
      Order order;
      order.set_number(1);
      const Payload payload = co_await stub.Unary(order, {.timeout = std::chrono::seconds{10}});
      EXPECT_EQ(payload.number(), 1);
    };
    const double count = co_await allocations_per_call(unary);
    EXPECT_LT(count, kNone) << "both ends together";
  });
}

TEST_F(Allocations, OfAStreamedMessageAreNone) {
  ProbeService service;
  with_server(service, [](Channel& channel, Server&) -> Task<void> {
    ProbeStub stub{channel};
    auto echo = stub.Echo();
    const auto ping_pong = [&echo]() -> Task<void> {
      Payload payload;
      payload.set_number(1);
      co_await echo.write(payload);
      const std::optional<Payload> back = co_await echo.next();
      EXPECT_TRUE(back);
    };
    const double count = co_await allocations_per_call(ping_pong);
    EXPECT_LT(count, kNone) << "both ends together";
    co_await echo.done_writing();
  });
}

Task<int> number(int value) {
  co_await yield_now();
  co_return value;
}

/// Each combinator once.
Task<void> combine() {
  const auto [one, nothing] = co_await gather(number(1), yield_now());
  auto first = co_await when_any(number(2), sleep(std::chrono::hours{1}));
  auto succeeded = co_await first_success(number(3), sleep(std::chrono::hours{1}));
  const auto [outcome, other] = co_await gather_results(number(4), number(5));
  const int in_time = co_await with_timeout(std::chrono::hours{1}, number(6));
  const bool moved_on = co_await move_on_after(std::chrono::hours{1}, yield_now());
  const int shielded = co_await shield(number(7));
  const SharedTask<int> shared = share(number(8));
  const int of_all = co_await shared;
  const OnCancel guard{[] {}};
  TaskGroup group;
  auto member = group.spawn(number(9));
  co_await group.join();
  EXPECT_EQ(one + first.get<0>() + succeeded.get<0>() + outcome.value() + other.value() + in_time + shielded + of_all +
                member.result(),
            45);
  EXPECT_TRUE(moved_on);
}

TEST_F(Allocations, AreZeroForCombinedTasks) {
  const auto count_them = []() -> Task<double> { co_return co_await allocations_per_call(combine); };
  EXPECT_LT(block_on(count_them()), kNone);
}

}  // namespace
}  // namespace tern::test

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/experimental/channel.hpp>
#include <boost/asio/experimental/parallel_group.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <chrono>
#include <optional>
#include <stdexcept>
#include <utility>

#include "primitives/comparison.h"
#include "tern/async.h"

namespace primitives {

namespace {

namespace asio = boost::asio;
using asio::experimental::awaitable_operators::operator&&;
using asio::experimental::awaitable_operators::operator||;
using SignalChannel = asio::experimental::channel<void(Error)>;
using namespace std::chrono_literals;

void run(asio::io_context& context, asio::awaitable<void> body) {
  asio::co_spawn(context, std::move(body), asio::detached);
  context.run();
}

// A coroutine that gives its result at once.

tern::Task<int> twice(int value) { co_return 2 * value; }
tern::Task<void> await_each(int count) {
  int sum = 0;
  for (int i = 0; i < count; ++i) sum += co_await twice(i % 8);
  if (sum < 0) throw std::logic_error("twice() is wrong");
}

asio::awaitable<int> twice_on_asio(int value) { co_return 2 * value; }
asio::awaitable<void> await_each_on_asio(int count) {
  int sum = 0;
  for (int i = 0; i < count; ++i) sum += co_await twice_on_asio(i % 8);
  if (sum < 0) throw std::logic_error("twice_on_asio() is wrong");
}

// A task of its own that does nothing, many at a time.

constexpr int kCrowd = 100;

tern::Task<void> nothing() { co_return; }
tern::Task<void> spawn_crowds(int count) {
  for (int i = 0; i < count / kCrowd; ++i) {
    tern::TaskGroup group;
    for (int j = 0; j < kCrowd; ++j) group.spawn(nothing());
    co_await group.join();
  }
}

asio::awaitable<void> nothing_on_asio() { co_return; }
asio::awaitable<void> spawn_crowds_on_asio(asio::io_context& context, int count) {
  for (int i = 0; i < count / kCrowd; ++i) {
    for (int j = 0; j < kCrowd; ++j) asio::co_spawn(context, nothing_on_asio(), asio::detached);
    co_await asio::post(asio::use_awaitable);
  }
}

// Two that run beside each other, and each wait once.

tern::Task<int> soon(int value) {
  co_await tern::yield_now();
  co_return value;
}
tern::Task<void> gather_pairs(int count) {
  for (int i = 0; i < count; ++i) static_cast<void>(co_await tern::gather(soon(1), soon(2)));
}

asio::awaitable<int> soon_on_asio(int value) {
  co_await asio::post(asio::use_awaitable);
  co_return value;
}
asio::awaitable<void> gather_pairs_on_asio(int count) {
  for (int i = 0; i < count; ++i) static_cast<void>(co_await (soon_on_asio(1) && soon_on_asio(2)));
}

tern::Task<void> gather_waits(int count) {
  for (int i = 0; i < count; ++i) static_cast<void>(co_await tern::gather(tern::yield_now(), tern::yield_now()));
}
asio::awaitable<void> gather_waits_on_asio(int count) {
  const auto executor = co_await asio::this_coro::executor;
  for (int i = 0; i < count; ++i) {
    co_await asio::experimental::make_parallel_group(asio::post(executor, asio::deferred),
                                                     asio::post(executor, asio::deferred))
        .async_wait(asio::experimental::wait_for_all(), asio::use_awaitable);
  }
}

// The first of two: a signal that comes soon, and an hour's sleep.

tern::Task<void> set_each(tern::Event& event, const bool& done) {
  while (!done) {
    event.set();
    co_await tern::yield_now();
  }
}
tern::Task<void> wait_for_either(tern::Event& event, bool& done, int count) {
  for (int i = 0; i < count; ++i) {
    event.clear();
    static_cast<void>(co_await tern::when_any(event.wait(), tern::sleep(1h)));
  }
  done = true;
}
tern::Task<void> either(int count) {
  tern::Event event;
  bool done = false;
  co_await tern::gather(wait_for_either(event, done, count), set_each(event, done));
}

tern::Task<void> wait_for_an_hour() { co_await tern::sleep(1h); }
tern::Task<void> wait_for_either_task(int count) {
  for (int i = 0; i < count; ++i) static_cast<void>(co_await tern::when_any(soon(1), wait_for_an_hour()));
}

asio::awaitable<void> send_each_on_asio(SignalChannel& channel, const bool& done) {
  while (!done) {
    channel.try_send(Error{});
    co_await asio::post(asio::use_awaitable);
  }
}
asio::awaitable<void> wait_for_either_on_asio(asio::io_context& context, SignalChannel& channel, bool& done,
                                              int count) {
  asio::steady_timer timer{context};
  for (int i = 0; i < count; ++i) {
    timer.expires_after(1h);
    static_cast<void>(co_await (channel.async_receive(asio::use_awaitable) || timer.async_wait(asio::use_awaitable)));
  }
  done = true;
}
asio::awaitable<void> group_either_on_asio(asio::io_context& context, SignalChannel& channel, bool& done, int count) {
  asio::steady_timer timer{context};
  for (int i = 0; i < count; ++i) {
    timer.expires_after(1h);
    co_await asio::experimental::make_parallel_group(channel.async_receive(asio::deferred),
                                                     timer.async_wait(asio::deferred))
        .async_wait(asio::experimental::wait_for_one(), asio::use_awaitable);
  }
  done = true;
}
template <class Waiter>
void either_on_asio(int count, Waiter waiter) {
  asio::io_context context{1};
  SignalChannel channel{context, 1};
  bool done = false;
  asio::co_spawn(context, waiter(context, channel, done, count), asio::detached);
  asio::co_spawn(context, send_each_on_asio(channel, done), asio::detached);
  context.run();
}

asio::awaitable<void> wait_for_an_hour_on_asio(asio::steady_timer& timer) {
  timer.expires_after(1h);
  co_await timer.async_wait(asio::use_awaitable);
}
asio::awaitable<void> wait_for_either_task_on_asio(asio::io_context& context, int count) {
  asio::steady_timer timer{context};
  for (int i = 0; i < count; ++i) static_cast<void>(co_await (soon_on_asio(1) || wait_for_an_hour_on_asio(timer)));
}

// A limit of an hour, which does not pass, for a task that waits once; and one that passes at once.

tern::Task<void> limit_each(int count) {
  for (int i = 0; i < count; ++i) static_cast<void>(co_await tern::with_timeout(1h, soon(1)));
}
tern::Task<void> be_late(int count) {
  tern::Event never;
  for (int i = 0; i < count; ++i) static_cast<void>(co_await tern::move_on_after(0s, never.wait()));
}
asio::awaitable<void> be_late_on_asio(asio::io_context& context, int count) {
  SignalChannel never{context};
  asio::steady_timer timer{context};
  for (int i = 0; i < count; ++i) {
    timer.expires_after(0s);
    static_cast<void>(co_await (never.async_receive(asio::use_awaitable) || timer.async_wait(asio::use_awaitable)));
  }
}

}  // namespace

void compare_tasks(int count) {
  const auto with_context = [](auto body) {
    return [body] {
      asio::io_context context{1};
      run(context, body(context));
    };
  };
  compare(
      "awaiting a `Task` · an `awaitable`", count, [&] { tern::block_on(await_each(count)); },
      with_context([=](asio::io_context&) { return await_each_on_asio(count); }));
  compare(
      "`TaskGroup::spawn` and `join` · `co_spawn`", count, [&] { tern::block_on(spawn_crowds(count)); },
      with_context([=](asio::io_context& context) { return spawn_crowds_on_asio(context, count); }));
  compare(
      "`gather` of two tasks · `&&`", count, [&] { tern::block_on(gather_pairs(count)); },
      with_context([=](asio::io_context&) { return gather_pairs_on_asio(count); }));
  compare(
      "`gather` of two yields · `make_parallel_group` of two posts", count,
      [&] { tern::block_on(gather_waits(count)); },
      with_context([=](asio::io_context&) { return gather_waits_on_asio(count); }));
  compare(
      "`when_any` of an `Event` and a sleep · `\\|\\|` of a `channel` and a timer", count,
      [&] { tern::block_on(either(count)); }, [&] { either_on_asio(count, wait_for_either_on_asio); });
  compare(
      "the same · `make_parallel_group`", count, [&] { tern::block_on(either(count)); },
      [&] { either_on_asio(count, group_either_on_asio); });
  compare(
      "`when_any` of two tasks · `\\|\\|`", count, [&] { tern::block_on(wait_for_either_task(count)); },
      with_context([=](asio::io_context& context) { return wait_for_either_task_on_asio(context, count); }));
  compare(
      "`with_timeout`, in time · `\\|\\|` with a timer", count, [&] { tern::block_on(limit_each(count)); },
      with_context([=](asio::io_context& context) { return wait_for_either_task_on_asio(context, count); }));
  compare(
      "`move_on_after`, late · `\\|\\|` with a timer", count / 4, [&] { tern::block_on(be_late(count / 4)); },
      with_context([=](asio::io_context& context) { return be_late_on_asio(context, count / 4); }));
}

}  // namespace primitives

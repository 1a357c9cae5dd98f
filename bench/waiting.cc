// waiting [OPERATIONS]: what a Queue, a Semaphore and an Event cost beside boost::asio::experimental::channel, which is
// what a program on Asio's coroutines has for each of them. Both sides take turns in one process; the best round of
// each counts. Prints nanoseconds for each operation, and the ratio: below 1.00 tern is faster.
#include <algorithm>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/experimental/channel.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/system/error_code.hpp>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <limits>
#include <optional>
#include <utility>

#include "tern/async.h"

namespace {

namespace asio = boost::asio;
using Error = boost::system::error_code;
using ValueChannel = asio::experimental::channel<void(Error, int)>;
using SignalChannel = asio::experimental::channel<void(Error)>;

constexpr int kRounds = 7;

// A stream of values through a queue.

tern::Task<void> push_all(tern::Queue<int>& queue, int count) {
  for (int i = 0; i < count; ++i) {
    const bool added = co_await queue.push(i);
    if (!added) co_return;
  }
  queue.close();
}
tern::Task<void> pop_all(tern::Queue<int>& queue) {
  while (const std::optional<int> value = co_await queue.pop()) {
  }
}
tern::Task<void> stream(int count, std::size_t capacity) {
  tern::Queue<int> queue{capacity};
  tern::TaskGroup group;
  group.spawn(push_all(queue, count));
  group.spawn(pop_all(queue));
  co_await group.join();
}

asio::awaitable<void> send_all(ValueChannel& channel, int count) {
  for (int i = 0; i < count; ++i) co_await channel.async_send(Error{}, i, asio::use_awaitable);
}
asio::awaitable<void> receive_all(ValueChannel& channel, int count) {
  for (int i = 0; i < count; ++i) static_cast<void>(co_await channel.async_receive(asio::use_awaitable));
}
void stream_on_asio(int count, std::size_t capacity) {
  asio::io_context context{1};
  ValueChannel channel{context, capacity};
  asio::co_spawn(context, send_all(channel, count), asio::detached);
  asio::co_spawn(context, receive_all(channel, count), asio::detached);
  context.run();
}

// One unit that `users` coroutines take, each as often as it may in one go. On Asio a channel with room for one is the
// usual semaphore.

tern::Task<void> use(tern::Semaphore& semaphore, int count) {
  for (int i = 0; i < count; ++i) {
    const tern::Semaphore::Units unit = co_await semaphore.acquire();
  }
}
tern::Task<void> share(int count, int users) {
  tern::Semaphore semaphore{1};
  tern::TaskGroup group;
  for (int i = 0; i < users; ++i) group.spawn(use(semaphore, count / users));
  co_await group.join();
}

asio::awaitable<void> use_on_asio(SignalChannel& channel, int count) {
  for (int i = 0; i < count; ++i) {
    co_await channel.async_send(Error{}, asio::use_awaitable);
    channel.try_receive([](const Error&) {});
  }
}
void share_on_asio(int count, int users) {
  asio::io_context context{1};
  SignalChannel channel{context, 1};
  for (int i = 0; i < users; ++i) asio::co_spawn(context, use_on_asio(channel, count / users), asio::detached);
  context.run();
}

// Two coroutines that wake each other.

tern::Task<void> answer(tern::Event& mine, tern::Event& other, int count) {
  for (int i = 0; i < count; ++i) {
    co_await mine.wait();
    mine.clear();
    other.set();
  }
}
tern::Task<void> ping_pong(int count) {
  tern::Event ping;
  tern::Event pong;
  tern::TaskGroup group;
  group.spawn(answer(ping, pong, count / 2));
  group.spawn(answer(pong, ping, count / 2));
  ping.set();
  co_await group.join();
}

asio::awaitable<void> answer_on_asio(SignalChannel& mine, SignalChannel& other, int count) {
  for (int i = 0; i < count; ++i) {
    co_await mine.async_receive(asio::use_awaitable);
    other.try_send(Error{});
  }
}
void ping_pong_on_asio(int count) {
  asio::io_context context{1};
  SignalChannel ping{context, 1};
  SignalChannel pong{context, 1};
  asio::co_spawn(context, answer_on_asio(ping, pong, count / 2), asio::detached);
  asio::co_spawn(context, answer_on_asio(pong, ping, count / 2), asio::detached);
  ping.try_send(Error{});
  context.run();
}

double nanoseconds(const std::function<void()>& work) {
  const auto begin = std::chrono::steady_clock::now();
  work();
  return std::chrono::duration<double, std::nano>(std::chrono::steady_clock::now() - begin).count();
}

void compare(const char* name, int count, const std::function<void()>& with_tern,
             const std::function<void()>& with_asio) {
  double ours = std::numeric_limits<double>::max();
  double theirs = ours;
  for (int round = 0; round < kRounds; ++round) {
    ours = std::min(ours, nanoseconds(with_tern));
    theirs = std::min(theirs, nanoseconds(with_asio));
  }
  std::printf("%-44s %8.1f ns %8.1f ns   %.2f\n", name, ours / count, theirs / count, ours / theirs);
}

}  // namespace

int main(int argc, char** argv) {
  const int count = argc > 1 ? std::max(1'000, std::atoi(argv[1])) : 200'000;
  std::printf("%-44s %11s %11s   %s\n", "", "tern", "Asio", "ratio");
  for (const std::size_t capacity : {std::size_t{1}, std::size_t{64}}) {
    compare(
        capacity == 1 ? "a value through a queue of 1" : "a value through a queue of 64", count,
        [&] { tern::block_on(stream(count, capacity)); }, [&] { stream_on_asio(count, capacity); });
  }
  compare(
      "a semaphore's unit that is free", count, [&] { tern::block_on(share(count, 1)); },
      [&] { share_on_asio(count, 1); });
  compare(
      "an event that wakes one", count, [&] { tern::block_on(ping_pong(count)); }, [&] { ping_pong_on_asio(count); });
}

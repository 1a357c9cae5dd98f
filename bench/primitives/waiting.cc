#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/experimental/channel.hpp>
#include <boost/asio/experimental/concurrent_channel.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <cstddef>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "primitives/comparison.h"
#include "tern/async.h"
#include "tern/async/asio.h"

namespace primitives {

namespace {

namespace asio = boost::asio;
using ValueChannel = asio::experimental::channel<void(Error, int)>;
using SignalChannel = asio::experimental::channel<void(Error)>;

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

// The same without waiting.

tern::Task<void> try_all(int count) {
  tern::Queue<int> queue{64};
  for (int i = 0; i < count; ++i) {
    static_cast<void>(queue.try_push(i));
    static_cast<void>(queue.try_pop());
  }
  co_return;
}

asio::awaitable<void> try_all_on_asio(ValueChannel& channel, int count) {
  for (int i = 0; i < count; ++i) {
    channel.try_send(Error{}, i);
    channel.try_receive([](const Error&, int) {});
  }
  co_return;
}
void try_on_asio(int count) {
  asio::io_context context{1};
  ValueChannel channel{context, 64};
  asio::co_spawn(context, try_all_on_asio(channel, count), asio::detached);
  context.run();
}

// One unit that `users` coroutines take in turns. On Asio a channel with room for one is the usual semaphore and mutex.

tern::Task<void> use(tern::Semaphore& semaphore, int count) {
  for (int i = 0; i < count; ++i) {
    const tern::Semaphore::Units unit = co_await semaphore.acquire();
  }
}
tern::Task<void> share(int count) {
  tern::Semaphore semaphore{1};
  co_await use(semaphore, count);
}

asio::awaitable<void> use_on_asio(SignalChannel& channel, int count) {
  for (int i = 0; i < count; ++i) {
    co_await channel.async_send(Error{}, asio::use_awaitable);
    channel.try_receive([](const Error&) {});
  }
}
void share_on_asio(int count) {
  asio::io_context context{1};
  SignalChannel channel{context, 1};
  asio::co_spawn(context, use_on_asio(channel, count), asio::detached);
  context.run();
}

tern::Task<void> lock_across_an_await(tern::Mutex& mutex, int count) {
  for (int i = 0; i < count; ++i) {
    const tern::Mutex::Lock lock = co_await mutex.lock();
    co_await tern::yield_now();
  }
}
tern::Task<void> contend(int count) {
  tern::Mutex mutex;
  tern::TaskGroup group;
  for (int i = 0; i < 2; ++i) group.spawn(lock_across_an_await(mutex, count / 2));
  co_await group.join();
}

asio::awaitable<void> lock_across_an_await_on_asio(SignalChannel& channel, int count) {
  for (int i = 0; i < count; ++i) {
    co_await channel.async_send(Error{}, asio::use_awaitable);
    co_await asio::post(asio::use_awaitable);
    channel.try_receive([](const Error&) {});
  }
}
void contend_on_asio(int count) {
  asio::io_context context{1};
  SignalChannel channel{context, 1};
  for (int i = 0; i < 2; ++i) {
    asio::co_spawn(context, lock_across_an_await_on_asio(channel, count / 2), asio::detached);
  }
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

// One result from a callback, which another coroutine calls.

struct Callbacks {
  std::optional<tern::OneShot<int>::Setter> setter;
  ValueChannel* channel = nullptr;
};

tern::Task<void> set_results(Callbacks& callbacks, int count) {
  for (int i = 0; i < count; ++i) {
    if (callbacks.setter) callbacks.setter->set(i);
    co_await tern::yield_now();
  }
}
tern::Task<void> await_results(Callbacks& callbacks, int count) {
  for (int i = 0; i < count; ++i) {
    tern::OneShot<int> done;
    callbacks.setter = done.setter();
    static_cast<void>(co_await done.wait());
    callbacks.setter.reset();
  }
}
tern::Task<void> take_results(int count) {
  Callbacks callbacks;
  tern::TaskGroup group;
  group.spawn(await_results(callbacks, count));
  group.spawn(set_results(callbacks, 2 * count + 2));
  co_await group.join();
}

asio::awaitable<void> set_results_on_asio(Callbacks& callbacks, int count) {
  for (int i = 0; i < count; ++i) {
    if (callbacks.channel != nullptr) callbacks.channel->try_send(Error{}, i);
    co_await asio::post(asio::use_awaitable);
  }
}
asio::awaitable<void> await_results_on_asio(asio::io_context& context, Callbacks& callbacks, int count) {
  for (int i = 0; i < count; ++i) {
    ValueChannel done{context, 1};
    callbacks.channel = &done;
    static_cast<void>(co_await done.async_receive(asio::use_awaitable));
    callbacks.channel = nullptr;
  }
}
void take_results_on_asio(int count) {
  asio::io_context context{1};
  Callbacks callbacks;
  asio::co_spawn(context, await_results_on_asio(context, callbacks, count), asio::detached);
  asio::co_spawn(context, set_results_on_asio(callbacks, 2 * count + 2), asio::detached);
  context.run();
}

// Every value to two listeners. Broadcast may be published to from any thread, and so may a concurrent_channel.

constexpr int kListeners = 2;
constexpr int kBatch = 32;
using SharedChannel = asio::experimental::concurrent_channel<void(Error, int)>;

tern::Task<void> listen(tern::Broadcast<int>::Listener listener) {
  while (const std::shared_ptr<const int> value = co_await listener.next()) {
  }
}
tern::Task<void> publish(tern::Broadcast<int>& values, int count) {
  for (int i = 0; i < count; ++i) {
    values.publish(i);
    // A listener's loop is woken by a post, as other threads' would be.
    if (i % kBatch == kBatch - 1) co_await asio::post(tern::Loop::current()->context(), tern::use_task);
  }
  values.close();
}
tern::Task<void> broadcast(int count) {
  tern::Broadcast<int> values{std::size_t{4} * kBatch};
  tern::TaskGroup group;
  for (int i = 0; i < kListeners; ++i) group.spawn(listen(values.subscribe()));
  group.spawn(publish(values, count));
  co_await group.join();
}

asio::awaitable<void> listen_on_asio(SharedChannel& channel, int count) {
  for (int i = 0; i < count; ++i) static_cast<void>(co_await channel.async_receive(asio::use_awaitable));
}
asio::awaitable<void> publish_on_asio(std::vector<std::unique_ptr<SharedChannel>>& channels, int count) {
  for (int i = 0; i < count; ++i) {
    for (const auto& channel : channels) co_await channel->async_send(Error{}, i, asio::use_awaitable);
  }
}
void broadcast_on_asio(int count) {
  asio::io_context context{1};
  std::vector<std::unique_ptr<SharedChannel>> channels;
  for (int i = 0; i < kListeners; ++i) {
    channels.push_back(std::make_unique<SharedChannel>(context, 4 * kBatch));
    asio::co_spawn(context, listen_on_asio(*channels.back(), count), asio::detached);
  }
  asio::co_spawn(context, publish_on_asio(channels, count), asio::detached);
  context.run();
}

}  // namespace

void compare_waiting(int count) {
  compare(
      "`Queue` of 1: `push` and `pop` · `channel`", count, [&] { tern::block_on(stream(count, 1)); },
      [&] { stream_on_asio(count, 1); });
  compare(
      "`Queue` of 64: `push` and `pop` · `channel`", count, [&] { tern::block_on(stream(count, 64)); },
      [&] { stream_on_asio(count, 64); });
  compare(
      "`try_push` and `try_pop` · `try_send` and `try_receive`", count, [&] { tern::block_on(try_all(count)); },
      [&] { try_on_asio(count); });
  compare(
      "`Semaphore`, a unit that is free · `channel` of 1", count, [&] { tern::block_on(share(count)); },
      [&] { share_on_asio(count); });
  compare(
      "`Mutex`, held across an await, two coroutines · `channel` of 1", count, [&] { tern::block_on(contend(count)); },
      [&] { contend_on_asio(count); });
  compare(
      "`Event` that wakes one · `channel`", count, [&] { tern::block_on(ping_pong(count)); },
      [&] { ping_pong_on_asio(count); });
  compare(
      "`OneShot`, a new one each time · `channel`", count, [&] { tern::block_on(take_results(count)); },
      [&] { take_results_on_asio(count); });
  compare(
      "`Broadcast` to two listeners · two `concurrent_channel`", count, [&] { tern::block_on(broadcast(count)); },
      [&] { broadcast_on_asio(count); });
}

}  // namespace primitives

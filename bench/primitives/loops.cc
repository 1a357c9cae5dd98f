#include <atomic>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/experimental/concurrent_channel.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <chrono>
#include <exception>
#include <functional>
#include <optional>
#include <thread>
#include <utility>

#include "primitives/comparison.h"
#include "tern/async.h"

namespace primitives {

namespace {

namespace asio = boost::asio;
using SharedChannel = asio::experimental::concurrent_channel<void(Error)>;
using namespace std::chrono_literals;

// Letting others run.

tern::Task<void> yield_each(int count) {
  for (int i = 0; i < count; ++i) co_await tern::yield_now();
}
asio::awaitable<void> post_each(int count) {
  for (int i = 0; i < count; ++i) co_await asio::post(asio::use_awaitable);
}

tern::Task<void> sleep_each(int count) {
  for (int i = 0; i < count; ++i) co_await tern::sleep(0s);
}
asio::awaitable<void> sleep_each_on_asio(asio::io_context& context, int count) {
  asio::steady_timer timer{context};
  for (int i = 0; i < count; ++i) {
    timer.expires_after(0s);
    co_await timer.async_wait(asio::use_awaitable);
  }
}

// To another loop, on another thread, and back.

/// An io_context that has to look at sockets besides, as those of programs with a server or a channel have to, and as a
/// loop of tern always does. Without any, Asio waits on a condition variable, which other threads wake more quickly.
class ContextWithSockets {
 public:
  ContextWithSockets() {
    open_.async_wait([](Error) {});
  }
  asio::io_context& context() noexcept { return context_; }
  /// Runs until `body` has ended.
  void run(asio::awaitable<void> body) {
    asio::co_spawn(context_, std::move(body), [this](const std::exception_ptr&) { open_.cancel(); });
    context_.run();
  }
  /// Runs until stop().
  void run() { context_.run(); }
  void stop() {
    asio::post(context_, [this] { open_.cancel(); });
  }

 private:
  asio::io_context context_{1};
  asio::steady_timer open_{context_, 1h};  // like a socket, it is waited for by the reactor
};

tern::Task<int> there(int value) { co_return 2 * value; }
tern::Task<void> go_and_return(int count) {
  tern::Loop& other = *tern::Loop::current()->siblings()[1];
  for (int i = 0; i < count; ++i) static_cast<void>(co_await tern::run_on(other, there(i)));
}

asio::awaitable<int> there_on_asio(int value) { co_return 2 * value; }
asio::awaitable<void> go_and_return_on_asio(asio::io_context& other, int count) {
  for (int i = 0; i < count; ++i) {
    static_cast<void>(co_await asio::co_spawn(other, there_on_asio(i), asio::use_awaitable));
  }
}
void go_and_return_on_asio(int count) {
  ContextWithSockets here;
  ContextWithSockets other;
  std::thread thread{[&other] { other.run(); }};
  here.run(go_and_return_on_asio(other.context(), count));
  other.stop();
  thread.join();
}

// An event of another thread, which sets it each time that the loop has counted up.

class Setter {
 public:
  /// Calls `set` after each count(), `times` times.
  Setter(int times, std::function<void()> set)
      : thread_([this, times, call = std::move(set)] {
          for (int i = 0; i < times; ++i) {
            counted_.wait(i);
            call();
          }
        }) {}
  Setter(const Setter&) = delete;
  Setter& operator=(const Setter&) = delete;
  ~Setter() { thread_.join(); }
  void count() {
    counted_.fetch_add(1);
    counted_.notify_one();
  }

 private:
  std::atomic<int> counted_ = 0;
  std::thread thread_;
};

tern::Task<void> wait_for_thread(int count) {
  tern::ThreadEvent event;
  Setter setter{count, [&event] { event.set(); }};
  for (int i = 0; i < count; ++i) {
    setter.count();
    co_await event.wait();
    event.clear();
  }
}

asio::awaitable<void> wait_for_thread_on_asio(SharedChannel& channel, Setter& setter, int count) {
  for (int i = 0; i < count; ++i) {
    setter.count();
    co_await channel.async_receive(asio::use_awaitable);
  }
}
void wait_for_thread_on_asio(int count) {
  ContextWithSockets here;
  SharedChannel channel{here.context(), 1};
  Setter setter{count, [&channel] { channel.try_send(Error{}); }};
  here.run(wait_for_thread_on_asio(channel, setter, count));
}

tern::Task<void> take_from_thread(int count) {
  std::optional<tern::ThreadOneShot<int>::Setter> setter;
  Setter thread{count, [&setter] {
                  const tern::ThreadOneShot<int>::Setter mine = *setter;
                  mine.set(7);
                }};
  for (int i = 0; i < count; ++i) {
    tern::ThreadOneShot<int> done;
    setter = done.setter();
    thread.count();
    static_cast<void>(co_await done.wait());
  }
}

}  // namespace

void compare_loops(int count) {
  compare(
      "`yield_now` · `post`", count, [&] { tern::block_on(yield_each(count)); },
      [&] {
        asio::io_context context{1};
        asio::co_spawn(context, post_each(count), asio::detached);
        context.run();
      });
  compare(
      "`sleep(0s)` · `steady_timer`", count, [&] { tern::block_on(sleep_each(count)); },
      [&] {
        asio::io_context context{1};
        asio::co_spawn(context, sleep_each_on_asio(context, count), asio::detached);
        context.run();
      });
  const int trips = count / 10;
  compare(
      "`run_on` and back, two threads · `co_spawn`", trips,
      [&] { tern::block_on(go_and_return(trips), {.threads = 2}); }, [&] { go_and_return_on_asio(trips); });
  compare(
      "`ThreadEvent` of another thread · `concurrent_channel`", trips, [&] { tern::block_on(wait_for_thread(trips)); },
      [&] { wait_for_thread_on_asio(trips); });
  compare(
      "`ThreadOneShot` of another thread · `concurrent_channel`", trips,
      [&] { tern::block_on(take_from_thread(trips)); }, [&] { wait_for_thread_on_asio(trips); });
}

}  // namespace primitives

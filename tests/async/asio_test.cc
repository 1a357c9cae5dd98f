#include "tern/async/asio.h"

#include <gtest/gtest.h>

#include <array>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/connect_pair.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <stdexcept>

#include "tern/async/run.h"
#include "tern/async/sleep.h"
#include "tern/async/task_group.h"
#include "tern/async/with_timeout.h"

namespace tern {
namespace {

namespace asio = boost::asio;
using namespace std::chrono_literals;
using Socket = asio::local::stream_protocol::socket;

asio::io_context& context() { return Loop::require_current("a test").context(); }

Task<std::string> send_and_receive() {
  Socket left{context()};
  Socket right{context()};
  asio::local::connect_pair(left, right);
  const std::string text = "hello";
  co_await asio::async_write(left, asio::buffer(text), use_task);
  std::array<char, 16> bytes{};
  const std::size_t size = co_await right.async_read_some(asio::buffer(bytes), use_task);
  co_return std::string{bytes.data(), size};
}

TEST(Asio, AwaitsOperationsByToken) { EXPECT_EQ(block_on(send_and_receive()), "hello"); }

Task<void> read_from_closed() {
  Socket left{context()};
  Socket right{context()};
  asio::local::connect_pair(left, right);
  left.close();
  std::array<char, 16> bytes{};
  co_await right.async_read_some(asio::buffer(bytes), use_task);
}

TEST(Asio, ErrorsAreThrown) { EXPECT_THROW(block_on(read_from_closed()), boost::system::system_error); }

Task<bool> read_as_tuple() {
  Socket left{context()};
  Socket right{context()};
  asio::local::connect_pair(left, right);
  left.close();
  std::array<char, 16> bytes{};
  const auto [error, size] = co_await right.async_read_some(asio::buffer(bytes), asio::as_tuple(use_task));
  co_return error == asio::error::eof&& size == 0;
}

TEST(Asio, ErrorsAreValuesAsATuple) { EXPECT_TRUE(block_on(read_as_tuple())); }

asio::awaitable<int> asio_coroutine(int value) {
  asio::steady_timer timer{co_await asio::this_coro::executor, 1ms};
  co_await timer.async_wait(asio::use_awaitable);
  if (value < 0) throw std::runtime_error("negative");
  co_return value + 1;
}

Task<int> await_awaitable(int value) { co_return co_await from_asio(asio_coroutine(value)); }

TEST(Asio, AwaitsAsiosOwnCoroutines) {
  EXPECT_EQ(block_on(await_awaitable(1)), 2);
  EXPECT_THROW(block_on(await_awaitable(-1)), std::runtime_error);
}

Task<void> read_forever(bool& open_after) {
  Socket left{context()};
  Socket right{context()};
  asio::local::connect_pair(left, right);
  std::array<char, 16> bytes{};
  try {
    co_await right.async_read_some(asio::buffer(bytes), use_task);
  } catch (const Cancelled&) {
    open_after = right.is_open();
    throw;
  }
}

TEST(Asio, CancellationReachesTheOperation) {
  bool open_after = false;
  EXPECT_THROW(block_on(with_timeout(1ms, read_forever(open_after))), TimedOut);
  EXPECT_TRUE(open_after);
}

asio::awaitable<void> wait_forever() {
  asio::steady_timer timer{co_await asio::this_coro::executor, 1h};
  co_await timer.async_wait(asio::use_awaitable);
}

Task<void> await_forever() { co_await from_asio(wait_forever()); }

TEST(Asio, CancellationReachesAsiosOwnCoroutines) {
  EXPECT_THROW(block_on(with_timeout(1ms, await_forever())), TimedOut);
}

Task<void> timer_forever() {
  asio::steady_timer timer{context(), 1h};
  co_await timer.async_wait(use_task);
}

Task<void> drop_running() {
  TaskGroup group;
  group.spawn(timer_forever());
  group.spawn(await_forever());
  co_await sleep(0ms);
}

TEST(Asio, ACoroutineDestroyedInAnOperationIsForgotten) { block_on(drop_running()); }

}  // namespace
}  // namespace tern

#include "transport/lingering_close.h"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <string>
#include <utility>

#include "tern/tern.h"
#include "transport/socket_stream.h"

namespace tern::transport {
namespace {

using namespace std::chrono_literals;

/// Two connected sockets: the one that is closed, and the peer's.
class Ends {
 public:
  Ends() {
    std::array<int, 2> pair{};
    EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair.data()), 0);
    Loop& loop = Loop::require_current("a test");
    stream = make_socket_stream(loop, adopt_socket(loop, pair[0]));
    peer = pair[1];
  }
  Ends(const Ends&) = delete;
  Ends& operator=(const Ends&) = delete;
  ~Ends() { ::close(peer); }

  void write(std::size_t size) {
    std::string bytes(size, 'x');
    const iovec piece{.iov_base = bytes.data(), .iov_len = bytes.size()};
    EXPECT_EQ(stream->write({&piece, 1}).size, size);
  }
  /// Returns false when the peer's socket is closed at the other end.
  [[nodiscard]] bool send(std::size_t size) const {
    const std::string bytes(size, 'y');
    return ::send(peer, bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT) >= 0 || errno == EAGAIN;
  }
  /// The bytes that come until the end.
  [[nodiscard]] std::size_t read_to_end() const {
    std::array<char, 10'000> bytes{};
    std::size_t all = 0;
    for (;;) {
      const ssize_t size = ::recv(peer, bytes.data(), bytes.size(), MSG_DONTWAIT);
      if (size <= 0) return all;
      all += static_cast<std::size_t>(size);
    }
  }

  std::unique_ptr<ByteStream> stream;
  int peer = -1;
};

TEST(LingeringClose, EndsWhenThePeerCloses) {
  const auto body = []() -> Task<void> {
    Event emptied;
    LingeringCloses closes{Loop::require_current("a test"), [&emptied] { emptied.set(); }};
    Ends ends;
    ends.write(50'000);
    closes.add(std::move(ends.stream));
    EXPECT_TRUE(ends.send(1'000));
    co_await sleep(1ms);
    EXPECT_FALSE(closes.empty());
    EXPECT_EQ(ends.read_to_end(), 50'000U);
    ::shutdown(ends.peer, SHUT_WR);
    co_await emptied.wait();
    EXPECT_TRUE(closes.empty());
  };
  block_on(body());
}

TEST(LingeringClose, EndsWhenThePeerSendsMoreThanTheLimit) {
  const auto body = []() -> Task<void> {
    Event emptied;
    LingeringCloses closes{Loop::require_current("a test"), [&emptied] { emptied.set(); }, {.bytes = 500'000}};
    Ends ends;
    closes.add(std::move(ends.stream));
    std::size_t sent = 0;
    while (ends.send(1'000)) {
      sent += 1'000;
      if (sent % 10'000 == 0) co_await sleep(100us);
      if (sent > 100'000'000) break;
    }
    EXPECT_TRUE(closes.empty());
  };
  block_on(body());
}

TEST(LingeringClose, EndsWhenThePeerIsSilentForLongerThanTheLimit) {
  const auto body = []() -> Task<void> {
    Event emptied;
    LingeringCloses closes{Loop::require_current("a test"), [&emptied] { emptied.set(); }, {.silent = 1s}};
    Ends ends;
    closes.add(std::move(ends.stream));
    co_await emptied.wait();
    EXPECT_FALSE(ends.send(1));
  };
  block_on(body());
}

TEST(LingeringClose, EndsWhenThePeerReadsNothingForLongerThanTheLimit) {
  const auto body = []() -> Task<void> {
    Event emptied;
    LingeringCloses closes{
        Loop::require_current("a test"), [&emptied] { emptied.set(); }, {.undelivered = 1s, .silent = 1h}};
    Ends ends;
    ends.write(50'000);
    closes.add(std::move(ends.stream));
    co_await emptied.wait();
    EXPECT_FALSE(ends.send(1));
  };
  block_on(body());
}

TEST(LingeringClose, EndsAtTheLimitThoughThePeerSendsAByteNowAndThen) {
  const auto body = []() -> Task<void> {
    Event emptied;
    LingeringCloses closes{Loop::require_current("a test"), [&emptied] { emptied.set(); }, {.delivered = 2s}};
    Ends ends;
    closes.add(std::move(ends.stream));
    while (ends.send(1)) co_await sleep(10ms);
    co_await emptied.wait();
  };
  block_on(body());
}

TEST(LingeringClose, StaysOpenWhileThePeerReadsSlowly) {
  const auto body = []() -> Task<void> {
    LingeringCloses closes{Loop::require_current("a test"), [] {}, {.undelivered = 2s, .silent = 1s, .delivered = 1s}};
    Ends ends;
    // Each write is a piece that the peer's system is done with at once.
    for (int i = 0; i < 8; ++i) ends.write(4'000);
    closes.add(std::move(ends.stream));
    std::array<char, 4'000> bytes{};
    for (int i = 0; i < 7; ++i) {
      co_await sleep(500ms);
      EXPECT_FALSE(closes.empty());
      EXPECT_EQ(::recv(ends.peer, bytes.data(), bytes.size(), MSG_DONTWAIT), 4'000);
    }
    EXPECT_TRUE(ends.send(1));
  };
  block_on(body());
}

TEST(LingeringClose, ClosesTheOldestFirst) {
  const auto body = []() -> Task<void> {
    LingeringCloses closes{Loop::require_current("a test"), [] {}};
    Ends first;
    Ends second;
    closes.add(std::move(first.stream));
    closes.add(std::move(second.stream));
    EXPECT_TRUE(closes.close_oldest());
    EXPECT_FALSE(first.send(1));
    EXPECT_TRUE(second.send(1));
    closes.close_all();
    EXPECT_FALSE(second.send(1));
    EXPECT_FALSE(closes.close_oldest());
    co_return;
  };
  block_on(body());
}

}  // namespace
}  // namespace tern::transport

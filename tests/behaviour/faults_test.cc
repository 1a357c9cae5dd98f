// Networks that split, delay, cut, reset and hold up what passes, at any byte; and processes that run out of
// descriptors. A call ends with UNAVAILABLE, or is right in every part; nothing hangs, nothing stays behind.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <exception>
#include <memory>
#include <new>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include "support/certificates.h"
#include "support/fault_proxy.h"
#include "support/port_of.h"
#include "support/raw_client.h"
#include "support/serve.h"

namespace tern::test {
namespace {

using namespace std::chrono_literals;

constexpr BackoffOptions kAtOnce{.initial = 1ms, .multiplier = 1, .jitter = 0, .maximum = 1ms};

/// How the calls of a conversation ended.
struct Talk {
  int right = 0;
  int unavailable = 0;
};

/// `size` bytes in each message.
Task<void> ask_once(ProbeStub stub, int size) {
  Order order;
  order.set_number(42);
  order.set_text("안녕");
  order.set_size(size);
  const Payload payload = co_await stub.Unary(order, {.wait_for_ready = true});
  EXPECT_EQ(payload.number(), 42);
  EXPECT_EQ(payload.text(), "안녕");
  EXPECT_EQ(payload.data(), std::string(static_cast<std::size_t>(size), 'x'));
}

Task<void> be_refused(ProbeStub stub, int /*size*/) {
  Order order;
  order.set_status(static_cast<int>(StatusCode::kNotFound));
  order.set_details("사용자 9 — 100% 없음\n");
  const Result<Payload> result = co_await stub.Unary(order, {.wait_for_ready = true}).result();
  EXPECT_FALSE(result.ok());
  if (result.status().code() == StatusCode::kUnavailable) throw RpcError{result.status()};
  EXPECT_EQ(result.status().code(), StatusCode::kNotFound);
  EXPECT_EQ(result.status().details(), order.details());
}

Task<void> download(ProbeStub stub, int size) {
  Order order;
  order.set_count(3);
  order.set_size(size);
  auto call = stub.Download(order, {.wait_for_ready = true});
  int seen = 0;
  while (const std::optional<Payload> payload = co_await call.next()) {
    EXPECT_EQ(payload->number(), seen);
    EXPECT_EQ(payload->data().size(), static_cast<std::size_t>(size));
    ++seen;
  }
  EXPECT_EQ(seen, 3);
}

Task<void> upload(ProbeStub stub, int size) {
  auto call = stub.Upload({.wait_for_ready = true});
  Payload payload;
  payload.set_data(std::string(static_cast<std::size_t>(size), 'u'));
  for (int i = 0; i < 3; ++i) co_await call.write(payload);
  const Payload sum = co_await call.finish();
  EXPECT_EQ(sum.number(), 3);
  EXPECT_EQ(sum.text(), std::to_string(3 * size));
}

Task<void> echo(ProbeStub stub, int size) {
  auto call = stub.Echo({.wait_for_ready = true});
  Payload payload;
  payload.set_data(std::string(static_cast<std::size_t>(size), 'e'));
  for (int i = 0; i < 3; ++i) {
    payload.set_number(i);
    co_await call.write(payload);
    const std::optional<Payload> back = co_await call.next();
    EXPECT_TRUE(back && back->number() == i && back->data() == payload.data());
  }
  co_await call.done_writing();
  const std::optional<Payload> nothing = co_await call.next();
  EXPECT_FALSE(nothing);
}

/// A call of each kind, one after the other.
Task<Talk> converse(Channel& channel, int size = 20) {
  Talk talk;
  for (auto* kind : {ask_once, be_refused, download, upload, echo}) {
    try {
      co_await kind(ProbeStub{channel}, size);
      ++talk.right;
    } catch (const RpcError& error) {
      EXPECT_EQ(error.code(), StatusCode::kUnavailable) << error.what();
      ++talk.unavailable;
    }
  }
  co_return talk;
}

/// Strikes at each `step`th byte of a conversation, in either direction, each time on a connection of its own.
Task<void> strike_at_every_byte(std::uint16_t port, Fault::Kind kind, std::size_t step, ChannelOptions options) {
  options.backoff = kAtOnce;
  FaultProxy proxy{port};
  Talk all;
  const auto talk = [](FaultProxy& its_proxy, ChannelOptions its_options, Talk& sum) -> Task<void> {
    Channel channel{its_proxy.address(), its_options};
    const Talk one = co_await converse(channel);
    sum.right += one.right;
    sum.unavailable += one.unavailable;
  };
  co_await talk(proxy, options, all);
  EXPECT_EQ(all.right, 5);
  const std::size_t to_server = proxy.passed_to_server();
  const std::size_t to_client = proxy.passed_to_client();
  EXPECT_GT(std::min(to_server, to_client), 400U);
  for (std::size_t after = 0; after < to_server; after += step) {
    proxy.to_server = {.kind = kind, .after = after};
    co_await talk(proxy, options, all);
  }
  for (std::size_t after = 0; after < to_client; after += step) {
    proxy.to_client = {.kind = kind, .after = after};
    co_await talk(proxy, options, all);
  }
  // One call at most is lost with a connection; the others are made on the next.
  EXPECT_GT(all.unavailable, 0);
  EXPECT_LE(static_cast<std::size_t>(all.unavailable), (to_server + to_client) / step + 2);
}

class Faults : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    certificates = std::make_unique<Certificates>();
    certificates->make("server", "DNS:localhost,IP:127.0.0.1");
  }
  static void TearDownTestSuite() { certificates.reset(); }

  void strike(Fault::Kind kind, std::size_t step, const ChannelOptions& options = {}, ServerTls* tls = nullptr) {
    with_server(
        service,
        [&](Channel& channel, Server& server) -> Task<void> {
          co_await strike_at_every_byte(port_of(channel.target()), kind, step, options);
          co_await until(service.running, 0);
          EXPECT_EQ(server.calls_in_flight(), 0U);
        },
        {.server_options = {.keepalive_time = 20ms, .keepalive_timeout = 20ms, .min_ping_interval = 1us}, .tls = tls});
  }

  static inline std::unique_ptr<Certificates> certificates;
  ProbeService service;
};

TEST_F(Faults, ClosedAtAnyByte) { strike(Fault::Kind::kClose, 1); }
TEST_F(Faults, ResetAtAnyByte) { strike(Fault::Kind::kReset, 1); }

// Keepalive finds out, and before the greeting the time to connect.
TEST_F(Faults, SilentFromAnyByteOn) {
  strike(Fault::Kind::kHang, 41, {.connect_timeout = 50ms, .keepalive_time = 10ms, .keepalive_timeout = 20ms});
}

// Without TLS's own goodbye: what came before is no answer.
TEST_F(Faults, TlsCutOffAtAnyByte) {
  ServerTls server{
      {.certificate_file = certificates->file("server.pem"), .key_file = certificates->file("server.key")}};
  ClientTls client{{.authority_file = certificates->file("ca.pem")}};
  strike(Fault::Kind::kClose, 7, {.tls = &client}, &server);
  strike(Fault::Kind::kReset, 31, {.tls = &client}, &server);
}

void talk_through(ProbeService& service, const Fault& to_server, const Fault& to_client, int size,
                  const Served& served = {}) {
  with_server(
      service,
      [&](Channel& channel, Server&) -> Task<void> {
        FaultProxy proxy{port_of(channel.target())};
        proxy.to_server = to_server;
        proxy.to_client = to_client;
        Channel through{proxy.address(), served.channel_options};
        const Talk talk = co_await converse(through, size);
        EXPECT_EQ(talk.right, 5);
      },
      served);
}

TEST_F(Faults, OneByteAtATime) {
  talk_through(service, {.piece = 1}, {.piece = 1}, 300);
  ServerTls server{
      {.certificate_file = certificates->file("server.pem"), .key_file = certificates->file("server.key")}};
  ClientTls client{{.authority_file = certificates->file("ca.pem")}};
  talk_through(service, {.piece = 1}, {.piece = 1}, 300, {.channel_options = {.tls = &client}, .tls = &server});
}

TEST_F(Faults, PiecesOfAnySize) {
  for (std::size_t piece = 2; piece < 40; ++piece) talk_through(service, {.piece = piece}, {.piece = 41 - piece}, 50);
  talk_through(service, {.piece = 1009}, {.piece = 16383}, 1 << 20);
}

// What answers what comes in another order when one way is slower than the other.
TEST_F(Faults, OneWaySlowerThanTheOther) {
  const Fault slow{.piece = 64, .delay = 1ms};
  talk_through(service, slow, {}, 100);
  talk_through(service, {}, slow, 100);
  talk_through(service, slow, slow, 100);
}

/// Uses up the process's descriptors, until this is gone.
class NoDescriptors {
 public:
  NoDescriptors() {
    ::getrlimit(RLIMIT_NOFILE, &before_);
    rlimit few = before_;
    few.rlim_cur = 256;
    ::setrlimit(RLIMIT_NOFILE, &few);
    for (int held = open_one(); held >= 0; held = open_one()) held_.push_back(held);
  }
  NoDescriptors(const NoDescriptors&) = delete;
  NoDescriptors& operator=(const NoDescriptors&) = delete;
  ~NoDescriptors() {
    give_back(held_.size());
    ::setrlimit(RLIMIT_NOFILE, &before_);
  }

  void give_back(std::size_t count) {
    for (; count > 0; --count) {
      ::close(held_.back());
      held_.pop_back();
    }
  }

 private:
  static int open_one() { return ::open("/dev/null", O_RDONLY | O_CLOEXEC); }
  rlimit before_{};
  std::vector<int> held_;
};

// UndefinedBehaviorSanitizer opens a pipe to look at an object's type, and takes it for none where there is no pipe.
#if defined(__has_feature)
#if __has_feature(undefined_behavior_sanitizer)
#define TERN_NEEDS_DESCRIPTORS 1
#endif
#endif
#ifndef TERN_NEEDS_DESCRIPTORS
#define TERN_NEEDS_DESCRIPTORS 0
#endif

TEST_F(Faults, OutOfDescriptors) {
  if (TERN_NEEDS_DESCRIPTORS) GTEST_SKIP() << "the sanitizer has to have descriptors";
  with_server(service, [](Channel& channel, Server&) -> Task<void> {
    const Status before = co_await call(channel);
    EXPECT_TRUE(before.ok());
    Channel later{channel.target(), {.backoff = kAtOnce}};
    NoDescriptors none;
    const Status refused = co_await call(later);
    EXPECT_EQ(refused.code(), StatusCode::kUnavailable);
    EXPECT_NE(refused.details().find("Too many open files"), std::string::npos) << refused.details();
    // One for its own end: the server has none for the other.
    none.give_back(1);
    RawClient waiting{port_of(channel.target())};
    co_await waiting.write("nonsense");
    for (int i = 0; i < 10; ++i) {
      const Status status = co_await call(channel);
      EXPECT_TRUE(status.ok()) << status.to_string();
    }
    none.give_back(10);
    // Now it is accepted, read, and closed.
    const std::string answer = co_await waiting.read_to_end();
    EXPECT_FALSE(answer.empty());
    const Status after = co_await call(later, {.wait_for_ready = true});
    EXPECT_TRUE(after.ok()) << after.to_string();
    co_await later.close();
  });
}

struct Odd {
  std::string secret = "secret of the inside";
};

/// Throws what can be thrown, by the order's number.
[[noreturn]] void throw_number(std::int64_t number) {
  switch (number) {
    case 0:
      throw 42;  // NOLINT(hicpp-exception-baseclass)
    case 1:
      throw "secret of the inside";  // NOLINT(hicpp-exception-baseclass)
    case 2:
      throw nullptr;  // NOLINT(hicpp-exception-baseclass)
    case 3:
      throw Odd{};  // NOLINT(hicpp-exception-baseclass)
    case 4:
      throw std::bad_alloc{};
    case 5:
      throw std::make_exception_ptr(Odd{});  // NOLINT(hicpp-exception-baseclass)
    case 6:
      throw RpcError{Status{StatusCode::kNotFound, "of a call to somebody else"}};
    default:
      throw std::logic_error{"secret of the inside"};
  }
}
constexpr std::int64_t kThrown = 8;

class ThrowingService final : public tern::test::v1::Probe::AsyncService {
 public:
  Task<Payload> Unary(ServerContext& /*context*/, const Order& order) override {
    throw_number(order.number());
    co_return Payload{};
  }
  AsyncGenerator<Payload> Download(ServerContext& /*context*/, const Order& order) override {
    co_yield Payload{};
    throw_number(order.number());
  }
  Task<Payload> Upload(ServerContext& /*context*/, Reader<Payload>& payloads) override {
    const std::optional<Payload> first = co_await payloads.next();
    throw_number(first->number());
    co_return Payload{};
  }
};

class ThrowingSync final : public tern::test::v1::Probe::SyncService {
 public:
  Payload Unary(ServerContext& /*context*/, const Order& order) override { throw_number(order.number()); }
  void Download(ServerContext& /*context*/, const Order& order, BlockingWriter<Payload>& payloads) override {
    payloads.write(Payload{});
    throw_number(order.number());
  }
  Payload Upload(ServerContext& /*context*/, BlockingReader<Payload>& payloads) override {
    throw_number(payloads.next()->number());
  }
};

void expect_unknown(const Status& status) {
  EXPECT_EQ(status.code(), StatusCode::kUnknown) << status.to_string();
  EXPECT_EQ(status.details().find("secret"), std::string::npos) << status.details();
}

Task<void> make_it_throw(Channel& channel) {
  ProbeStub stub{channel};
  for (std::int64_t number = 0; number < kThrown; ++number) {
    Order order;
    order.set_number(number);
    const Result<Payload> unary = co_await stub.Unary(order).result();
    expect_unknown(unary.status());
    auto download = stub.Download(order);
    const std::optional<Payload> first = co_await download.read();
    EXPECT_TRUE(first);
    const std::optional<Payload> second = co_await download.read();
    EXPECT_FALSE(second);
    const Status ended = co_await download.status();
    expect_unknown(ended);
    auto upload = stub.Upload();
    Payload payload;
    payload.set_number(number);
    co_await upload.write(payload);
    const Result<Payload> sum = co_await upload.result();
    expect_unknown(sum.status());
  }
}

TEST(Handlers, MayThrowAnything) {
  ThrowingService service;
  with_server(service, [](Channel& channel, Server&) -> Task<void> { co_await make_it_throw(channel); });
}

TEST(Handlers, ThatBlockMayThrowAnything) {
  ThrowingSync service;
  with_server(service, [](Channel& channel, Server&) -> Task<void> { co_await make_it_throw(channel); });
}

}  // namespace
}  // namespace tern::test

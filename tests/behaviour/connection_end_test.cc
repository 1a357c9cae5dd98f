// The end of a connection loses no byte: whatever ends it, however the client reads, over every transport.
#include <gtest/gtest.h>
#include <unistd.h>

#include <array>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "rpc/message_reader.h"
#include "support/certificates.h"
#include "support/openssl_wire.h"
#include "support/paced_client.h"
#include "support/probe_service.h"

namespace tern::test {
namespace {

using namespace std::chrono_literals;

enum class Over { kTcp, kUnix, kTls12, kTls13, kInProcess };
enum class ReaderPace {
  kPrompt,       // reads what comes and opens windows as it does, the last of them after the server's end
  kSlow,         // reads little at a time, and says something each time
  kLate,         // leaves the last bytes unread until the server has ended the connection, and says something then
  kNeverCloses,  // as kPrompt, and keeps its own end open
};
enum class End { kStop, kAge };

struct EndCase {
  Over over;
  ReaderPace reader;
  End end;
};

std::string name_of(const ::testing::TestParamInfo<EndCase>& info) {
  static constexpr std::array kOver{"Tcp", "Unix", "Tls12", "Tls13", "InProcess"};
  static constexpr std::array kReaders{"PromptReader", "SlowReader", "LateReader", "ReaderThatNeverCloses"};
  static constexpr std::array kEnds{"Stop", "MaxConnectionAge"};
  return std::string{kEnds.at(static_cast<std::size_t>(info.param.end))} +
         kReaders.at(static_cast<std::size_t>(info.param.reader)) + "Over" +
         kOver.at(static_cast<std::size_t>(info.param.over));
}

constexpr std::size_t kSize = 1'000'000;
constexpr std::uint32_t kWideWindow = 1U << 30;

http2::test::Bytes order_bytes(std::size_t size) {
  Order order;
  order.set_size(static_cast<std::int32_t>(size));
  order.set_wait_us(50'000);
  const std::string message = order.SerializeAsString();
  http2::test::Bytes body(rpc::kPrefixBytes);
  rpc::write_prefix(body.data(), message.size());
  return body + http2::test::Bytes{message.begin(), message.end()};
}

std::size_t length_of_response(std::size_t size) {
  Order order;
  order.set_size(static_cast<std::int32_t>(size));
  return rpc::kPrefixBytes + answer(order, 0).ByteSizeLong();
}

/// A server's port of one kind, and connections to it.
class Port {
 public:
  Port(Server& server, Over over) : over_(over) {
    switch (over) {
      case Over::kTcp:
        port_ = server.listen("127.0.0.1:0");
        break;
      case Over::kUnix:
        path_ = ::testing::TempDir() + "tern_end_" + std::to_string(::getpid()) + ".sock";
        server.listen("unix:" + path_);
        break;
      case Over::kTls12:
      case Over::kTls13:
        certificates_.emplace();
        certificates_->make("server", "DNS:localhost");
        tls_.emplace(ServerTlsOptions{.certificate_file = certificates_->file("server.pem"),
                                      .key_file = certificates_->file("server.key")});
        port_ = server.listen("127.0.0.1:0", {.tls = &*tls_});
        break;
      case Over::kInProcess:
        server.listen(in_process_);
        break;
    }
  }

  Task<std::unique_ptr<Wire>> connect() {
    if (over_ == Over::kTcp) co_return wire_over(connect_to_port(port_));
    if (over_ == Over::kUnix) co_return wire_over(connect_to_path(path_));
    if (over_ == Over::kInProcess) {
      co_return std::make_unique<StreamWire>(in_process_.connect(Loop::require_current("a test")));
    }
    auto wire =
        std::make_unique<OpensslWire>(connect_to_port(port_), over_ == Over::kTls12 ? TLS1_2_VERSION : TLS1_3_VERSION);
    co_await wire->shake_hands();
    co_return wire;
  }

 private:
  Over over_;
  std::uint16_t port_ = 0;
  std::string path_;
  std::optional<Certificates> certificates_;
  std::optional<ServerTls> tls_;
  InProcess in_process_;
};

/// Until the server's end.
Task<void> read_to_end(PacedClient& client, Server& server, ReaderPace reader) {
  constexpr std::size_t kLeftUnread = 60'000;
  const std::size_t piece = reader == ReaderPace::kSlow ? 8'000 : 16'000;
  bool waited = false;
  for (;;) {
    if (reader == ReaderPace::kSlow) {
      co_await sleep(1ms);
      co_await client.say_something();
    }
    if (reader == ReaderPace::kLate && !waited && client.data() + kLeftUnread > kSize) {
      waited = true;
      co_await until_no_connection_is_left(server);
      co_await client.say_something();
      co_await client.say_something();
    }
    const bool more = co_await client.read(piece);
    if (!more) co_return;
  }
}

// Before the response: what the server says of its end is not behind bytes that a reader leaves unread.
Task<void> stop_while_the_call_runs(ProbeService& service, Server& server) {
  co_await until(service.running, 1);
  co_await server.stop({.grace = 1h});
}

Task<void> ask_and_end(EndCase its_case) {
  ProbeService service;
  ServerOptions options{.min_ping_interval = std::nullopt, .permit_pings_without_calls = true};
  if (its_case.end == End::kAge) options.max_connection_age = 1ms;
  Server server{options};
  server.add_service(service);
  Port port{server, its_case.over};
  std::unique_ptr<Wire> wire = co_await port.connect();
  std::optional<PacedClient> client{std::move(wire)};
  const bool wide = its_case.reader == ReaderPace::kSlow || its_case.reader == ReaderPace::kLate;
  co_await client->ask("/tern.test.v1.Probe/Unary", "application/grpc", order_bytes(kSize),
                       wide ? kWideWindow : std::uint32_t{http2::kInitialWindow});
  TaskGroup stopping;
  if (its_case.end == End::kStop) stopping.spawn(stop_while_the_call_runs(service, server));
  co_await read_to_end(*client, server, its_case.reader);
  EXPECT_EQ(client->data(), length_of_response(kSize));
  EXPECT_TRUE(client->ended()) << "no trailers";
  EXPECT_TRUE(client->told_to_go());
  EXPECT_FALSE(client->shut_out());
  if (its_case.reader != ReaderPace::kNeverCloses) client.reset();
  co_await stopping.join();
  if (its_case.end == End::kAge) co_await server.stop();
}

class ConnectionEnd : public ::testing::TestWithParam<EndCase> {};

TEST_P(ConnectionEnd, DeliversEveryByte) { block_on(ask_and_end(GetParam()), {.threads = 2}); }

std::vector<EndCase> all_cases() {
  std::vector<EndCase> cases;
  for (const Over over : {Over::kTcp, Over::kUnix, Over::kTls12, Over::kTls13, Over::kInProcess}) {
    for (const ReaderPace reader : {ReaderPace::kPrompt, ReaderPace::kSlow, ReaderPace::kLate}) {
      for (const End end : {End::kStop, End::kAge}) cases.push_back({over, reader, end});
    }
  }
  // One waits for a limit, which takes seconds.
  cases.push_back({Over::kTcp, ReaderPace::kNeverCloses, End::kStop});
  cases.push_back({Over::kTls13, ReaderPace::kNeverCloses, End::kAge});
  return cases;
}
INSTANTIATE_TEST_SUITE_P(Each, ConnectionEnd, ::testing::ValuesIn(all_cases()), name_of);

/// Returns all bytes until the orderly end, or "lost" when the connection breaks.
Task<std::string> read_all(Wire& wire) {
  std::string all;
  std::vector<std::uint8_t> bytes(16'000);
  try {
    for (;;) {
      const std::size_t size = co_await wire.read(bytes);
      if (size == 0) co_return all;
      all.append(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(size));
    }
  } catch (const std::runtime_error&) {
    all = "lost";
  }
  co_return all;
}

TEST(ConnectionEnd, AfterAProtocolErrorTheClientReadsWhatWasWrong) {
  const auto body = []() -> Task<void> {
    for (const Over over : {Over::kTcp, Over::kUnix, Over::kTls12, Over::kTls13, Over::kInProcess}) {
      ProbeService service;
      Server server;
      server.add_service(service);
      Port port{server, over};
      std::unique_ptr<Wire> wire = co_await port.connect();
      http2::test::Bytes wrong = http2::test::settings() + http2::test::window_update(0, 0);
      wrong.resize(wrong.size() + 200'000);  // behind it, what the server has not read when it ends
      co_await wire->write(std::string{http2::kClientPreface} + std::string{wrong.begin(), wrong.end()});
      const std::string all = co_await read_all(*wire);
      EXPECT_NE(all.find("WINDOW_UPDATE by nothing"), std::string::npos) << all;
      wire.reset();
      co_await server.stop({.grace = 1h});
    }
  };
  block_on(body());
}

TEST(ConnectionEnd, AfterTooManyPingsTheClientReadsWhy) {
  const auto body = []() -> Task<void> {
    ProbeService service;
    Server server;
    server.add_service(service);
    Port port{server, Over::kTcp};
    std::unique_ptr<Wire> wire = co_await port.connect();
    std::string bytes{http2::kClientPreface};
    const auto append = [&bytes](const http2::test::Bytes& more) { bytes.append(more.begin(), more.end()); };
    append(http2::test::settings());
    for (int i = 0; i < 10; ++i) {
      append(http2::test::frame(http2::FrameType::kPing, 0, 0, http2::test::Bytes(8, 'p')));
    }
    // Behind them, what the server has not read when it ends.
    for (int i = 0; i < 50'000; ++i) append(http2::test::window_update(0, 1));
    co_await wire->write(std::move(bytes));
    const std::string all = co_await read_all(*wire);
    EXPECT_NE(all.find("too_many_pings"), std::string::npos) << all;
    wire.reset();
    co_await server.stop({.grace = 1h});
  };
  block_on(body());
}

TEST(ConnectionEnd, AfterMaxConnectionAgeGraceTheClientReadsWhy) {
  const auto body = []() -> Task<void> {
    ProbeService service;
    Server server{{.max_connection_age = 1ms, .max_connection_age_grace = 20ms}};
    server.add_service(service);
    Port port{server, Over::kTcp};
    std::unique_ptr<Wire> wire = co_await port.connect();
    Wire& its_wire = *wire;
    PacedClient client{std::move(wire)};
    co_await client.ask("/tern.test.v1.Probe/Hang", "application/grpc", order_bytes(0), kWideWindow);
    const std::string all = co_await read_all(its_wire);
    EXPECT_NE(all.find("max_connection_age_grace"), std::string::npos) << all;
    EXPECT_EQ(service.running, 0);
    co_await server.stop();
  };
  block_on(body());
}

TEST(ConnectionEnd, ANewClientGetsThePlaceOfOneThatDoesNotClose) {
  const auto body = []() -> Task<void> {
    ProbeService service;
    Server server{{.max_connections = 1, .max_connection_age = 20ms}};
    server.add_service(service);
    Port port{server, Over::kTcp};
    for (int i = 0; i < 3; ++i) {
      std::unique_ptr<Wire> wire = co_await port.connect();
      PacedClient client{std::move(wire)};
      co_await client.ask("/tern.test.v1.Probe/Unary", "application/grpc", order_bytes(10), kWideWindow);
      co_await read_to_end(client, server, ReaderPace::kPrompt);
      EXPECT_TRUE(client.ended());
      std::unique_ptr<Wire> next = co_await port.connect();
      PacedClient late{std::move(next)};
      co_await late.ask("/tern.test.v1.Probe/Unary", "application/grpc", order_bytes(10), kWideWindow);
      co_await read_to_end(late, server, ReaderPace::kPrompt);
      EXPECT_TRUE(late.ended());
    }
    co_await server.stop();
  };
  block_on(body());
}

}  // namespace
}  // namespace tern::test

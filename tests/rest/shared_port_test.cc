// One port for gRPC and everything else: by a connection's first bytes, by ALPN, by each request's content type.
#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <vector>

#include "probe.tern.h"
#include "rest/http_client.h"
#include "support/certificates.h"
#include "support/openssl_wire.h"
#include "support/paced_client.h"
#include "support/probe_service.h"

namespace tern::rest {
namespace {

using namespace std::chrono_literals;
using tern::test::v1::Order;
using tern::test::v1::Payload;
using tern::test::v1::Probe;
using test::Answer;
using test::Http1Client;

struct Shared {
  explicit Shared(ServerOptions options = {}) : server(options) {
    server.add_service(service);
    site.add_services(server);
    port = server.listen("127.0.0.1:0", {.http = &site});
  }
  tern::test::ProbeService service;
  Site site;
  Server server;
  std::uint16_t port = 0;
};

Order order_of(std::int64_t number) {
  Order order;
  order.set_number(number);
  return order;
}

/// Asks for what never answers by itself, until its handler runs.
Task<void> begin_to_hang(Http1Client& client, const tern::test::ProbeService& service) {
  co_await client.write(
      "POST /tern.test.v1.Probe/Hang HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n"
      "Content-Length: 2\r\n\r\n{}");
  while (service.begun == 0) co_await sleep(1ms);
}

TEST(SharedPort, GrpcAndHttpBesideEachOther) {
  const auto body = []() -> Task<void> {
    Shared shared;
    Channel channel{"127.0.0.1:" + std::to_string(shared.port)};
    const Probe::Stub stub{channel};
    Http1Client client{shared.port};
    for (int i = 0; i < 10; ++i) {
      const Payload reply = co_await stub.Unary(order_of(i));
      EXPECT_EQ(reply.number(), i);
      const Answer answer = co_await client.ask("POST", "/tern.test.v1.Probe/Unary", R"({"number":"3"})",
                                                "Content-Type: application/json\r\n");
      EXPECT_EQ(answer.body(), R"({"number":"3"})");
    }
    co_await channel.close();
    co_await shared.server.stop({.grace = 1h});
  };
  block_on(body(), {.threads = 2});
}

TEST(SharedPort, TheFirstBytesMayComeOneByOne) {
  const auto body = []() -> Task<void> {
    Shared shared;
    Http1Client http2{shared.port};
    for (const char letter : std::string{"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"}) {
      co_await http2.write(std::string(1, letter));
      co_await sleep(1ms);
    }
    co_await http2.write(std::string{"\0\0\0\4\0\0\0\0\0", 9});
    co_await http2.write(std::string{"\0\0\x8\6\0\0\0\0\0abcdefgh", 17});
    Http1Client http1{shared.port};
    for (const char letter : std::string{"PRINT / HTTP/1.1\r\nHost: a\r\n\r\n"}) {
      co_await http1.write(std::string(1, letter));
    }
    const Answer answer = co_await http1.read();
    EXPECT_EQ(answer.result_int(), 404U);
    // The PING comes back.
    co_await http2.write(std::string{"\0\0\x8\7\0\0\0\0\0\0\0\0\0\0\0\0\0", 17});
    const std::string all = co_await http2.read_to_end();
    EXPECT_NE(all.find("abcdefgh"), std::string::npos);
    co_await shared.server.stop();
  };
  block_on(body());
}

TEST(SharedPort, WhoSaysNothingIsLetGo) {
  const auto body = []() -> Task<void> {
    Shared shared{{.handshake_timeout = 20ms}};
    Http1Client client{shared.port};
    co_await client.write("PRI * HTTP");
    const std::string rest = co_await client.read_to_end();
    EXPECT_EQ(rest, "");
    co_await shared.server.stop({.grace = 1h});
  };
  block_on(body());
}

/// All that the server sends to a client that agreed on HTTP/2 in the TLS handshake, and then sent this.
Task<std::string> answer_after_h2(const tern::test::Certificates& certificates, std::string first_bytes) {
  ServerTls tls{{.certificate_file = certificates.file("server.pem"), .key_file = certificates.file("server.key")}};
  Site site;
  Server server;
  const std::uint16_t port = server.listen("127.0.0.1:0", {.tls = &tls, .http = &site});
  std::string all;
  {
    tern::test::OpensslWire wire{tern::test::connect_to_port(port), TLS1_3_VERSION};
    co_await wire.shake_hands();
    const bool written = co_await wire.write(std::move(first_bytes));
    EXPECT_TRUE(written);
    std::vector<std::uint8_t> bytes(4096);
    for (;;) {
      const std::size_t size = co_await wire.read(bytes);
      if (size == 0) break;
      all.append(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(size));
    }
  }
  co_await server.stop({.grace = 1h});
  co_return all;
}

// RFC 9113 §3.2 and §3.4.
TEST(SharedPort, AWrongPrefaceAfterAlpnH2IsAnErrorOfHttp2) {
  const tern::test::Certificates certificates;
  certificates.make("server", "DNS:localhost,IP:127.0.0.1");
  const auto body = [](const tern::test::Certificates& its_certificates) -> Task<void> {
    for (const char* wrong : {"INVALID CONNECTION PREFACE\r\n\r\n", "GET / HTTP/1.1\r\nhost: a\r\n\r\n"}) {
      const std::string answer = co_await answer_after_h2(its_certificates, wrong);
      EXPECT_EQ(answer.find("HTTP/1.1"), std::string::npos) << answer;
      EXPECT_GT(answer.size(), http2::kFrameHeaderBytes);
      if (answer.size() <= 3) continue;
      EXPECT_EQ(static_cast<http2::FrameType>(answer[3]), http2::FrameType::kSettings);
    }
  };
  block_on(body(certificates));
}

TEST(SharedPort, APortWithoutASiteTakesGrpcAlone) {
  const auto body = []() -> Task<void> {
    Shared shared;
    Http1Client client{shared.server.listen("127.0.0.1:0")};
    co_await client.write("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    const std::string rest = co_await client.read_to_end();
    EXPECT_EQ(rest.find("HTTP/1.1"), std::string::npos);
    co_await shared.server.stop();
  };
  block_on(body());
}

// Through the site and its channel, too: the server's stop cancels the handler, and nobody waits for an hour.
TEST(SharedPort, AStopEndsWhatRuns) {
  const auto body = []() -> Task<void> {
    Shared shared;
    Http1Client client{shared.port};
    co_await begin_to_hang(client, shared.service);
    co_await shared.server.stop({.grace = 1ms});
    EXPECT_EQ(shared.service.running, 0);
  };
  block_on(body());
}

TEST(SharedPort, AClientThatLeavesCancelsTheServicesHandler) {
  const auto body = []() -> Task<void> {
    Shared shared;
    Http1Client client{shared.port};
    co_await begin_to_hang(client, shared.service);
    client.close();
    while (shared.service.running != 0) co_await sleep(1ms);
    co_await shared.server.stop({.grace = 1h});
  };
  block_on(body());
}

Task<void> stop_when(Event& running, Server& server) {
  co_await running.wait();
  co_await server.stop({.grace = 1h});
}

/// A response of a million bytes over HTTP/2. The client leaves the last bytes unread until the server has ended the
/// connection, and sends something then.
Task<void> read_a_response_to_its_end(ServerOptions options, bool stop) {
  constexpr std::size_t kSize = 1'000'000;
  constexpr std::size_t kLeftUnread = 60'000;
  Event running;
  Site site;
  site.route("GET", "/large", [&running](Request&) -> Task<Response> {
    running.set();
    co_await sleep(50ms);
    Response response;
    response.body = std::string(kSize, 'x');
    co_return response;
  });
  Server server{options};
  const std::uint16_t port = server.listen("127.0.0.1:0", {.http = &site});
  std::optional<tern::test::PacedClient> client{tern::test::wire_over(tern::test::connect_to_port(port))};
  co_await client->ask("/large", "text/plain", {}, 1U << 30);
  TaskGroup stopping;
  if (stop) stopping.spawn(stop_when(running, server));
  bool waited = false;
  bool more = true;
  while (more) {
    more = co_await client->read(16'000);
    if (waited || client->data() + kLeftUnread < kSize) continue;
    waited = true;
    co_await tern::test::until_no_connection_is_left(server);
    co_await client->say_something();
  }
  EXPECT_EQ(client->data(), kSize);
  EXPECT_TRUE(client->ended());
  EXPECT_FALSE(client->shut_out());
  client.reset();
  co_await stopping.join();
  co_await server.stop();
}

TEST(SharedPort, AStopDeliversEveryByteOfAResponseOverHttp2) { block_on(read_a_response_to_its_end({}, true)); }

TEST(SharedPort, MaxConnectionAgeDeliversEveryByteOfAResponseOverHttp2) {
  block_on(read_a_response_to_its_end({.max_connection_age = 1ms}, false));
}

// Destroyed without a stop: everything is closed where it stands.
TEST(SharedPort, AServerMayEndWithoutAStop) {
  const auto body = []() -> Task<void> {
    Shared shared;
    Http1Client client{shared.port};
    co_await begin_to_hang(client, shared.service);
  };
  block_on(body(), {.threads = 2});
}

}  // namespace
}  // namespace tern::rest

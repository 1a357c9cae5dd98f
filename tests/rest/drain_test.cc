// A server that stops while its HTTP clients have requests on their way: none of them fails.
#include <gtest/gtest.h>

#include <boost/asio/read_until.hpp>
#include <string>

#include "support/probe_service.h"
#include "support/raw_client.h"
#include "tern/rest/site.h"
#include "tern/tern.h"

namespace tern::rest {
namespace {

using namespace std::chrono_literals;

/// Reads one response after the other.
class KeptClient final : public tern::test::RawClient {
 public:
  using RawClient::RawClient;
  /// Up to and with `end`.
  Task<std::string> read_until(std::string end) {
    const std::size_t size =
        co_await boost::asio::async_read_until(socket(), boost::asio::dynamic_buffer(buffer_), end, use_task);
    std::string text = buffer_.substr(0, size);
    buffer_.erase(0, size);
    co_return text;
  }

 private:
  std::string buffer_;
};

/// A server with a route and a service, and its stop.
struct Draining {
  Draining() {
    site.route("GET", "/",
               [](Request& /*request*/) -> Task<Response> { co_return Response{200, "text/plain", "hello"}; });
    server.add_service(probe);
    site.add_services(server);
    port = server.listen("127.0.0.1:0", {.http = &site});
  }

  /// Returns when the server drains.
  Task<void> begin(StopOptions options) {
    stop.spawn(server.stop(options));
    for (bool accepts = true; accepts;) {
      tern::test::RawClient client{port};
      try {
        co_await client.write("");
      } catch (const boost::system::system_error&) {
        accepts = false;
      }
    }
    co_await server.inspect();  // each loop has begun
  }

  tern::test::ProbeService probe;
  Site site;
  Server server;
  TaskGroup stop;
  std::uint16_t port = 0;
};

constexpr const char* kGet = "GET / HTTP/1.1\r\nhost: a\r\n\r\n";

TEST(Drain, ServesOneMoreRequestOnAnIdleHttp1Connection) {
  const auto body = []() -> Task<void> {
    Draining server;
    KeptClient client{server.port};
    co_await client.write(kGet);
    const std::string first = co_await client.read_until("hello");
    EXPECT_TRUE(first.starts_with("HTTP/1.1 200")) << first;
    co_await server.begin({.grace = 1h, .http1_idle = 1h});
    co_await client.write(kGet);
    const std::string last = co_await client.read_to_end();
    EXPECT_TRUE(last.starts_with("HTTP/1.1 200")) << last;
    EXPECT_NE(last.find("onnection: close"), std::string::npos) << last;
    client.close();
    co_await server.stop.join();
  };
  block_on(body());
}

TEST(Drain, ClosesHttp1ConnectionsThatStayIdle) {
  const auto body = []() -> Task<void> {
    Draining server;
    KeptClient client{server.port};
    co_await client.write(kGet);
    co_await client.read_until("hello");
    co_await server.begin({.grace = 1h, .http1_idle = 20ms});
    const std::string rest = co_await client.read_to_end();
    EXPECT_EQ(rest, "");
    co_await server.stop.join();
  };
  block_on(body());
}

// Such a request becomes a call over a connection inside of the process, which must drain last.
TEST(Drain, ServesCallsOfServicesOverHttp) {
  const auto body = []() -> Task<void> {
    Draining server;
    KeptClient client{server.port};
    const std::string call =
        "POST /tern.test.v1.Probe/Unary HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\n"
        "content-length: 12\r\n\r\n{\"number\":7}";
    co_await client.write(call);
    co_await client.read_until("\"7\"");
    co_await server.begin({.grace = 1h, .http1_idle = 1h});
    co_await client.write(call);
    const std::string last = co_await client.read_to_end();
    EXPECT_TRUE(last.starts_with("HTTP/1.1 200")) << last;
    client.close();
    co_await server.stop.join();
  };
  block_on(body());
}

/// Waits until the server has accepted so many connections.
Task<void> until_accepted(std::uint64_t count) {
  while (Loop::current()->traffic().connections_opened.value() < count) co_await sleep(1ms);
}

TEST(Drain, ServesAClientWhoseFirstRequestComesLate) {
  const auto body = []() -> Task<void> {
    Draining server;
    const std::uint64_t before = Loop::current()->traffic().connections_opened.value();
    KeptClient client{server.port};
    co_await client.write("");
    co_await until_accepted(before + 1);
    co_await server.begin({.grace = 1h});
    co_await client.write(kGet);
    const std::string response = co_await client.read_to_end();
    EXPECT_TRUE(response.starts_with("HTTP/1.1 200")) << response;
    EXPECT_NE(response.find("onnection: close"), std::string::npos) << response;
    client.close();
    co_await server.stop.join();
  };
  block_on(body());
}

TEST(Drain, IsNotHeldUpByAClientThatSaysNothing) {
  const auto body = []() -> Task<void> {
    Draining server;
    const std::uint64_t before = Loop::current()->traffic().connections_opened.value();
    KeptClient client{server.port};
    co_await client.write("");
    co_await until_accepted(before + 1);
    co_await server.server.stop({.grace = 1h});
    const std::string rest = co_await client.read_to_end();
    EXPECT_EQ(rest, "");
  };
  block_on(body());
}

}  // namespace
}  // namespace tern::rest

#include "tern/rest/server.h"

#include <gtest/gtest.h>

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>
#include <stdexcept>
#include <string>

#include "tern/async/asio.h"
#include "tern/tern.h"

namespace tern::rest {
namespace {

namespace asio = boost::asio;
namespace http = boost::beast::http;
using asio::ip::tcp;
using namespace std::chrono_literals;

class Client {
 public:
  explicit Client(std::uint16_t port) : port_(port) {}

  Task<http::response<http::string_body>> send(std::string request) {
    if (!socket_.is_open()) {
      co_await socket_.async_connect({asio::ip::address_v4::loopback(), port_}, use_task);
    }
    co_await asio::async_write(socket_, asio::buffer(request), use_task);
    http::response<http::string_body> response;
    co_await http::async_read(socket_, buffer_, response, use_task);
    co_return response;
  }

 private:
  std::uint16_t port_;
  tcp::socket socket_{Loop::require_current("a test").context()};
  boost::beast::flat_buffer buffer_;
};

Task<Response> health(const Request& /*request*/) { co_return Response::json(R"({"status":"ok"})"); }
Task<Response> echo(const Request& request) {
  co_await sleep(1ms);
  co_return Response{200, "text/plain", request.method + " " + request.target + " " + request.body};
}
Task<Response> fail(const Request& /*request*/) {
  throw std::runtime_error("secret");
  co_return Response{};
}

template <class Body>
void with_rest(Body body, ServerOptions options = {}) {
  const auto run = [](Body its_body, ServerOptions its_options) -> Task<void> {
    Server server{its_options};
    server.route("GET", "/health", health);
    server.route("POST", "/echo", echo);
    server.route("GET", "/fail", fail);
    Client client{server.listen("127.0.0.1:0")};
    co_await its_body(client);
    // An idle connection does not use up the grace, or this would not end.
    co_await server.stop(1h);
  };
  block_on(run(body, options), {.threads = 2});
}

TEST(Rest, AnswersSeveralRequestsOnOneConnection) {
  with_rest([](Client& client) -> Task<void> {
    for (int i = 0; i < 3; ++i) {
      const auto response = co_await client.send("GET /health?x=1 HTTP/1.1\r\nHost: a\r\n\r\n");
      EXPECT_EQ(response.result_int(), 200U);
      EXPECT_EQ(response.body(), R"({"status":"ok"})");
      EXPECT_EQ(response[http::field::content_type], "application/json");
    }
    const auto posted = co_await client.send("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nhi");
    EXPECT_EQ(posted.body(), "POST /echo hi");
  });
}

TEST(Rest, UnknownPathsAndMethods) {
  with_rest([](Client& client) -> Task<void> {
    const auto missing = co_await client.send("GET /nothing HTTP/1.1\r\nHost: a\r\n\r\n");
    EXPECT_EQ(missing.result_int(), 404U);
    const auto wrong = co_await client.send("DELETE /health HTTP/1.1\r\nHost: a\r\n\r\n");
    EXPECT_EQ(wrong.result_int(), 405U);
  });
}

TEST(Rest, AHandlerThatThrowsIs500AndTellsNoSecrets) {
  with_rest([](Client& client) -> Task<void> {
    const auto response = co_await client.send("GET /fail HTTP/1.1\r\nHost: a\r\n\r\n");
    EXPECT_EQ(response.result_int(), 500U);
    EXPECT_EQ(response.body().find("secret"), std::string::npos);
  });
}

TEST(Rest, RefusesWhatIsTooLargeOrBroken) {
  with_rest(
      [](Client& client) -> Task<void> {
        const auto response = co_await client.send("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\n" +
                                                   std::string(100, 'b'));
        EXPECT_EQ(response.result_int(), 413U);
      },
      {.max_body_length = 10});
  with_rest([](Client& client) -> Task<void> {
    const auto response = co_await client.send("this is no request\r\n\r\n");
    EXPECT_EQ(response.result_int(), 400U);
  });
  with_rest([](Client& client) -> Task<void> {
    const auto response =
        co_await client.send("GET /health HTTP/1.1\r\nHost: a\r\nX: " + std::string(20'000, 'h') + "\r\n\r\n");
    EXPECT_EQ(response.result_int(), 431U);
  });
}

TEST(Rest, StopsWhileAConnectionIsIdle) {
  with_rest([](Client& client) -> Task<void> {
    const auto response = co_await client.send("GET /health HTTP/1.1\r\nHost: a\r\n\r\n");
    EXPECT_EQ(response.result_int(), 200U);
  });
}

TEST(Rest, ARouteTwiceIsAnError) {
  const auto body = []() -> Task<void> {
    Server server;
    server.route("GET", "/health", health);
    EXPECT_THROW(server.route("GET", "/health", health), std::invalid_argument);
    EXPECT_THROW(server.route("GET", "health", health), std::invalid_argument);
    co_return;
  };
  block_on(body());
}

}  // namespace
}  // namespace tern::rest

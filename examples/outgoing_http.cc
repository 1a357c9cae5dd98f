// A handler that asks an outside REST API for a part of its answer: with tern's client, which waits without blocking,
// and with a library that blocks. The log (on stderr here) says which call blocked the loop, and where.
#include <algorithm>
#include <atomic>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>
#include <cstdio>
#include <memory>
#include <string>
#include <vector>

#include "example/v1/greeter.tern.h"
#include "tern/rest/client.h"
#include "tern/rest/site.h"
#include "tern/tern.h"

using namespace std::chrono_literals;
using example::v1::Greeting;
using example::v1::Name;

namespace http = boost::beast::http;
using boost::asio::ip::tcp;

/// The outside API, on a loop and thread of its own: 150 ms away. How many ask it at once:
std::atomic<int> asking = 0;
std::atomic<int> most_asking = 0;

tern::Task<tern::rest::Response> profile(tern::rest::Request& request) {
  most_asking = std::max<int>(++asking, most_asking);
  co_await tern::sleep(150ms);
  --asking;
  co_return tern::rest::Response{200, "text/plain", "of " + request.path_parameters.at("name") + "'s profile"};
}
struct Outside {
  tern::rest::Site site;
  tern::Server server;
  std::uint16_t port = 0;
};
tern::Task<void> open(std::unique_ptr<Outside>& outside) {
  outside = std::make_unique<Outside>();
  outside->site.route("GET", "/profiles/{name}", profile);
  outside->port = outside->server.listen("127.0.0.1:0", {.http = &outside->site});
  co_return;
}
tern::Task<void> close(std::unique_ptr<Outside>& outside) {
  co_await outside->server.stop();
  outside.reset();
}

/// As a library would that knows no event loop.
std::string ask_and_block(std::uint16_t port, const std::string& name) {
  boost::asio::io_context context;
  tcp::socket socket{context};
  socket.connect({boost::asio::ip::address_v4::loopback(), port});
  http::request<http::empty_body> request{http::verb::get, "/profiles/" + name, 11};
  request.set(http::field::host, "localhost");
  http::write(socket, request);
  boost::beast::flat_buffer buffer;
  http::response<http::string_body> response;
  http::read(socket, buffer, response);
  return response.body();
}

class GreeterService final : public example::v1::Greeter::AsyncService {
 public:
  GreeterService(std::uint16_t port, bool right) : port_(port), right_(right) {}

 private:
  tern::Task<Greeting> Greet(tern::ServerContext& /*context*/, const Name& request) override {
    Greeting greeting;
    if (right_) {
      const std::string url = "http://127.0.0.1:" + std::to_string(port_) + "/profiles/" + request.name();
      const tern::rest::ClientResponse answer = co_await http_.get(url);
      greeting.set_text(answer.body);
    } else {
      greeting.set_text(ask_and_block(port_, request.name()));
    }
    co_return greeting;
  }

  std::uint16_t port_;
  bool right_;
  tern::rest::Client http_{{.timeout = 2s}};
};

tern::Task<void> greet_five(std::uint16_t outside, bool right) {
  GreeterService service{outside, right};
  tern::Server server;
  server.add_service(service);
  tern::Channel channel{"127.0.0.1:" + std::to_string(server.listen("127.0.0.1:0"))};
  const example::v1::Greeter::Stub stub{channel};
  Name name;
  name.set_name("kim");
  most_asking = 0;
  std::vector<tern::Task<Greeting>> calls;
  calls.reserve(5);
  for (int i = 0; i < 5; ++i) calls.push_back(stub.Greet(name).task());
  const std::vector<Greeting> greetings = co_await tern::gather(std::move(calls));
  std::printf("%s: %zu greetings %s, %d at once\n", right ? "tern::rest::Client" : "a blocking library",
              greetings.size(), greetings.front().text().c_str(), most_asking.load());
  co_await channel.close();
  co_await server.stop();
}

tern::Task<void> run() {
  tern::LoopThread elsewhere;
  std::unique_ptr<Outside> outside;
  co_await tern::run_in_executor([&] { tern::block_on_loop(elsewhere.loop(), open(outside)); });
  const tern::Loop& loop = tern::Loop::require_current("this example");
  co_await greet_five(outside->port, true);
  std::printf("the loop was %s\n", loop.times_blocked() > 0 ? "blocked" : "never blocked");
  co_await greet_five(outside->port, false);
  std::printf("the loop was %s\n", loop.times_blocked() > 0 ? "blocked" : "never blocked");
  co_await tern::run_in_executor([&] { tern::block_on_loop(elsewhere.loop(), close(outside)); });
}

int main() { return tern::run(run()); }

// The client against a site of ours over each version of HTTP, and against HTTP/1.1 servers that do what they should
// not.
#include "tern/rest/client.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "rest/client_site.h"
#include "rest/http_client.h"
#include "support/fault_proxy.h"
#include "support/port_of.h"

namespace tern::rest {
namespace {

using namespace std::chrono_literals;
namespace asio = boost::asio;
using test::Carrier;
using test::Reach;

Task<Response> echo(Request& request) {
  const std::string body = co_await request.body();
  std::string text = request.method + " " + request.target + " " + body;
  Response response{200, "text/plain", std::move(text)};
  if (const auto asked = request.fields.get("x-ask")) response.fields.add("x-told", *asked);
  co_return response;
}
Task<Response> slow(Request& /*request*/) {
  co_await sleep(1h);
  co_return Response{};
}
AsyncGenerator<std::string> many_pieces() {
  for (int i = 0; i < 100; ++i) {
    std::string piece(1000, 'x');
    co_yield std::move(piece);
  }
}
Task<Response> large(Request& /*request*/) { co_return Response::stream("text/plain", many_pieces()); }

/// Redirects "/to/N" to "/to/N-1" and so on to "/to/0", which tells what reached it.
Task<Response> count_down(Request& request) {
  const int left = std::stoi(request.path_parameters.at("left"));
  if (left == 0) {
    const std::string body = co_await request.body();
    std::string told = request.method + " '" + body + "'";
    for (const auto& [name, value] : request.fields) {
      if (name == "authorization" || name == "x-ask") told += " " + name;
    }
    co_return Response{200, "text/plain", std::move(told)};
  }
  Response response{static_cast<unsigned>(std::stoi(request.path_parameters.at("status")))};
  response.fields.add("location", std::to_string(left - 1));
  co_return response;
}
Task<Response> to_elsewhere(Request& request) {
  Response response{307};
  response.fields.add("location", request.query_parameters().at(0).second);
  co_return response;
}

void add_redirects(Site& site) {
  for (const char* method : {"GET", "POST"}) {
    site.route(method, "/to/{status}/{left}", count_down);
    site.route(method, "/elsewhere", to_elsewhere);
  }
}

AsyncGenerator<std::string> pieces_of_request(Request& request) {
  while (std::optional<std::string> piece = co_await request.read()) co_yield *std::move(piece);
}
Task<Response> echo_stream(Request& request) {
  co_return Response::stream("application/octet-stream", pieces_of_request(request));
}
Task<Response> too_much(Request& /*request*/) { co_return Response{413, "text/plain", "too much"}; }

/// "hello, gzip" as gzip, its bytes from zlib.
Task<Response> compressed(Request& request) {
  static constexpr std::string_view kHello{
      "\x1f\x8b\x08\x00\x00\x00\x00\x00\x02\x03\xcb\x48\xcd\xc9\xc9\xd7\x51\x48\xaf\xca"
      "\x2c\x00\x00\x4a\x9b\xb1\x5c\x0b\x00\x00\x00",
      31};
  const std::string_view accepted = request.fields.get("accept-encoding").value_or("");
  if (accepted.find("gzip") == std::string_view::npos) co_return Response{200, "text/plain", "hello, plain"};
  Response response{200, "text/plain", std::string{kHello}};
  response.fields.add("content-encoding", "gzip");
  co_return response;
}

/// Notes when a request is being answered, and when its handler has ended.
class Watched {
 public:
  Task<Response> hang(Request& /*request*/) {
    const AtEnd at_end{*this};
    begun.set();
    co_await sleep(1h);
    co_return Response{};
  }
  Event begun;
  Event ended;

 private:
  struct AtEnd {
    explicit AtEnd(Watched& its_owner) : owner(its_owner) {}
    ~AtEnd() { owner.ended.set(); }
    Watched& owner;
  };
};

/// Answers with the status that the path has, and as many bytes.
Task<Response> sized(Request& request) {
  const std::string body = co_await request.body();
  const auto status = static_cast<unsigned>(std::stoi(request.path_parameters.at("status")));
  Response response{status};
  if (status != 204 && status != 304) {
    response = Response{status, "text/plain", std::string(std::stoul(request.path_parameters.at("size")), 'r')};
  }
  response.fields.add("x-received", std::to_string(body.size()));
  co_return response;
}

void add_routes(Site& site) {
  for (const char* method : {"GET", "POST", "DELETE"}) site.route(method, "/echo", echo);
  for (const char* method : {"GET", "POST", "PUT", "PATCH", "DELETE"}) {
    site.route(method, "/sized/{status}/{size}", sized);
  }
  site.route("GET", "/slow", slow);
  site.route("GET", "/large", large);
  site.route("POST", "/stream", echo_stream);
  site.route("POST", "/too-much", too_much);
  site.route("GET", "/compressed", compressed);
  add_redirects(site);
}

/// Each test runs over each carrier.
class HttpClient : public ::testing::TestWithParam<Carrier> {
 protected:
  /// Runs `body(reach)` beside a site.
  template <class Body>
  void beside_a_site(Body body) {
    test::beside(GetParam(), add_routes, body);
  }
};

INSTANTIATE_TEST_SUITE_P(Each, HttpClient, ::testing::Values(Carrier::kHttp1, Carrier::kHttp1OverTls, Carrier::kHttp2),
                         [](const auto& tested) { return test::name_of(tested.param); });

/// A server that says `answer` to each request on its connections, and then closes when `closes`.
class ScriptedHttp1 {
 public:
  ScriptedHttp1(std::string answer, bool closes) : answer_(std::move(answer)), closes_(closes) {
    group_.spawn(accept());
  }
  [[nodiscard]] std::string url() const {
    return "http://127.0.0.1:" + std::to_string(acceptor_.local_endpoint().port()) + "/";
  }
  int connections = 0;
  int requests = 0;

 private:
  Task<void> accept() {
    for (;;) {
      asio::ip::tcp::socket socket = co_await acceptor_.async_accept(use_task);
      ++connections;
      group_.spawn(serve(std::move(socket)));
    }
  }
  Task<void> serve(asio::ip::tcp::socket socket) {
    std::array<char, 4096> buffer{};
    for (;;) {
      auto [error, size] = co_await socket.async_read_some(asio::buffer(buffer), asio::as_tuple(use_task));
      if (error) co_return;
      ++requests;
      co_await asio::async_write(socket, asio::buffer(answer_), use_task);
      if (closes_) co_return;
    }
  }
  std::string answer_;
  bool closes_;
  asio::ip::tcp::acceptor acceptor_{Loop::require_current("a test").context(), {asio::ip::address_v4::loopback(), 0}};
  TaskGroup group_;
};

/// What the client says of such an answer.
std::string failure_of(std::string answer, bool closes = true, ClientOptions options = {}) {
  std::string what;
  const auto run = [](std::string its_answer, bool its_closes, ClientOptions its_options,
                      std::string& its_what) -> Task<void> {
    ScriptedHttp1 server{std::move(its_answer), its_closes};
    Client client{its_options};
    try {
      const ClientResponse response = co_await client.get(server.url());
      its_what = "it was taken: " + std::to_string(response.status);
    } catch (const ClientError& error) {
      its_what = error.what();
      its_what.erase(0, std::string{"GET "}.size() + server.url().size() - 1 + std::string{": "}.size());
    }
  };
  block_on(run(std::move(answer), closes, options, what));
  return what;
}

TEST_P(HttpClient, AsksAndKeepsItsConnection) {
  beside_a_site([](const Reach& reach) -> Task<void> {
    Client client{reach.options()};
    for (int i = 0; i < 3; ++i) {
      const ClientResponse response = co_await client.get(reach.url + "/echo?x=1#part");
      EXPECT_EQ(response.status, 200U);
      EXPECT_EQ(response.body, "GET /echo?x=1 ");
      EXPECT_EQ(response.fields.get("content-type"), "text/plain");
    }
    const ClientResponse posted = co_await client.post(reach.url + "/echo", "text/plain", "hi");
    EXPECT_EQ(posted.body, "POST /echo hi");
    ClientRequest request{"DELETE", reach.url + "/echo"};
    request.fields.add("X-Ask", "this");
    const ClientResponse deleted = co_await client.send(std::move(request));
    EXPECT_EQ(deleted.fields.get("x-told"), "this");
    const ClientResponse missing = co_await client.get(reach.url + "/nothing");
    EXPECT_EQ(missing.status, 404U);
    const ClientResponse chunked = co_await client.get(reach.url + "/large");
    EXPECT_EQ(chunked.body.size(), 100'000U);
    const ClientResponse head = co_await client.send(ClientRequest{"HEAD", reach.url + "/echo"});
    EXPECT_EQ(head.body, "");
    EXPECT_EQ(client.connections(), 1U);
  });
}

TEST_P(HttpClient, HasAsManyConnectionsAsItMay) {
  beside_a_site([](const Reach& reach) -> Task<void> {
    Client client{reach.options({.max_connections_per_host = 3})};
    std::vector<Task<ClientResponse>> asked;
    asked.reserve(20);
    for (int i = 0; i < 20; ++i) asked.push_back(client.get(reach.url + "/echo?" + std::to_string(i)));
    const std::vector<ClientResponse> answers = co_await gather(std::move(asked));
    for (int i = 0; i < 20; ++i)
      EXPECT_EQ(answers.at(static_cast<std::size_t>(i)).body, "GET /echo?" + std::to_string(i) + " ");
    EXPECT_EQ(client.connections(), reach.http2() ? 1U : 3U);
  });
}

TEST_P(HttpClient, TimesOut) {
  beside_a_site([](const Reach& reach) -> Task<void> {
    Client client{reach.options({.timeout = 20ms})};
    const std::string what = co_await test::failure_of(client, ClientRequest{"GET", reach.url + "/slow"});
    EXPECT_EQ(what, "GET " + reach.url + ": timed out");
    EXPECT_LE(client.connections(), reach.http2() ? 1U : 0U);
  });
}

TEST_P(HttpClient, CancelledRequestsReachTheServerAndLeaveOthersAlone) {
  Watched watched;
  const auto set_up = [&watched](Site& site) {
    site.route("GET", "/hang", [&watched](Request& request) { return watched.hang(request); });
    site.route("GET", "/echo", echo);
  };
  const auto body = [&watched](const Reach& reach) -> Task<void> {
    Client client{reach.options()};
    TaskGroup group;
    const auto ask = [](Client& its_client, std::string its_url) -> Task<void> { co_await its_client.get(its_url); };
    group.spawn(ask(client, reach.url + "/hang"));
    co_await watched.begun.wait();
    group.cancel();
    co_await group.join();
    EXPECT_EQ(client.connections(), reach.http2() ? 1U : 0U);
    co_await watched.ended.wait();
    const ClientResponse next = co_await client.get(reach.url + "/echo");
    EXPECT_EQ(next.status, 200U);
    EXPECT_EQ(client.connections(), 1U);
  };
  test::beside(GetParam(), set_up, body);
}

TEST_P(HttpClient, CarriesEachMethodStatusAndSize) {
  beside_a_site([](const Reach& reach) -> Task<void> {
    Client client{reach.options()};
    for (const std::size_t size : {0UL, 1UL, 16'384UL, 65'535UL, 65'536UL, 300'000UL, 4UL << 20}) {
      for (const char* method : {"GET", "POST", "PUT", "PATCH", "DELETE"}) {
        for (const unsigned status : {200U, 201U, 404U, 500U}) {
          if (size > 300'000 && (status != 200 || *method != 'P')) continue;
          const std::string path = "/sized/" + std::to_string(status) + "/" + std::to_string(size);
          ClientRequest request{method, reach.url + path};
          request.body.assign(size, 'b');
          const ClientResponse response = co_await client.send(std::move(request));
          EXPECT_EQ(response.status, status) << method << path;
          EXPECT_EQ(response.body.size(), size) << method << path;
          EXPECT_EQ(response.fields.get("x-received"), std::to_string(size)) << method << path;
        }
      }
    }
    for (const char* path : {"/sized/204/0", "/sized/304/0"}) {
      const ClientResponse response = co_await client.get(reach.url + path);
      EXPECT_EQ(response.body, "") << path;
    }
    const ClientResponse head = co_await client.send(ClientRequest{"HEAD", reach.url + "/sized/200/100"});
    EXPECT_EQ(head.status, 200U);
    EXPECT_EQ(head.fields.get("content-length"), "100");
    EXPECT_EQ(head.body, "");
    EXPECT_EQ(client.connections(), 1U);
  });
}

AsyncGenerator<std::string> counted(std::size_t& yielded) {
  for (;;) {
    std::string piece(16'384, 'x');
    yielded += piece.size();
    co_yield std::move(piece);
  }
}

// The first piece shows that the response runs; what comes later stops at windows and sockets.
TEST_P(HttpClient, HoldsBackAServerWhoseResponseIsNotRead) {
  std::size_t yielded = 0;
  const auto set_up = [&yielded](Site& site) {
    site.route("GET", "/endless", [&yielded](Request& /*request*/) -> Task<Response> {
      co_return Response::stream("text/plain", counted(yielded));
    });
    site.route("GET", "/echo", echo);
  };
  const auto body = [&yielded](const Reach& reach) -> Task<void> {
    Client client{reach.options({.decompress = false})};  // compressed, its thousandth part would fit everywhere
    ClientStream stream = co_await client.open(ClientRequest{"GET", reach.url + "/endless"});
    const std::optional<std::string> piece = co_await stream.read();
    EXPECT_TRUE(piece);
    for (int i = 0; i < 100; ++i) {
      const ClientResponse other = co_await client.get(reach.url + "/echo");
      EXPECT_EQ(other.status, 200U);
    }
    EXPECT_LT(yielded, std::size_t{16} << 20);
    EXPECT_EQ(client.connections(), reach.http2() ? 1U : 2U);
  };
  test::beside(GetParam(), set_up, body);
}

TEST_P(HttpClient, RejectsABodyThatIsTooLong) {
  beside_a_site([](const Reach& reach) -> Task<void> {
    Client client{reach.options({.max_body_length = 99'999})};
    const std::string what = co_await test::failure_of(client, ClientRequest{"GET", reach.url + "/large"});
    EXPECT_EQ(what, "GET " + reach.url + ": the response is too long (ClientOptions::max_body_length)");
    EXPECT_EQ(client.connections(), reach.http2() ? 1U : 0U);
  });
}

TEST_P(HttpClient, RejectsAHeadThatIsTooLong) {
  beside_a_site([](const Reach& reach) -> Task<void> {
    Client client{reach.options({.max_header_length = 300})};
    ClientRequest request{"GET", reach.url + "/echo"};
    request.fields.add("x-ask", std::string(300, 'x'));
    const std::string what = co_await test::failure_of(client, std::move(request));
    EXPECT_EQ(what, "GET " + reach.url + ": the response's head is too long (ClientOptions::max_header_length)");
    EXPECT_EQ(client.connections(), reach.http2() ? 1U : 0U);
  });
}

TEST_P(HttpClient, StreamsOutliveTheirClient) {
  beside_a_site([](const Reach& reach) -> Task<void> {
    std::optional<Client> client{std::in_place, reach.options()};
    ClientStream stream = co_await client->open(ClientRequest{"GET", reach.url + "/large"});
    client.reset();
    std::size_t size = 0;
    while (const std::optional<std::string> piece = co_await stream.read()) size += piece->size();
    EXPECT_EQ(size, 100'000U);
  });
}

TEST_P(HttpClient, ChecksTheServersCertificate) {
  if (GetParam() == Carrier::kHttp1) GTEST_SKIP() << "only TLS has certificates";
  beside_a_site([](const Reach& reach) -> Task<void> {
    ClientOptions options = reach.options();
    options.tls = nullptr;
    Client stranger{options};
    const std::string what = co_await test::failure_of(stranger, ClientRequest{"GET", reach.url + "/echo"});
    EXPECT_NE(what.find("certificate was refused"), std::string::npos) << what;
    EXPECT_EQ(stranger.connections(), 0U);
  });
}

TEST(Http1Client, SaysWhatIsWrongWithAnAnswer) {
  const std::string good = "HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello";
  EXPECT_EQ(failure_of(good), "it was taken: 200");
  EXPECT_EQ(failure_of("HTTP/1.0 200 OK\r\n\r\nuntil the end"), "it was taken: 200");
  EXPECT_EQ(failure_of("HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nhello"),
            "the server closed the connection in the middle of the response");
  EXPECT_EQ(failure_of("SSH-2.0-server\r\n\r\n"), "the response is not well-formed: bad version");
  EXPECT_EQ(failure_of(good, true, {.max_body_length = 4}),
            "the response is too long (ClientOptions::max_body_length)");
  EXPECT_EQ(
      failure_of("HTTP/1.1 200 OK\r\nx: " + std::string(1000, 'x') + "\r\n\r\n", true, {.max_header_length = 100}),
      "the response's head is too long (ClientOptions::max_header_length)");
}

TEST(Http1Client, AsksAgainWhereAKeptConnectionIsLost) {
  const auto body = []() -> Task<void> {
    ScriptedHttp1 server{"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n", true};
    Client client;
    for (int i = 0; i < 5; ++i) {
      const ClientResponse response = co_await client.get(server.url());
      EXPECT_EQ(response.status, 200U);
    }
    EXPECT_EQ(server.connections, 5);
    EXPECT_EQ(server.requests, 5);
  };
  block_on(body());
}

TEST(Http1Client, RefusesWhatIsNoRequest) {
  const auto body = []() -> Task<void> {
    Client client;
    const char* const none[] = {"", "127.0.0.1", "ftp://a/", "http:///x", "/path"};
    int wrong = 0;
    for (const char* url : none) {
      try {
        co_await client.get(url);
      } catch (const std::invalid_argument&) {
        ++wrong;
      }
    }
    EXPECT_EQ(wrong, 5);
    bool refused = false;
    try {
      co_await client.send(ClientRequest{"GET / HTTP/1.1\r\n", "http://a/"});
    } catch (const std::invalid_argument&) {
      refused = true;
    }
    EXPECT_TRUE(refused);
    refused = false;
    try {
      co_await client.get("http://127.0.0.1:1/");
    } catch (const ClientError&) {
      refused = true;
    }
    EXPECT_TRUE(refused);
  };
  block_on(body());
}

/// Sends each of `writes` for each request, one write after the other.
class Interim {
 public:
  explicit Interim(std::vector<std::string> writes) : writes_(std::move(writes)) { group_.spawn(accept()); }
  [[nodiscard]] std::string url() const {
    return "http://127.0.0.1:" + std::to_string(acceptor_.local_endpoint().port()) + "/";
  }

 private:
  Task<void> accept() {
    asio::ip::tcp::socket socket = co_await acceptor_.async_accept(use_task);
    std::array<char, 4096> buffer{};
    for (int request = 1;; ++request) {
      auto [error, size] = co_await socket.async_read_some(asio::buffer(buffer), asio::as_tuple(use_task));
      if (error) co_return;
      for (const std::string& write : writes_) co_await asio::async_write(socket, asio::buffer(write), use_task);
      const std::string last = "HTTP/1.1 200 OK\r\ncontent-length: 3\r\n\r\nok" + std::to_string(request);
      co_await asio::async_write(socket, asio::buffer(last), use_task);
    }
  }
  std::vector<std::string> writes_;
  asio::ip::tcp::acceptor acceptor_{Loop::require_current("a test").context(), {asio::ip::address_v4::loopback(), 0}};
  TaskGroup group_;
};

TEST(Http1Client, SkipsInterimResponses) {
  const std::string hints = "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n";
  const std::string go_on = "HTTP/1.1 100 Continue\r\n\r\n";
  const auto body = [](std::vector<std::string> writes) -> Task<void> {
    Interim server{std::move(writes)};
    Client client;
    for (int request = 1; request <= 3; ++request) {
      const ClientResponse response = co_await client.get(server.url());
      EXPECT_EQ(response.status, 200U);
      EXPECT_EQ(response.body, "ok" + std::to_string(request));
      EXPECT_FALSE(response.fields.get("link"));
    }
    EXPECT_EQ(client.connections(), 1U);
  };
  for (const std::vector<std::string>& writes : {std::vector<std::string>{},
                                                 {hints},
                                                 {go_on},
                                                 {hints + go_on},
                                                 {hints, hints, go_on},
                                                 {hints.substr(0, 20), hints.substr(20)}}) {
    block_on(body(writes));
  }
}

TEST(Http1Client, RejectsEndlessInterimResponsesAndUnaskedProtocols) {
  std::string many;
  for (int i = 0; i < 100; ++i) many += "HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n";
  EXPECT_EQ(failure_of(many, false, {.max_header_length = 1000}),
            "the response's head is too long (ClientOptions::max_header_length)");
  EXPECT_EQ(failure_of("HTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\n\r\n"),
            "the server switches to another protocol (101), which nobody asked for");
}

TEST_P(HttpClient, FollowsRedirectsUpToTheLimit) {
  beside_a_site([](const Reach& reach) -> Task<void> {
    Client client{reach.options({.max_redirects = 3})};
    const ClientResponse found = co_await client.get(reach.url + "/to/302/3");
    EXPECT_EQ(found.body, "GET ''");
    EXPECT_EQ(found.url, reach.url + "/to/302/0");
    const ClientResponse posted = co_await client.post(reach.url + "/to/302/1", "text/plain", "hi");
    EXPECT_EQ(posted.body, "GET ''");
    const ClientResponse kept = co_await client.post(reach.url + "/to/308/2", "text/plain", "hi");
    EXPECT_EQ(kept.body, "POST 'hi'");
    std::string what;
    try {
      co_await client.get(reach.url + "/to/302/4");
    } catch (const ClientError& error) {
      what = error.what();
    }
    EXPECT_EQ(what, "GET " + reach.url + ": more than 3 redirects (ClientOptions::max_redirects), the last to " +
                        reach.url + "/to/302/0");
    EXPECT_EQ(client.connections(), 1U);
    Client still{reach.options({.max_redirects = 0})};
    const ClientResponse first = co_await still.get(reach.url + "/to/302/1");
    EXPECT_EQ(first.status, 302U);
  });
}

TEST_P(HttpClient, KeepsCredentialsFromOtherOrigins) {
  beside_a_site([](const Reach& reach) -> Task<void> {
    Site other_site;
    add_redirects(other_site);
    Server other;
    const std::uint16_t port = other.listen("127.0.0.1:0", {.http = &other_site});
    Client client{reach.options()};
    for (const std::string& target : {reach.url, "http://127.0.0.1:" + std::to_string(port)}) {
      ClientRequest request{"POST", reach.url + "/elsewhere?to=" + target + "/to/307/0"};
      request.body = "hi";
      request.fields = {{"authorization", "Bearer secret"}, {"x-ask", "1"}};
      const ClientResponse response = co_await client.send(std::move(request));
      EXPECT_EQ(response.body, target == reach.url ? "POST 'hi' authorization x-ask" : "POST 'hi' x-ask");
    }
    co_await other.stop();
  });
}

AsyncGenerator<std::string> numbered(int count, Event* go_on, bool* ended) {
  struct AtEnd {
    bool* flag;
    ~AtEnd() {
      if (flag != nullptr) *flag = true;
    }
  };
  const AtEnd at_end{ended};
  for (int i = 0; i < count; ++i) {
    if (go_on != nullptr) {
      co_await go_on->wait();
      go_on->clear();
    }
    std::string piece = std::to_string(i) + std::string(1000, '.');
    co_yield std::move(piece);
  }
}

TEST_P(HttpClient, StreamsBodiesBothWays) {
  beside_a_site([](const Reach& reach) -> Task<void> {
    Client client{reach.options()};
    for (const bool with_length : {false, true}) {
      ClientRequest request{"POST", reach.url + "/stream"};
      Event go_on;
      request.pieces = numbered(5, &go_on, nullptr);
      if (with_length) request.length = 5 * 1001;
      ClientStream stream = co_await client.open(std::move(request));
      EXPECT_EQ(stream.status, 200U);
      std::string all;
      for (int i = 0; i < 5; ++i) {
        go_on.set();  // each piece comes back before the next is sent
        while (all.size() < static_cast<std::size_t>(i + 1) * 1001) {
          const std::optional<std::string> piece = co_await stream.read();
          if (!piece) co_return ADD_FAILURE() << "the body ended after " << all.size();
          all += *piece;
        }
        EXPECT_EQ(all.substr(static_cast<std::size_t>(i) * 1001, 1), std::to_string(i));
      }
      const std::optional<std::string> end = co_await stream.read();
      EXPECT_FALSE(end);
    }
    EXPECT_EQ(client.connections(), 1U);
  });
}

TEST_P(HttpClient, ReturnsAnAnswerThatComesBeforeTheRequestIsSent) {
  beside_a_site([](const Reach& reach) -> Task<void> {
    Client client{reach.options()};
    bool ended = false;
    ClientRequest request{"POST", reach.url + "/too-much"};
    request.pieces = numbered(1'000'000, nullptr, &ended);
    const ClientResponse response = co_await client.send(std::move(request));
    EXPECT_EQ(response.status, 413U);
    EXPECT_EQ(response.body, "too much");
    EXPECT_TRUE(ended);
    EXPECT_EQ(client.connections(), reach.http2() ? 1U : 0U);
  });
}

AsyncGenerator<std::string> failing() {
  std::string piece = "begin";
  co_yield piece;
  throw std::domain_error("no more data");
}

TEST_P(HttpClient, PassesOnWhatTheRequestsPiecesThrow) {
  beside_a_site([](const Reach& reach) -> Task<void> {
    Client client{reach.options()};
    std::string what;
    ClientRequest request{"POST", reach.url + "/echo"};
    request.pieces = failing();
    try {
      co_await client.send(std::move(request));
    } catch (const std::domain_error& error) {
      what = error.what();
    }
    EXPECT_EQ(what, "no more data");
    ClientRequest longer{"POST", reach.url + "/echo"};
    longer.pieces = numbered(2, nullptr, nullptr);
    longer.length = 1500;
    try {
      co_await client.send(std::move(longer));
    } catch (const std::length_error& error) {
      what = error.what();
    }
    EXPECT_EQ(what, "the request's pieces are longer than ClientRequest::length");
    EXPECT_EQ(client.connections(), reach.http2() ? 1U : 0U);
  });
}

TEST_P(HttpClient, DecompressesWhatItAskedFor) {
  beside_a_site([](const Reach& reach) -> Task<void> {
    Client client{reach.options()};
    const ClientResponse response = co_await client.get(reach.url + "/compressed");
    EXPECT_EQ(response.body, "hello, gzip");
    EXPECT_FALSE(response.fields.get("content-encoding"));
    EXPECT_FALSE(response.fields.get("content-length"));
    ClientRequest own{"GET", reach.url + "/compressed"};
    own.fields.add("Accept-Encoding", "gzip");
    const ClientResponse raw = co_await client.send(std::move(own));
    EXPECT_EQ(raw.fields.get("content-encoding"), "gzip");
    EXPECT_EQ(raw.body.size(), 31U);
    Client plain{reach.options({.decompress = false})};
    const ClientResponse never = co_await plain.get(reach.url + "/compressed");
    EXPECT_EQ(never.body, "hello, plain");
    EXPECT_EQ(client.connections(), 1U);
  });
}

TEST(Http1Client, RejectsFieldsThatAreItsOwn) {
  const auto body = []() -> Task<void> {
    Client client;
    int rejected = 0;
    for (const char* name : {"Content-Length", "transfer-encoding", "Trailer"}) {
      ClientRequest request{"POST", "http://127.0.0.1:1/"};
      request.fields.add(name, "1");
      try {
        co_await client.send(std::move(request));
      } catch (const std::invalid_argument&) {
        ++rejected;
      }
    }
    EXPECT_EQ(rejected, 3);
  };
  block_on(body());
}

/// Asks for both kinds of bodies; the second is as it was sent, or there is none.
Task<int> ask_through(const tern::test::FaultProxy& proxy, Reach reach, int& failed) {
  const Reach through{reach.carrier(), proxy.port()};
  ClientOptions options = through.options();
  options.decompress = false;  // compressed, the body would be too short to be cut often
  Client http{options};
  int right = 0;
  try {
    const ClientResponse told = co_await http.post(through.url + "/echo", "text/plain", "안녕");
    EXPECT_EQ(told.body, "POST /echo 안녕");
    ++right;
    const ClientResponse large = co_await http.get(through.url + "/large");
    EXPECT_EQ(large.body, std::string(100'000, 'x'));
    ++right;
  } catch (const ClientError&) {
    ++failed;
  }
  co_return right;
}

// A response that is cut off is an error, wherever it ends. A TLS handshake takes a while: fewer bytes of it are tried.
TEST_P(HttpClient, ConnectionsThatAreCutAtAnyByte) {
  beside_a_site([](const Reach& reach) -> Task<void> {
    tern::test::FaultProxy proxy{tern::test::port_of(reach.url)};
    int failed = 0;
    const int all = co_await ask_through(proxy, reach, failed);
    EXPECT_EQ(all, 2);
    EXPECT_EQ(failed, 0);
    const std::size_t to_server = proxy.passed_to_server();
    const std::size_t to_client = proxy.passed_to_client();
    EXPECT_GT(to_client, 100'000U);
    const std::size_t slower = reach.carrier() == Carrier::kHttp1 ? 1 : 30;
    int cut = 0;
    for (const auto kind : {tern::test::Fault::Kind::kClose, tern::test::Fault::Kind::kReset}) {
      for (std::size_t after = 0; after < to_server; after += 3 * slower) {
        proxy.to_server = {.kind = kind, .after = after};
        co_await ask_through(proxy, reach, failed);
        ++cut;
      }
      // Each byte of the heads and of the first chunks, and then some of the others'.
      for (std::size_t after = 0; after < to_client; after += after < 3000 ? 5 * slower : 1009 * slower) {
        proxy.to_client = {.kind = kind, .after = after};
        co_await ask_through(proxy, reach, failed);
        ++cut;
      }
    }
    // The first request has effects, so that it is not sent again; the second may be, where nothing of its answer came.
    EXPECT_GT(failed, cut / 2);
  });
}

TEST_P(HttpClient, BytesMayComeInSmallPieces) {
  beside_a_site([](const Reach& reach) -> Task<void> {
    tern::test::FaultProxy proxy{tern::test::port_of(reach.url)};
    // TLS puts its records together before HTTP sees a byte.
    const std::size_t piece = reach.carrier() == Carrier::kHttp1 ? 1 : 100;
    proxy.to_server = {.piece = piece};
    proxy.to_client = {.piece = piece};
    int failed = 0;
    const int all = co_await ask_through(proxy, reach, failed);
    EXPECT_EQ(all, 2);
  });
}

}  // namespace
}  // namespace tern::rest

// The client against a site of ours, and against servers that do what they should not.
#include "tern/rest/client.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "rest/http_client.h"
#include "support/certificates.h"
#include "support/fault_proxy.h"
#include "support/port_of.h"

namespace tern::rest {
namespace {

using namespace std::chrono_literals;
namespace asio = boost::asio;

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

/// Runs `body(url)` beside a site.
template <class Body>
void beside_a_site(Body body, ServerTls* tls = nullptr) {
  const auto run = [](Body its_body, ServerTls* its_tls) -> Task<void> {
    Site site;
    for (const char* method : {"GET", "POST", "DELETE"}) site.route(method, "/echo", echo);
    site.route("GET", "/slow", slow);
    site.route("GET", "/large", large);
    Server server;
    const std::uint16_t port = server.listen("127.0.0.1:0", {.tls = its_tls, .http = &site});
    co_await its_body((its_tls == nullptr ? "http://127.0.0.1:" : "https://127.0.0.1:") + std::to_string(port));
    co_await server.stop();
  };
  block_on(run(body, tls));
}

/// A server that says `answer` to each request on its connections, and then closes when `closes`.
class Scripted {
 public:
  Scripted(std::string answer, bool closes) : answer_(std::move(answer)), closes_(closes) { group_.spawn(accept()); }
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
    Scripted server{std::move(its_answer), its_closes};
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

TEST(HttpClient, AsksAndKeepsItsConnection) {
  beside_a_site([](const std::string& url) -> Task<void> {
    Client client;
    for (int i = 0; i < 3; ++i) {
      const ClientResponse response = co_await client.get(url + "/echo?x=1#part");
      EXPECT_EQ(response.status, 200U);
      EXPECT_EQ(response.body, "GET /echo?x=1 ");
      EXPECT_EQ(response.fields.get("content-type"), "text/plain");
    }
    const ClientResponse posted = co_await client.post(url + "/echo", "text/plain", "hi");
    EXPECT_EQ(posted.body, "POST /echo hi");
    ClientRequest request{"DELETE", url + "/echo"};
    request.fields.add("X-Ask", "this");
    const ClientResponse deleted = co_await client.send(std::move(request));
    EXPECT_EQ(deleted.fields.get("x-told"), "this");
    const ClientResponse missing = co_await client.get(url + "/nothing");
    EXPECT_EQ(missing.status, 404U);
    const ClientResponse chunked = co_await client.get(url + "/large");
    EXPECT_EQ(chunked.body.size(), 100'000U);
    const ClientResponse head = co_await client.send(ClientRequest{"HEAD", url + "/echo"});
    EXPECT_EQ(head.body, "");
    EXPECT_EQ(client.connections(), 1U);
  });
}

TEST(HttpClient, HasAsManyConnectionsAsItMay) {
  beside_a_site([](const std::string& url) -> Task<void> {
    Client client{{.max_connections_per_host = 3}};
    std::vector<Task<ClientResponse>> asked;
    asked.reserve(20);
    for (int i = 0; i < 20; ++i) asked.push_back(client.get(url + "/echo?" + std::to_string(i)));
    const std::vector<ClientResponse> answers = co_await gather(std::move(asked));
    for (int i = 0; i < 20; ++i)
      EXPECT_EQ(answers.at(static_cast<std::size_t>(i)).body, "GET /echo?" + std::to_string(i) + " ");
    EXPECT_EQ(client.connections(), 3U);
  });
}

TEST(HttpClient, TimesOutAndIsCancelled) {
  beside_a_site([](const std::string& url) -> Task<void> {
    Client client{{.timeout = 20ms}};
    std::string what;
    try {
      co_await client.get(url + "/slow");
    } catch (const ClientError& error) {
      what = error.what();
    }
    EXPECT_EQ(what, "GET " + url + ": timed out");
    EXPECT_EQ(client.connections(), 0U);

    Client patient;
    TaskGroup group;
    const auto ask = [](Client& its_client, std::string its_url) -> Task<void> { co_await its_client.get(its_url); };
    group.spawn(ask(patient, url + "/slow"));
    co_await sleep(10ms);
    group.cancel();
    try {
      co_await group.join();
    } catch (const Cancelled&) {
      what = "cancelled";
    }
    EXPECT_EQ(patient.connections(), 0U);
  });
}

TEST(HttpClient, SpeaksTls) {
  tern::test::Certificates certificates;
  certificates.make("server", "IP:127.0.0.1");
  ServerTls tls{{.certificate_file = certificates.file("server.pem"), .key_file = certificates.file("server.key")}};
  ClientTls trusted{{.authority_file = certificates.file("ca.pem")}};
  beside_a_site(
      [&trusted](const std::string& url) -> Task<void> {
        Client client{{.tls = &trusted}};
        for (int i = 0; i < 2; ++i) {
          const ClientResponse response = co_await client.get(url + "/echo");
          EXPECT_EQ(response.body, "GET /echo ");
        }
        EXPECT_EQ(client.connections(), 1U);
        Client stranger;
        std::string what;
        try {
          co_await stranger.get(url + "/echo");
        } catch (const ClientError& error) {
          what = error.what();
        }
        EXPECT_NE(what.find("certificate was refused"), std::string::npos) << what;
      },
      &tls);
}

TEST(HttpClient, SaysWhatIsWrongWithAnAnswer) {
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

TEST(HttpClient, AsksAgainWhereAKeptConnectionIsLost) {
  const auto body = []() -> Task<void> {
    Scripted server{"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n", true};
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

TEST(HttpClient, RefusesWhatIsNoRequest) {
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

/// Asks for both kinds of bodies; the second is as it was sent, or there is none.
Task<int> ask_through(std::uint16_t proxy, int& failed) {
  Client http;
  const std::string url = "http://127.0.0.1:" + std::to_string(proxy);
  int right = 0;
  try {
    const ClientResponse told = co_await http.post(url + "/echo", "text/plain", "안녕");
    EXPECT_EQ(told.body, "POST /echo 안녕");
    ++right;
    const ClientResponse large = co_await http.get(url + "/large");
    EXPECT_EQ(large.body, std::string(100'000, 'x'));
    ++right;
  } catch (const ClientError&) {
    ++failed;
  }
  co_return right;
}

// What is cut off is no response, wherever it ends.
TEST(HttpClient, ConnectionsThatAreCutAtAnyByte) {
  beside_a_site([](std::string url) -> Task<void> {
    tern::test::FaultProxy proxy{tern::test::port_of(url)};
    int failed = 0;
    const int all = co_await ask_through(proxy.port(), failed);
    EXPECT_EQ(all, 2);
    EXPECT_EQ(failed, 0);
    const std::size_t to_server = proxy.passed_to_server();
    const std::size_t to_client = proxy.passed_to_client();
    EXPECT_GT(to_client, 100'000U);
    int cut = 0;
    for (const auto kind : {tern::test::Fault::Kind::kClose, tern::test::Fault::Kind::kReset}) {
      for (std::size_t after = 0; after < to_server; after += 3) {
        proxy.to_server = {.kind = kind, .after = after};
        co_await ask_through(proxy.port(), failed);
        ++cut;
      }
      // Each byte of the heads and of the first chunks, and then some of the others'.
      for (std::size_t after = 0; after < to_client; after += after < 3000 ? 5 : 1009) {
        proxy.to_client = {.kind = kind, .after = after};
        co_await ask_through(proxy.port(), failed);
        ++cut;
      }
    }
    // The first request has effects, so that it is not sent again; the second may be, where nothing of its answer came.
    EXPECT_GT(failed, cut / 2);
  });
}

TEST(HttpClient, BytesMayComeOneByOne) {
  beside_a_site([](std::string url) -> Task<void> {
    tern::test::FaultProxy proxy{tern::test::port_of(url)};
    proxy.to_server = {.piece = 1};
    proxy.to_client = {.piece = 1};
    int failed = 0;
    const int all = co_await ask_through(proxy.port(), failed);
    EXPECT_EQ(all, 2);
  });
}

}  // namespace
}  // namespace tern::rest

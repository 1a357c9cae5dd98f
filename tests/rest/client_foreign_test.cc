// The client's HTTP/2 against nginx, which speaks it before a site of ours: a server that is not tern's, with few
// streams for a connection and few requests before its GOAWAY.
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <boost/asio/ip/tcp.hpp>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>
#include <vector>

#include "rest/client_site.h"
#include "support/port_of.h"

namespace tern::rest {
namespace {

using test::Carrier;
using test::Reach;

bool has_nginx() { return std::system("nginx -v >/dev/null 2>&1") == 0; }

/// A port that is free now.
std::uint16_t free_port() {
  namespace asio = boost::asio;
  asio::io_context context;
  const asio::ip::tcp::acceptor acceptor{context, {asio::ip::address_v4::loopback(), 0}};
  return acceptor.local_endpoint().port();
}

/// Runs until it is destroyed, with files of its own.
class Nginx {
 public:
  explicit Nginx(std::uint16_t target) : port(free_port()) {
    std::string pattern = (std::filesystem::temp_directory_path() / "tern-nginx-XXXXXX").string();
    if (::mkdtemp(pattern.data()) == nullptr) throw std::runtime_error("mkdtemp");
    folder_ = pattern;
    std::ofstream{folder_ / "nginx.conf"} << configuration(target);
    // The command returns when the port is open; the server that it leaves behind becomes a child of this process.
    ::prctl(PR_SET_CHILD_SUBREAPER, 1);
    const std::string command = "nginx -p " + folder_.string() + " -c nginx.conf >" + file("output") + " 2>&1";
    if (std::system(command.c_str()) != 0) {
      std::ifstream output{file("output")};
      throw std::runtime_error("nginx: " + std::string{std::istreambuf_iterator<char>{output}, {}});
    }
  }
  Nginx(const Nginx&) = delete;
  Nginx& operator=(const Nginx&) = delete;
  ~Nginx() {
    pid_t pid = 0;
    std::ifstream{file("nginx.pid")} >> pid;
    if (pid > 0 && ::kill(pid, SIGTERM) == 0) ::waitpid(pid, nullptr, 0);
    ::prctl(PR_SET_CHILD_SUBREAPER, 0);
    std::error_code ignored;
    std::filesystem::remove_all(folder_, ignored);
  }

  const std::uint16_t port;

 private:
  [[nodiscard]] std::string file(const char* name) const { return (folder_ / name).string(); }
  [[nodiscard]] std::string configuration(std::uint16_t target) const {
    const tern::test::Certificates& certificates = test::ClientCertificates::instance().files;
    std::string text = R"(
worker_processes 1;
pid nginx.pid;
error_log error.log;
events { worker_connections 256; }
http {
  access_log off;
  client_body_temp_path body; proxy_temp_path proxy; fastcgi_temp_path fastcgi; uwsgi_temp_path uwsgi; scgi_temp_path scgi;
  client_max_body_size 64m;
  server {
    listen 127.0.0.1:PORT ssl http2;
    ssl_certificate CERTIFICATE;
    ssl_certificate_key KEY;
    http2_max_concurrent_streams 4;
    keepalive_requests 7;
    add_header x-protocol $server_protocol always;
    location / {
      proxy_pass http://127.0.0.1:TARGET;
      proxy_http_version 1.1;
      proxy_set_header connection "";
      proxy_request_buffering off;
      proxy_buffering off;
    }
  }
})";
    replace(text, "PORT", std::to_string(port));
    replace(text, "TARGET", std::to_string(target));
    replace(text, "CERTIFICATE", certificates.file("server.pem"));
    replace(text, "KEY", certificates.file("server.key"));
    return text;
  }
  static void replace(std::string& text, std::string_view name, const std::string& value) {
    text.replace(text.find(name), name.size(), value);
  }

  std::filesystem::path folder_;
};

Task<Response> sent_back(Request& request) {
  std::string body = co_await request.body();
  Response response{200, "text/plain", std::move(body)};
  response.fields.add("x-method", request.method);
  co_return response;
}
Task<Response> with_status(Request& request) {
  co_return Response{static_cast<unsigned>(std::stoi(request.path_parameters.at("status")))};
}
AsyncGenerator<std::string> pieces_of(Request& request) {
  while (std::optional<std::string> piece = co_await request.read()) co_yield *std::move(piece);
}
Task<Response> streamed_back(Request& request) {
  co_return Response::stream("application/octet-stream", pieces_of(request));
}

/// Runs `body(client, url)` before nginx before a site.
template <class Body>
void through_nginx(Body body) {
  const auto run = [body](const Reach& site) -> Task<void> {
    const Nginx nginx{tern::test::port_of(site.url)};
    const Reach reach{Carrier::kHttp2, nginx.port};
    Client client{reach.options()};
    co_await body(client, reach.url);
  };
  const auto set_up = [](Site& site) {
    for (const char* method : {"GET", "POST", "PUT", "PATCH", "DELETE"}) {
      site.route(method, "/echo", sent_back);
      site.route(method, "/status/{status}", with_status);
    }
    site.route("POST", "/stream", streamed_back);
  };
  test::beside(Carrier::kHttp1, set_up, run);
}

class Http2ClientOfNginx : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!has_nginx()) GTEST_SKIP() << "nginx is not installed (Debian: nginx-light)";
  }
};

TEST_F(Http2ClientOfNginx, CarriesEachMethodStatusAndSize) {
  through_nginx([](Client& client, const std::string& url) -> Task<void> {
    for (const std::size_t size : {0UL, 1UL, 65'535UL, 65'536UL, 300'000UL, 4UL << 20}) {
      for (const char* method : {"GET", "POST", "PUT", "PATCH", "DELETE"}) {
        ClientRequest request{method, url + "/echo"};
        request.body.assign(size, 'b');
        const ClientResponse response = co_await client.send(std::move(request));
        EXPECT_EQ(response.status, 200U) << method << size;
        EXPECT_EQ(response.body.size(), size) << method << size;
        EXPECT_EQ(response.fields.get("x-method"), method);
        EXPECT_EQ(response.fields.get("x-protocol"), "HTTP/2.0");
      }
    }
    for (const unsigned status : {201U, 204U, 304U, 404U, 500U, 503U}) {
      const ClientResponse response = co_await client.get(url + "/status/" + std::to_string(status));
      EXPECT_EQ(response.status, status);
    }
    const ClientResponse head = co_await client.send(ClientRequest{"HEAD", url + "/echo"});
    EXPECT_EQ(head.status, 200U);
  });
}

AsyncGenerator<std::string> numbered(int count, Event& go_on) {
  for (int i = 0; i < count; ++i) {
    co_await go_on.wait();
    go_on.clear();
    std::string piece = std::to_string(i) + std::string(1000, '.');
    co_yield std::move(piece);
  }
}

TEST_F(Http2ClientOfNginx, StreamsBodiesBothWays) {
  through_nginx([](Client& client, const std::string& url) -> Task<void> {
    ClientRequest request{"POST", url + "/stream"};
    Event go_on;
    request.pieces = numbered(5, go_on);
    go_on.set();
    ClientStream stream = co_await client.open(std::move(request));
    EXPECT_EQ(stream.status, 200U);
    std::string all;
    for (std::size_t i = 1; i <= 5; ++i) {
      while (all.size() < i * 1001) {
        const std::optional<std::string> piece = co_await stream.read();
        if (!piece) co_return ADD_FAILURE() << "the body ended after " << all.size();
        all += *piece;
      }
      go_on.set();  // each piece comes back before the next is sent
    }
    const std::optional<std::string> end = co_await stream.read();
    EXPECT_FALSE(end);
  });
}

// nginx sends GOAWAY after 7 requests, and 4 may run at once on a connection.
TEST_F(Http2ClientOfNginx, LosesNoRequestWhereConnectionsEnd) {
  through_nginx([](Client& client, const std::string& url) -> Task<void> {
    int right = 0;
    for (int round = 0; round < 20; ++round) {
      std::vector<Task<ClientResponse>> asked;
      for (int i = 0; i < 20; ++i) asked.push_back(client.post(url + "/echo", "text/plain", std::to_string(i)));
      const std::vector<ClientResponse> answers = co_await gather(std::move(asked));
      for (int i = 0; i < 20; ++i) right += answers.at(static_cast<std::size_t>(i)).body == std::to_string(i) ? 1 : 0;
    }
    EXPECT_EQ(right, 400);
    EXPECT_LE(client.connections(), 32U);
  });
}

}  // namespace
}  // namespace tern::rest

// A good server behind bad addresses: silent ones, ones that refuse, break TLS, speak something else, or hang up.
#include <gtest/gtest.h>

#include <boost/asio/ip/tcp.hpp>
#include <memory>
#include <string>
#include <vector>

#include "support/certificates.h"
#include "support/serve.h"
#include "tern/async/asio.h"
#include "tern/async/task_group.h"

namespace tern::test {
namespace {

using namespace std::chrono_literals;
using boost::asio::ip::tcp;

enum class Bad { kRefuses, kSilent, kHangsUp, kSpeaksHttp1, kGreetsWithGarbage };
constexpr Bad kAllBad[] = {Bad::kRefuses, Bad::kSilent, Bad::kHangsUp, Bad::kSpeaksHttp1, Bad::kGreetsWithGarbage};

/// An address that takes no call, in one of these ways.
class BadServer {
 public:
  explicit BadServer(Bad how) : how_(how) {
    if (how_ == Bad::kRefuses) {
      acceptor_.close();
    } else {
      accepting_.spawn(accept());
    }
  }
  [[nodiscard]] const std::string& address() const noexcept { return address_; }
  [[nodiscard]] int asked() const noexcept { return asked_; }

 private:
  Task<void> accept() {
    for (;;) {
      tcp::socket socket = co_await acceptor_.async_accept(use_task);
      ++asked_;
      if (how_ == Bad::kHangsUp) continue;
      std::string greeting;
      if (how_ == Bad::kSpeaksHttp1) greeting = "HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\n\r\n";
      if (how_ == Bad::kGreetsWithGarbage) greeting = std::string(100, '\xff');
      if (!greeting.empty()) socket.send(boost::asio::buffer(greeting));
      kept_.push_back(std::make_unique<tcp::socket>(std::move(socket)));
    }
  }

  Bad how_;
  tcp::acceptor acceptor_{Loop::require_current("a test").context(), {boost::asio::ip::address_v4::loopback(), 0}};
  std::string address_ = "127.0.0.1:" + std::to_string(acceptor_.local_endpoint().port());
  int asked_ = 0;
  std::vector<std::unique_ptr<tcp::socket>> kept_;
  TaskGroup accepting_;
};

/// The addresses of the bad ones, and of the good one at the end.
Task<void> call_behind(ProbeService& service, std::vector<Bad> bad, ServerTls* server_tls, ClientTls* client_tls) {
  Server server;
  server.add_service(service);
  const std::uint16_t port = server.listen("127.0.0.1:0", {.tls = server_tls});
  std::vector<std::unique_ptr<BadServer>> others;
  std::string target = "ipv4:";
  for (const Bad how : bad) target += others.emplace_back(std::make_unique<BadServer>(how))->address() + ",";
  target += "127.0.0.1:" + std::to_string(port);
  // A silent address alone would take longer than the call may.
  const ChannelOptions options{.tls = client_tls, .connect_timeout = 1h};
  Channel channel{target, options};
  const Status status = co_await call(channel, {.timeout = 30s});
  EXPECT_TRUE(status.ok()) << status.to_string();
  for (const auto& other : others) EXPECT_LE(other->asked(), 1);
  co_await channel.close();
  co_await server.stop();
}

TEST(ConnectingTo, AGoodServerBehindABadAddress) {
  ProbeService service;
  for (const Bad how : kAllBad) block_on(call_behind(service, {how}, nullptr, nullptr));
}

TEST(ConnectingTo, AGoodServerBehindTenBadAddresses) {
  ProbeService service;
  std::vector<Bad> bad;
  for (int i = 0; i < 2; ++i) bad.insert(bad.end(), std::begin(kAllBad), std::end(kAllBad));
  block_on(call_behind(service, bad, nullptr, nullptr));
}

TEST(ConnectingTo, AGoodServerBehindBadAddressesOverTls) {
  const Certificates certificates;
  certificates.make("server", "IP:127.0.0.1");
  ServerTls server{{.certificate_file = certificates.file("server.pem"), .key_file = certificates.file("server.key")}};
  ClientTls client{{.authority_file = certificates.file("ca.pem")}};
  ProbeService service;
  for (const Bad how : kAllBad) block_on(call_behind(service, {how}, &server, &client));
}

TEST(ConnectingTo, NobodySaysWhyForEachAddress) {
  block_on([]() -> Task<void> {
    std::vector<std::unique_ptr<BadServer>> bad;
    std::string target = "ipv4:";
    for (const Bad how : {Bad::kRefuses, Bad::kHangsUp, Bad::kRefuses}) {
      if (!bad.empty()) target += ",";
      target += bad.emplace_back(std::make_unique<BadServer>(how))->address();
    }
    Channel channel{target};
    const Status status = co_await call(channel, {.timeout = 30s});
    EXPECT_EQ(status.code(), StatusCode::kUnavailable);
    for (const auto& server : bad) {
      EXPECT_NE(status.details().find(server->address() + ": "), std::string::npos) << status.details();
    }
    co_await channel.close();
  }());
}

TEST(ConnectingTo, ASilentServerFailsAfterTheConnectTimeout) {
  block_on([]() -> Task<void> {
    const BadServer silent{Bad::kSilent};
    const ChannelOptions options{.connect_timeout = 50ms};
    Channel channel{silent.address(), options};
    const Status status = co_await call(channel, {.timeout = 30s});
    EXPECT_EQ(status.code(), StatusCode::kUnavailable);
    EXPECT_NE(status.details().find("no answer within 50ms"), std::string::npos) << status.details();
    co_await channel.close();
  }());
}

}  // namespace
}  // namespace tern::test

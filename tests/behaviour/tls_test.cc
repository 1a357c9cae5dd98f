// TLS and mutual TLS: whom either end believes, and what it says when it does not.
#include <gtest/gtest.h>
#include <openssl/bio.h>
#include <openssl/ssl.h>

#include <array>
#include <filesystem>
#include <string>
#include <string_view>

#include "support/certificates.h"
#include "support/frames.h"
#include "support/port_of.h"
#include "support/raw_client.h"
#include "support/serve.h"

namespace tern::test {
namespace {

using namespace std::chrono_literals;

class Tls : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    certificates = std::make_unique<Certificates>();
    certificates->make("server", "DNS:localhost,IP:127.0.0.1");
    certificates->make("elsewhere", "DNS:elsewhere.example");
    certificates->make("client", "DNS:client.example,URI:spiffe://example/client");
    certificates->make_authority("other");
    certificates->make("stranger", "DNS:localhost,IP:127.0.0.1", "other");
  }
  static void TearDownTestSuite() { certificates.reset(); }
  static std::string file(const std::string& name) { return certificates->file(name); }
  static ServerTlsOptions of_server(const std::string& name = "server") {
    return {.certificate_file = file(name + ".pem"), .key_file = file(name + ".key")};
  }

  /// How one unary call ends.
  Status call(ServerTls* server, ClientTls* client) {
    Status status;
    with_server(service,
                [&status](Channel& channel, Server&) -> Task<void> {
                  ProbeStub stub{channel};
                  const Result<Payload> result = co_await stub.Unary(Order{}, {.timeout = 5s}).result();
                  status = result.status();
                },
                {.channel_options = {.tls = client}, .tls = server});
    return status;
  }

  static inline std::unique_ptr<Certificates> certificates;
  ProbeService service;
};

TEST_F(Tls, EveryKindOfCallAndLargeMessages) {
  ServerTls server{of_server()};
  ClientTls client{{.authority_file = file("ca.pem")}};
  with_server(service,
              [](Channel& channel, Server&) -> Task<void> {
                ProbeStub stub{channel};
                Order order;
                order.set_size(3 << 20);
                order.set_count(10);
                const Payload large = co_await stub.Unary(order);
                EXPECT_EQ(large.data().size(), std::size_t{3} << 20);
                auto download = stub.Download(order);
                int count = 0;
                while (const std::optional<Payload> payload = co_await download.next()) {
                  EXPECT_EQ(payload->data(), large.data());
                  ++count;
                }
                EXPECT_EQ(count, 10);
                auto echo = stub.Echo();
                for (int i = 0; i < 10; ++i) {
                  co_await echo.write(large);
                  const std::optional<Payload> back = co_await echo.next();
                  EXPECT_EQ(back->data(), large.data());
                }
                auto upload = stub.Upload();
                for (int i = 0; i < 5; ++i) co_await upload.write(large);
                const Payload sum = co_await upload.finish();
                EXPECT_EQ(sum.number(), 5);
              },
              {.channel_options = {.tls = &client}, .threads = 2, .tls = &server});
}

TEST_F(Tls, ManyCallsAtOnce) {
  ServerTls server{of_server()};
  ClientTls client{{.authority_file = file("ca.pem")}};
  with_server(service,
              [](Channel& channel, Server&) -> Task<void> {
                ProbeStub stub{channel};
                std::vector<Task<Payload>> calls;
                for (int i = 0; i < 500; ++i) {
                  Order order;
                  order.set_number(i);
                  order.set_size(i * 10);
                  calls.push_back(stub.Unary(order).task());
                }
                const std::vector<Payload> payloads = co_await gather(std::move(calls));
                for (int i = 0; i < 500; ++i) EXPECT_EQ(payloads[static_cast<std::size_t>(i)].number(), i);
              },
              {.channel_options = {.tls = &client}, .tls = &server});
}

/// A client's end of TLS that sends what it is told when it is told.
class TlsByHand : public RawClient {
 public:
  using RawClient::RawClient;
  ~TlsByHand() {
    SSL_free(ssl_);
    SSL_CTX_free(context_);
  }
  TlsByHand(const TlsByHand&) = delete;
  TlsByHand& operator=(const TlsByHand&) = delete;

  /// Until the handshake is done at this end; what is to be sent for it, and HTTP/2's greeting, are not yet.
  Task<void> greet() {
    constexpr std::array<std::uint8_t, 3> kH2{2, 'h', '2'};
    SSL_set_alpn_protos(ssl_, kH2.data(), kH2.size());
    SSL_set_bio(ssl_, received_, sent_);
    SSL_set_connect_state(ssl_);
    while (SSL_do_handshake(ssl_) != 1) {
      co_await send();
      co_await receive();
    }
    encrypt(http2::kClientPreface);
    encrypt(http2::test::settings());
  }
  void encrypt(std::string_view plain) { SSL_write(ssl_, plain.data(), static_cast<int>(plain.size())); }
  void encrypt(const http2::test::Bytes& plain) { SSL_write(ssl_, plain.data(), static_cast<int>(plain.size())); }
  void renew_keys() {
    SSL_key_update(ssl_, SSL_KEY_UPDATE_REQUESTED);
    SSL_do_handshake(ssl_);
  }
  /// All at once.
  Task<void> send() {
    char* bytes = nullptr;
    const long size = BIO_get_mem_data(sent_, &bytes);
    std::string taken(bytes, static_cast<std::size_t>(size));
    BIO_reset(sent_);
    co_await write(std::move(taken));
  }
  /// Plain bytes, as soon as there are some.
  Task<std::string> read() {
    std::string plain(1 << 14, '\0');
    int size = SSL_read(ssl_, plain.data(), static_cast<int>(plain.size()));
    while (size <= 0) {
      co_await receive();
      size = SSL_read(ssl_, plain.data(), static_cast<int>(plain.size()));
    }
    plain.resize(static_cast<std::size_t>(size));
    co_return plain;
  }

 private:
  Task<void> receive() {
    std::string bytes(1 << 14, '\0');
    const std::size_t size = co_await socket().async_read_some(boost::asio::buffer(bytes), use_task);
    BIO_write(received_, bytes.data(), static_cast<int>(size));
  }
  SSL_CTX* context_ = SSL_CTX_new(TLS_client_method());
  SSL* ssl_ = SSL_new(context_);
  BIO* received_ = BIO_new(BIO_s_mem());  // the SSL's
  BIO* sent_ = BIO_new(BIO_s_mem());
};

TEST_F(Tls, WhatComesWithTheEndOfTheHandshakeIsRead) {
  ServerTls server{of_server()};
  with_server(service,
              [](Channel& channel, Server&) -> Task<void> {
                TlsByHand client{port_of(channel.target())};
                co_await client.greet();
                client.encrypt(http2::test::frame(http2::FrameType::kPing, 0, 0, {1, 2, 3, 4, 5, 6, 7, 8}));
                co_await client.send();
                std::string answer;
                while (answer.find("\1\2\3\4\5\6\7\10") == std::string::npos) answer += co_await client.read();
              },
              {.channel_options = {}, .tls = &server});
}

TEST_F(Tls, NewKeysWithoutEndAreGivenUp) {
  ServerTls server{of_server()};
  with_server(service,
              [](Channel& channel, Server&) -> Task<void> {
                TlsByHand client{port_of(channel.target())};
                co_await client.greet();
                co_await client.send();
                for (int i = 0; i < 5000; ++i) client.renew_keys();
                try {
                  co_await client.send();
                } catch (const boost::system::system_error&) {
                  co_return;  // closed while it was written to
                }
                // It ends, and not for being idle.
                const std::string rest = co_await client.read_to_end();
                EXPECT_LT(rest.size(), 100'000U);
              },
              {.server_options = {.keepalive_time = std::nullopt}, .tls = &server});
}

TEST_F(Tls, AnUnknownAuthorityIsRefused) {
  ServerTls server{of_server("stranger")};
  ClientTls client{{.authority_file = file("ca.pem")}};
  const Status status = call(&server, &client);
  EXPECT_EQ(status.code(), StatusCode::kUnavailable);
  EXPECT_NE(status.details().find("certificate was refused"), std::string::npos) << status.details();
}

TEST_F(Tls, AnotherHostsCertificateIsRefused) {
  ServerTls server{of_server("elsewhere")};
  ClientTls client{{.authority_file = file("ca.pem")}};
  const Status status = call(&server, &client);
  EXPECT_EQ(status.code(), StatusCode::kUnavailable);
  EXPECT_NE(status.details().find("certificate was refused"), std::string::npos) << status.details();
  ClientTls expecting{{.authority_file = file("ca.pem"), .server_name = "elsewhere.example"}};
  EXPECT_TRUE(call(&server, &expecting).ok());
}

TEST_F(Tls, PlaintextAndTlsDoNotMix) {
  ServerTls server{of_server()};
  ClientTls client{{.authority_file = file("ca.pem")}};
  EXPECT_EQ(call(&server, nullptr).code(), StatusCode::kUnavailable);
  EXPECT_EQ(call(nullptr, &client).code(), StatusCode::kUnavailable);
}

class Who final : public ServerInterceptor {
 public:
  Task<Status> intercept(ServerContext& context, Next next) override {
    identity = context.peer_identity();
    return next();
  }
  PeerIdentity identity;
};

TEST_F(Tls, MutualTlsTellsWhoTheClientIs) {
  ServerTlsOptions options = of_server();
  options.client_authority_file = file("ca.pem");
  ServerTls server{options};
  ClientTls client{
      {.authority_file = file("ca.pem"), .certificate_file = file("client.pem"), .key_file = file("client.key")}};
  Who who;
  with_server(service,
              [](Channel& channel, Server&) -> Task<void> {
                ProbeStub stub{channel};
                co_await stub.Unary(Order{});
              },
              {.channel_options = {.tls = &client}, .tls = &server, .server_interceptors = {&who}});
  EXPECT_TRUE(who.identity.authenticated);
  EXPECT_EQ(who.identity.common_name, "client");
  EXPECT_EQ(who.identity.names, (std::vector<std::string>{"DNS:client.example", "URI:spiffe://example/client"}));
  EXPECT_TRUE(who.identity.certificate.starts_with("-----BEGIN CERTIFICATE-----"));
}

TEST_F(Tls, MutualTlsRefusesTheUnknown) {
  ServerTlsOptions options = of_server();
  options.client_authority_file = file("ca.pem");
  ServerTls server{options};
  ClientTls nobody{{.authority_file = file("ca.pem")}};
  EXPECT_EQ(call(&server, &nobody).code(), StatusCode::kUnavailable);
  ClientTls stranger{
      {.authority_file = file("ca.pem"), .certificate_file = file("stranger.pem"), .key_file = file("stranger.key")}};
  EXPECT_EQ(call(&server, &stranger).code(), StatusCode::kUnavailable);
  options.require_client_certificate = false;
  ServerTls lenient{options};
  EXPECT_TRUE(call(&lenient, &nobody).ok());
}

TEST_F(Tls, FilesThatCannotBeUsedAreNamed) {
  const auto error_of = [](const ServerTlsOptions& options) {
    try {
      const ServerTls made{options};
    } catch (const std::runtime_error& error) {
      return std::string{error.what()};
    }
    return std::string{};
  };
  EXPECT_NE(error_of({.certificate_file = "/nowhere.pem", .key_file = "/nowhere.key"}).find("/nowhere.pem"),
            std::string::npos);
  EXPECT_NE(error_of({.certificate_file = file("server.pem"), .key_file = file("client.key")}).find("client.key"),
            std::string::npos);
}

TEST_F(Tls, AnEncryptedKeyIsRefusedAndItsPassphraseNotAskedFor) {
  certificates->encrypt("server", "encrypted");
  ServerTlsOptions options = of_server();
  options.key_file = file("encrypted.key");
  std::string what;
  try {
    const ServerTls server{options};
  } catch (const std::runtime_error& error) {
    what = error.what();
  }
  EXPECT_NE(what.find("is encrypted, and its passphrase is not asked for"), std::string::npos) << what;
}

/// A file that is replaced and has the time of the one before, as within one tick of a coarse clock.
void replace_with_its_time(const std::string& file, const std::string& with) {
  const auto time = std::filesystem::last_write_time(file);
  std::filesystem::copy_file(with, file, std::filesystem::copy_options::overwrite_existing);
  std::filesystem::last_write_time(file, time);
}

TEST_F(Tls, CertificatesThatAreRenewedWithinTheClocksTickAreSeen) {
  for (const char* ending : {".pem", ".key"}) {
    std::filesystem::copy_file(file(std::string{"server"} + ending), file(std::string{"quick"} + ending));
  }
  ServerTls server{of_server("quick")};
  ClientTls client{{.authority_file = file("other.pem")}};
  with_server(service,
              [](Channel& channel, Server&) -> Task<void> {
                for (const char* ending : {".pem", ".key"}) {
                  replace_with_its_time(file(std::string{"quick"} + ending), file(std::string{"stranger"} + ending));
                }
                // The new certificate is the other authority's.
                const Status status = co_await tern::test::call(channel, {.timeout = 60s, .wait_for_ready = true});
                EXPECT_TRUE(status.ok()) << status.to_string();
              },
              {.channel_options = {.tls = &client}, .tls = &server});
}

TEST_F(Tls, CertificatesAreRenewedWithoutARestart) {
  for (const char* ending : {".pem", ".key"}) {
    std::filesystem::copy_file(file(std::string{"server"} + ending), file(std::string{"renewed"} + ending),
                               std::filesystem::copy_options::overwrite_existing);
  }
  ServerTls server{of_server("renewed")};
  ClientTls before{{.authority_file = file("ca.pem")}};
  ClientTls after{{.authority_file = file("other.pem")}};
  with_server(service,
              [&](Channel& channel, Server&) -> Task<void> {
                ProbeStub stub{channel};
                co_await stub.Unary(Order{});
                for (const char* ending : {".pem", ".key"}) {
                  std::filesystem::copy_file(file(std::string{"stranger"} + ending),
                                             file(std::string{"renewed"} + ending),
                                             std::filesystem::copy_options::overwrite_existing);
                }
                server.reload();
                co_await stub.Unary(Order{});  // the connection that stands goes on
                const ChannelOptions options{.tls = &after};
                Channel second{channel.target(), options};
                ProbeStub trusting{second};
                co_await trusting.Unary(Order{});
                co_await second.close();
              },
              {.channel_options = {.tls = &before}, .tls = &server});
}

}  // namespace
}  // namespace tern::test

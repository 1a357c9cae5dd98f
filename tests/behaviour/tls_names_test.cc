// Whom a TLS channel believes its server to be: every way to name the server, and every way to trust it.
#include <gtest/gtest.h>

#include <cstdio>
#include <fstream>
#include <iterator>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "support/certificates.h"
#include "support/serve.h"
#include "tern/client/resolver.h"

namespace tern::test {
namespace {

using namespace std::chrono_literals;

class FixedResolver final : public Resolver {
 public:
  explicit FixedResolver(std::string address) : address_(std::move(address)) {}
  AsyncGenerator<Resolution> resolve(std::string_view /*target*/) override {
    Resolution found;
    found.servers.emplace_back(address_);
    co_yield found;
  }

 private:
  std::string address_;
};

class TlsNames : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    certificates = std::make_unique<Certificates>();
    certificates->make("good", "DNS:localhost,IP:127.0.0.1,IP:::1");
    certificates->make("elsewhere", "DNS:elsewhere.example,IP:192.0.2.1");
    certificates->make("users", "DNS:users.example");
    certificates->make_intermediate("between");
    certificates->make("leaf", "DNS:localhost,IP:127.0.0.1", "between");
    std::ofstream{file("chain.pem")} << text("leaf.pem") << text("between.pem");
    certificates->make("revoked", "DNS:localhost,IP:127.0.0.1");
    certificates->make("client", "URI:spiffe://example/client");
  }
  static void TearDownTestSuite() { certificates.reset(); }
  static std::string file(const std::string& name) { return certificates->file(name); }
  static std::string text(const std::string& name) {
    std::ifstream in{file(name)};
    return {std::istreambuf_iterator<char>{in}, {}};
  }
  static ServerTlsOptions of_server(const std::string& name) {
    return {.certificate_file = file(name + ".pem"), .key_file = file(name + ".key")};
  }

  /// How a call ends; an option that the channel refuses is INVALID_ARGUMENT.
  static Task<Status> call_to(std::string target, ChannelOptions options) {
    std::unique_ptr<Channel> channel;
    try {
      channel = std::make_unique<Channel>(std::move(target), options);
    } catch (const std::invalid_argument& error) {
      co_return Status{StatusCode::kInvalidArgument, error.what()};
    }
    Status status = co_await call(*channel, {.timeout = 10s});
    co_await channel->close();
    co_return status;
  }
  /// The same, for a server at 127.0.0.1 and a channel without a target of its own.
  Status call_with(const ServerTlsOptions& server_options, const ClientTlsOptions& client_options) {
    ServerTls server_tls{server_options};
    ClientTls client_tls{client_options};
    Status status;
    with_server(
        service,
        [&status](Channel& channel, Server&) -> Task<void> { status = co_await call(channel, {.timeout = 10s}); },
        {.channel_options = {.tls = &client_tls}, .tls = &server_tls});
    return status;
  }

  static inline std::unique_ptr<Certificates> certificates;
  ProbeService service;
};

struct Way {
  const char* what;
  std::string target;
  std::string authority = {};
  std::string server_name = {};
  bool resolved = false;
  StatusCode code = StatusCode::kOk;
};

TEST_F(TlsNames, AreCheckedHoweverTheServerIsNamed) {
  const auto body = [](ProbeService& probe) -> Task<void> {
    Server server;
    server.add_service(probe);
    ServerTls good{of_server("good")};
    ServerTls elsewhere{of_server("elsewhere")};
    ServerTls users{of_server("users")};
    const auto listen = [&server](ServerTls& tls, const char* address) {
      return ":" + std::to_string(server.listen(address, {.tls = &tls}));
    };
    const std::string good4 = listen(good, "127.0.0.1:0");
    const std::string other4 = listen(elsewhere, "127.0.0.1:0");
    const std::string users4 = listen(users, "127.0.0.1:0");
    std::vector<Way> ways{
        {"an address", "127.0.0.1" + good4},
        {"a name", "localhost" + good4},
        {"a name with the last dot", "localhost." + good4},
        {"dns:", "dns:///localhost" + good4},
        {"ipv4:", "ipv4:127.0.0.1" + good4},
        {"an authority", "127.0.0.1" + users4, "users.example"},
        {"an authority with a port", "127.0.0.1" + users4, "users.example:443"},
        {"an authority with an IPv6 address", "127.0.0.1" + good4, "[::1]:443"},
        {"the options' name", "127.0.0.1" + users4, "", "users.example"},
        {"the options' name before the authority", "127.0.0.1" + users4, "elsewhere.example", "users.example"},
        {"a resolver's target", "users.example:443", "", "", true},
        {"a resolver's target without a port", "users.example", "", "", true},
        {"a resolver's target as a URI", "registry://here/users.example", "", "", true},
        {"another's address", "127.0.0.1" + other4, "", "", false, StatusCode::kUnavailable},
        {"another's name", "localhost" + other4, "", "", false, StatusCode::kUnavailable},
        {"another's, to an authority", "127.0.0.1" + good4, "users.example", "", false, StatusCode::kUnavailable},
        {"another's, to a resolver's target", "elsewhere.example", "", "", true, StatusCode::kUnavailable},
        {"no host", "127.0.0.1" + other4, ":443", "", false, StatusCode::kInvalidArgument},
        {"no host of the resolver's", ":443", "", "", true, StatusCode::kInvalidArgument},
        {"a text that is no name", "the users", "", "", true, StatusCode::kInvalidArgument},
        {"a wildcard", "127.0.0.1" + users4, "", "*.example", false, StatusCode::kInvalidArgument},
        {"a leading dot", "127.0.0.1" + users4, "", ".example", false, StatusCode::kInvalidArgument},
    };
    try {
      const std::string good6 = listen(good, "[::1]:0");
      const std::string other6 = listen(elsewhere, "[::1]:0");
      ways.push_back({"an IPv6 address", "[::1]" + good6});
      ways.push_back({"an IPv6 address with a zone", "[::1%lo]" + good6});
      ways.push_back({"another's IPv6 address", "[::1]" + other6, "", "", false, StatusCode::kUnavailable});
      ways.push_back({"another's, with a zone", "[::1%lo]" + other6, "", "", false, StatusCode::kUnavailable});
      ways.push_back({"another's, with a zone", "ipv6:[::1%lo]" + other6, "", "", false, StatusCode::kUnavailable});
    } catch (const std::exception& error) {
      std::printf("without IPv6: %s\n", error.what());
    }
    FixedResolver resolver{"127.0.0.1" + users4};
    for (const Way& way : ways) {
      ClientTls tls{{.authority_file = file("ca.pem"), .server_name = way.server_name}};
      ChannelOptions options{.tls = &tls, .authority = way.authority};
      if (way.resolved) options.resolver = &resolver;
      const Status status = co_await call_to(way.target, options);
      EXPECT_EQ(status.code(), way.code) << way.what << ": " << status.to_string();
    }
    co_await server.stop();
  };
  block_on(body(service));
}

TEST_F(TlsNames, ARefusalSaysWhichNameWasExpected) {
  const Status status = call_with(of_server("users"), {.authority_file = file("ca.pem")});
  EXPECT_NE(status.details().find("not for \"127.0.0.1\""), std::string::npos) << status.details();
}

TEST_F(TlsNames, AnIntermediateAuthorityIsTrustedAsARoot) {
  for (const char* shown : {"leaf.pem", "chain.pem"}) {
    for (const char* trusted : {"ca.pem", "between.pem"}) {
      const Status status =
          call_with({.certificate_file = file(shown), .key_file = file("leaf.key")}, {.authority_file = file(trusted)});
      // A client that trusts the root alone needs the certificate between.
      const bool found = std::string{trusted} == "between.pem" || std::string{shown} == "chain.pem";
      EXPECT_EQ(status.ok(), found) << shown << ", " << trusted << ": " << status.to_string();
    }
  }
}

TEST_F(TlsNames, TextsDoAsFilesDo) {
  const ServerTlsOptions server{
      .certificate = text("good.pem"), .key = text("good.key"), .client_authorities = text("ca.pem")};
  const ClientTlsOptions client{
      .authorities = text("ca.pem"), .certificate = text("client.pem"), .key = text("client.key")};
  const Status status = call_with(server, client);
  EXPECT_TRUE(status.ok()) << status.to_string();
}

TEST_F(TlsNames, RevokedCertificatesAreRefused) {
  certificates->revoke({"revoked"});
  ClientTlsOptions client{.authority_file = file("ca.pem"), .revocation_list_file = file("ca.crl")};
  EXPECT_TRUE(call_with(of_server("good"), client).ok());
  Status status = call_with(of_server("revoked"), client);
  EXPECT_EQ(status.code(), StatusCode::kUnavailable);
  EXPECT_NE(status.details().find("revoked"), std::string::npos) << status.details();
  client = {.authorities = text("ca.pem"), .revocation_lists = text("ca.crl")};
  EXPECT_FALSE(call_with(of_server("revoked"), client).ok());
  // The list says nothing of this one's authority.
  status = call_with({.certificate_file = file("chain.pem"), .key_file = file("leaf.key")}, client);
  EXPECT_NE(status.details().find("CRL"), std::string::npos) << status.details();
  // The same for clients' certificates.
  ServerTlsOptions server = of_server("good");
  server.client_authority_file = file("ca.pem");
  server.revocation_list_file = file("ca.crl");
  ClientTlsOptions shows{
      .authority_file = file("ca.pem"), .certificate_file = file("revoked.pem"), .key_file = file("revoked.key")};
  EXPECT_EQ(call_with(server, shows).code(), StatusCode::kUnavailable);
  shows.certificate_file = file("client.pem");
  shows.key_file = file("client.key");
  EXPECT_TRUE(call_with(server, shows).ok());
}

TEST_F(TlsNames, AVerifierOfTheUsersOwnDecides) {
  std::vector<std::string> seen;
  const PeerVerifier refuses = [&seen](const PeerIdentity& peer) {
    seen = peer.names;
    return std::string{"not on the list"};
  };
  const PeerVerifier throws = [](const PeerIdentity&) -> std::string { throw std::runtime_error("the list is gone"); };
  const PeerVerifier accepts = [](const PeerIdentity&) { return std::string{}; };
  const ClientTlsOptions trusting{.authority_file = file("ca.pem")};
  ClientTlsOptions client = trusting;
  client.verify_server = refuses;
  Status status = call_with(of_server("good"), client);
  EXPECT_NE(status.details().find("not on the list"), std::string::npos) << status.details();
  ASSERT_FALSE(seen.empty());
  EXPECT_EQ(seen.front(), "DNS:localhost");
  client.verify_server = throws;
  status = call_with(of_server("good"), client);
  EXPECT_NE(status.details().find("the list is gone"), std::string::npos) << status.details();
  client.verify_server = accepts;
  EXPECT_TRUE(call_with(of_server("good"), client).ok());
  EXPECT_FALSE(call_with(of_server("users"), client).ok()) << "the name is checked besides";
  client.check_server_name = false;
  EXPECT_TRUE(call_with(of_server("users"), client).ok());
  client.verify_server = refuses;
  EXPECT_FALSE(call_with(of_server("users"), client).ok());

  ServerTlsOptions server = of_server("good");
  server.client_authority_file = file("ca.pem");
  server.verify_client = refuses;
  ClientTlsOptions shows{
      .authority_file = file("ca.pem"), .certificate_file = file("client.pem"), .key_file = file("client.key")};
  EXPECT_EQ(call_with(server, shows).code(), StatusCode::kUnavailable);
  EXPECT_EQ(seen, std::vector<std::string>{"URI:spiffe://example/client"});
  server.verify_client = accepts;
  EXPECT_TRUE(call_with(server, shows).ok());
}

TEST_F(TlsNames, OptionsThatContradictEachOtherAreRefused) {
  const std::string certificate = file("good.pem");
  const std::string key = file("good.key");
  EXPECT_THROW(ServerTls{ServerTlsOptions{}}, std::invalid_argument);
  EXPECT_THROW(ServerTls({.certificate_file = certificate}), std::invalid_argument);
  EXPECT_THROW(ServerTls({.certificate_file = certificate, .key_file = key, .certificate = "x"}),
               std::invalid_argument);
  EXPECT_THROW(ServerTls({.certificate_file = certificate, .key_file = key, .revocation_list_file = "x"}),
               std::invalid_argument);
  EXPECT_THROW(ClientTls({.certificate_file = certificate}), std::invalid_argument);
  EXPECT_THROW(ClientTls({.authority_file = certificate, .authorities = "x"}), std::invalid_argument);
  EXPECT_THROW(ClientTls({.check_server_name = false}), std::invalid_argument);
  EXPECT_THROW(ClientTls({.authorities = "no PEM"}), std::runtime_error);
  EXPECT_THROW(ClientTls({.revocation_lists = text("ca.pem")}), std::runtime_error);
}

}  // namespace
}  // namespace tern::test

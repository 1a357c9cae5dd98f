// A site for tests of the HTTP client, and the ways in which a client reaches it.
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <utility>

#include "support/certificates.h"
#include "tern/rest/client.h"
#include "tern/rest/site.h"
#include "tern/tern.h"

namespace tern::rest::test {

/// One set for the whole program: making it takes a while.
class ClientCertificates {
 public:
  static ClientCertificates& instance() {
    static ClientCertificates made;
    return made;
  }
  tern::test::Certificates files;
  ServerTls server{
      {.certificate_file = made_file("server.pem"), .key_file = files.file("server.key"), .client_authority_file = {}}};
  ClientTls client{{.authority_file = files.file("ca.pem")}};

 private:
  std::string made_file(const std::string& name) const {
    files.make("server", "IP:127.0.0.1");
    return files.file(name);
  }
};

/// The version of HTTP that carries requests to the site, and TLS below it.
enum class Carrier { kHttp1, kHttp1OverTls, kHttp2 };

inline std::string name_of(Carrier carrier) {
  switch (carrier) {
    case Carrier::kHttp1:
      return "Http1";
    case Carrier::kHttp1OverTls:
      return "Http1OverTls";
    default:
      return "Http2";
  }
}

/// How a client reaches a server.
class Reach {
 public:
  Reach(Carrier carrier, std::uint16_t port)
      : url((carrier == Carrier::kHttp1 ? "http://127.0.0.1:" : "https://127.0.0.1:") + std::to_string(port)),
        carrier_(carrier) {}

  /// Without a path.
  std::string url;
  [[nodiscard]] ClientOptions options(ClientOptions with = {}) const {
    with.http2 = carrier_ == Carrier::kHttp2;
    with.tls = &ClientCertificates::instance().client;
    return with;
  }
  [[nodiscard]] bool http2() const noexcept { return carrier_ == Carrier::kHttp2; }
  [[nodiscard]] Carrier carrier() const noexcept { return carrier_; }

 private:
  Carrier carrier_;
};

inline ServerTls* tls_of(Carrier carrier) {
  return carrier == Carrier::kHttp1 ? nullptr : &ClientCertificates::instance().server;
}

/// Runs `body(reach)` beside a site that `set_up(site)` fills.
template <class SetUp, class Body>
void beside(Carrier carrier, SetUp set_up, Body body, ServerOptions options = {}) {
  const auto run = [](Carrier its_carrier, SetUp its_set_up, Body its_body, ServerOptions its_options) -> Task<void> {
    Site site;
    its_set_up(site);
    Server server{std::move(its_options)};
    const std::uint16_t port = server.listen("127.0.0.1:0", {.tls = tls_of(its_carrier), .http = &site});
    const Reach reach{its_carrier, port};
    co_await its_body(reach);
    co_await server.stop();
  };
  block_on(run(carrier, set_up, body, std::move(options)));
}

/// The text of the ClientError that a request ends with; empty when it has a response.
inline Task<std::string> failure_of(Client& client, ClientRequest request) {
  std::string what;
  try {
    const ClientResponse response = co_await client.send(std::move(request));
  } catch (const ClientError& error) {
    what = error.what();
  }
  co_return what;
}

}  // namespace tern::rest::test

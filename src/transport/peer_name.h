// PeerName: the name that a server's certificate must have. A client's TLS stream cannot be made without one, so that
// no server goes unchecked because a text could not be read.
#pragma once

#include <string>
#include <string_view>
#include <utility>

#include "tern/api.h"
#include "tern/transport/tls.h"

struct ssl_st;  // OpenSSL's SSL

namespace tern::transport {

/// A DNS name or an IP address, as certificates have them (RFC 9525 §6).
class TERN_API PeerName {
 public:
  /// `host` is the host of a target or URL, without a port. Brackets around an IPv6 address, its zone id, and the last
  /// dot of a DNS name are left out: certificates and SNI have none (RFC 6066 §3, RFC 6874 §4). Throws
  /// std::invalid_argument for a text that no certificate can name, an empty one among them.
  static PeerName of(std::string_view host);

  /// Returns ClientTlsOptions::server_name, or else the name of `host`.
  static PeerName of_server(const ClientTls& tls, std::string_view host);

  [[nodiscard]] const std::string& text() const noexcept { return text_; }
  [[nodiscard]] bool is_address() const noexcept { return is_address_; }

  /// Has `ssl` ask for this name (SNI, for a DNS name), and, where the options do not leave names to their verifier,
  /// accept no certificate without it. Before the handshake. Throws std::runtime_error when OpenSSL cannot.
  void expect_of(ssl_st* ssl, const ClientTls& tls) const;

 private:
  PeerName(std::string text, bool is_address) : text_(std::move(text)), is_address_(is_address) {}

  std::string text_;
  bool is_address_;
};

/// The host of "host", "host:port", "[::1]" or "[::1]:port", as an authority has them (RFC 3986 §3.2). Throws
/// std::invalid_argument for any other text.
std::string_view host_of_authority(std::string_view authority);

}  // namespace tern::transport

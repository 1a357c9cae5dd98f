#include "transport/peer_name.h"

#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <boost/asio/ip/address.hpp>
#include <stdexcept>

#include "transport/tls_context.h"

namespace tern::transport {

namespace {

[[noreturn]] void refuse_name(std::string_view text, const char* why) {
  throw std::invalid_argument("TLS: a certificate cannot be checked against the name \"" + std::string{text} +
                              "\": " + why + " (ClientTlsOptions::server_name can name the server)");
}

/// Docker and Kubernetes have names with underscores.
bool is_name_letter(char letter) {
  return (letter >= 'a' && letter <= 'z') || (letter >= 'A' && letter <= 'Z') || (letter >= '0' && letter <= '9') ||
         letter == '-' || letter == '_';
}

/// RFC 1035 §2.3.4. OpenSSL would take a leading dot for any name below it.
void check_dns_name(std::string_view text, std::string_view name) {
  if (name.empty()) refuse_name(text, "it is empty");
  if (name.size() > 253) refuse_name(text, "it is longer than 253 bytes");
  for (std::string_view rest = name;;) {
    const std::size_t dot = rest.find('.');
    const std::string_view label = rest.substr(0, dot);
    if (label.empty() || label.size() > 63) refuse_name(text, "between its dots are 1 to 63 letters");
    if (!std::ranges::all_of(label, is_name_letter)) {
      refuse_name(text, "a DNS name has letters, digits, - and _, and others as \"xn--\"");
    }
    if (dot == std::string_view::npos) return;
    rest.remove_prefix(dot + 1);
  }
}

bool is_port(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, [](char digit) { return digit >= '0' && digit <= '9'; });
}

}  // namespace

PeerName PeerName::of(std::string_view host) {
  std::string_view name = host;
  if (name.starts_with('[') && name.ends_with(']')) name = name.substr(1, name.size() - 2);
  const std::string_view address = name.substr(0, name.find('%'));
  boost::system::error_code not_numeric;
  boost::asio::ip::make_address(std::string{address}, not_numeric);
  if (!not_numeric) return {std::string{address}, true};
  if (name.ends_with('.')) name.remove_suffix(1);
  check_dns_name(host, name);
  return {std::string{name}, false};
}

PeerName PeerName::of_server(const ClientTls& tls, std::string_view host) {
  return of(tls.server_name().empty() ? host : std::string_view{tls.server_name()});
}

void PeerName::expect_of(ssl_st* ssl, const ClientTls& tls) const {
  bool done = is_address_ || SSL_set_tlsext_host_name(ssl, text_.c_str()) == 1;
  if (done && tls.checks_server_name()) {
    done = is_address_ ? X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl), text_.c_str()) == 1
                       : SSL_set1_host(ssl, text_.c_str()) == 1;
  }
  if (!done) throw_tls_error("TLS: cannot check a certificate against the name \"" + text_ + "\"");
}

std::string_view host_of_authority(std::string_view authority) {
  const auto refuse = [authority](const char* why) {
    throw std::invalid_argument("authority \"" + std::string{authority} + "\": " + why +
                                " (expected host, host:port, [ipv6] or [ipv6]:port)");
  };
  std::string_view host = authority;
  std::string_view port;
  if (host.starts_with('[')) {
    const std::size_t end = host.find(']');
    if (end == std::string_view::npos) refuse("the bracket is not closed");
    port = host.substr(end + 1);
    host = host.substr(0, end + 1);
  } else if (const std::size_t colon = host.find(':'); colon != std::string_view::npos) {
    port = host.substr(colon);
    host = host.substr(0, colon);
    if (port.find(':', 1) != std::string_view::npos) refuse("an IPv6 address stands in brackets");
  }
  if (host.empty() || host == "[]") refuse("the host is missing");
  if (!port.empty() && (port.front() != ':' || !is_port(port.substr(1)))) refuse("the port is no number");
  return host;
}

}  // namespace tern::transport

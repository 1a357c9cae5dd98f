#include "client/target.h"

#include <algorithm>
#include <array>
#include <cassert>
#include <stdexcept>

#include "transport/peer_name.h"

namespace tern {

namespace {

using transport::Address;

constexpr std::string_view kDefaultPort = ":443";
/// The name of servers that have none: on a Unix socket, a socket that was handed in, or in this process.
constexpr std::string_view kNoHost = "localhost";

[[noreturn]] void refuse_target(std::string_view text, const std::string& why) {
  throw std::invalid_argument("target \"" + std::string{text} + "\": " + why);
}

bool take_scheme(std::string_view& text, std::string_view scheme) {
  if (!text.starts_with(scheme)) return false;
  text.remove_prefix(scheme.size());
  return true;
}

/// The path of a gRPC URI whose part after "scheme:" is `rest`. Rejects an authority (the "8.8.8.8" of
/// "dns://8.8.8.8/host").
std::string_view path_of(std::string_view text, std::string_view rest) {
  if (rest.starts_with("//")) {
    rest.remove_prefix(2);
    const std::size_t slash = rest.find('/');
    const std::string_view authority = rest.substr(0, slash);
    if (slash == std::string_view::npos || !authority.empty()) {
      refuse_target(text, "the authority \"" + std::string{authority} +
                              "\" is not supported: names are looked up as the system does (write three slashes, or "
                              "give ChannelOptions::resolver)");
    }
    rest.remove_prefix(slash);
  }
  if (rest.starts_with('/')) rest.remove_prefix(1);
  return rest;
}

Address parse_host(std::string_view text, std::string_view host) {
  const std::size_t after_brackets = host.starts_with('[') ? host.find(']') : 0;
  const bool has_port =
      after_brackets != std::string_view::npos && host.find(':', after_brackets) != std::string_view::npos;
  Address address = Address::parse_host(has_port ? std::string{host} : std::string{host} + std::string{kDefaultPort});
  if (address.port == 0) refuse_target(text, "nobody listens on port 0");
  return address;
}

std::vector<Address> parse_list(std::string_view text, std::string_view list, bool ipv6) {
  std::vector<Address> addresses;
  for (;;) {
    const std::size_t comma = list.find(',');
    addresses.push_back(parse_host(text, list.substr(0, comma)));
    const std::string& host = addresses.back().host;
    if (!addresses.back().is_numeric() || (host.find(':') != std::string::npos) != ipv6) {
      refuse_target(text, "\"" + host + "\" is not an " + (ipv6 ? "IPv6" : "IPv4") + " address");
    }
    if (comma == std::string_view::npos) return addresses;
    list.remove_prefix(comma + 1);
  }
}

/// "xds:///users", "http://localhost:50051": not hosts.
void refuse_other_schemes(std::string_view text) {
  static constexpr std::array<std::string_view, 3> kKnownToGrpc{"xds:", "vsock:", "passthrough:"};
  const std::size_t colon = text.find("://");
  const bool known =
      std::ranges::any_of(kKnownToGrpc, [text](std::string_view scheme) { return text.starts_with(scheme); });
  if (colon == std::string_view::npos && !known) return;
  const std::string scheme{text.substr(0, text.find(':'))};
  if (scheme == "http" || scheme == "https") {
    refuse_target(text, "a target has no URL's scheme: write host:port, and set ChannelOptions::tls for TLS");
  }
  refuse_target(text, "the scheme \"" + scheme +
                          "\" is not supported (dns, ipv4, ipv6, unix, unix-abstract and fd are; a "
                          "ChannelOptions::resolver reads any)");
}

std::string without_zone(const std::string& host) { return host.substr(0, host.find('%')); }

}  // namespace

Target Target::parse(std::string_view text) {
  Target target;
  std::string_view rest = text;
  if (take_scheme(rest, "ipv4:")) {
    target.addresses = parse_list(text, path_of(text, rest), false);
  } else if (take_scheme(rest, "ipv6:")) {
    target.addresses = parse_list(text, path_of(text, rest), true);
  } else if (take_scheme(rest, "dns:")) {
    target.addresses.push_back(parse_host(text, path_of(text, rest)));
  } else if (text.starts_with("unix:") || text.starts_with("unix-abstract:") || text.starts_with("fd:")) {
    target.addresses.push_back(Address::parse(text));
  } else {
    refuse_other_schemes(text);
    target.addresses.push_back(parse_host(text, text));
  }
  assert(!target.addresses.empty());
  Address named = target.addresses.front();
  target.by_dns = named.by_name();
  named.host = without_zone(named.host);
  target.host = named.host.empty() ? std::string{kNoHost} : named.host;
  target.authority = named.host.empty() ? std::string{kNoHost} : named.to_string();
  return target;
}

Target Target::of_resolver(std::string_view text) {
  Target target;
  std::string_view path = text;
  if (const std::size_t scheme = path.find("://"); scheme != std::string_view::npos) {
    path.remove_prefix(scheme + 3);
    const std::size_t slash = path.find('/');
    if (slash != std::string_view::npos) path.remove_prefix(slash + 1);
  }
  target.authority = path;
  try {
    target.host = transport::host_of_authority(path);
  } catch (const std::invalid_argument&) {
    target.host = path;  // no name for a certificate: PeerName says so, where TLS is spoken
  }
  return target;
}

Target Target::in_process(std::string_view text) {
  Target target;
  target.addresses.emplace_back();
  target.authority = text;
  target.host = kNoHost;
  return target;
}

}  // namespace tern

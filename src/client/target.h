// The target of a channel (grpc/doc/naming.md): a host to look up, addresses as they are, or a text for a resolver of
// the user's own.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "transport/address.h"

namespace tern {

struct Target {
  /// "host", "host:port", "dns:host:port", "dns:///host:port", "ipv4:a:1,b:2", "ipv6:[::1]:1,…", "unix:path",
  /// "unix-abstract:name", "fd:5". A port that is left out is 443, as gRPC's document has it. Throws
  /// std::invalid_argument with the reason, for schemes that are not supported too.
  static Target parse(std::string_view text);
  /// A text that a Resolver reads: its authority is what follows "scheme://…/", or the whole.
  static Target of_resolver(std::string_view text);
  /// Any text, for a server in this process.
  static Target in_process(std::string_view text);

  std::vector<transport::Address> addresses;
  /// The one host of `addresses` has to be looked up.
  bool by_dns = false;
  /// The value of ":authority" (RFC 3986 §3.2, without an IPv6 address's zone).
  std::string authority;
  /// Whom the servers' certificates name, as far as the target says: without a port.
  std::string host;
};

}  // namespace tern

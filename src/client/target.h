// What a channel's target says (grpc/doc/naming.md): a host to look up, addresses as they are, or a name for a resolver
// of the user's own.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "transport/address.h"

namespace tern {

struct Target {
  /// "host:port", "dns:[///]host:port", "ipv4:a:1,b:2", "ipv6:[::1]:1,…", "unix:path", "unix-abstract:name". Throws
  /// std::invalid_argument.
  static Target parse(std::string_view text);

  std::vector<transport::Address> addresses;
  /// The one host of `addresses` has to be looked up.
  bool by_dns = false;
  /// The value of ":authority".
  std::string authority;
};

}  // namespace tern

// The target of an HTTP/1.1 request in its four forms (RFC 9112 §3.2), and the field Host (§3.2, RFC 9110 §7.2).
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace tern::rest {

struct Http1Target {
  /// What the site sees: "/path?query", or "*" for OPTIONS of the whole server.
  std::string path;
  /// Of the absolute form. It replaces Host (RFC 9112 §3.2.2).
  std::optional<std::string> authority;
};

/// Returns nothing when `target` is malformed, or not of a form that `method` has:
///   origin     /users?id=1              any method but CONNECT
///   absolute   http://host/users?id=1   any method but CONNECT
///   asterisk   *                        OPTIONS
///   authority  host:443                 CONNECT
std::optional<Http1Target> parse_target(std::string_view method, std::string_view target);

/// uri-host [ ":" port ] (RFC 9110 §7.2): a name, an IPv4 address, or an IPv6 address in brackets. Empty is
/// well-formed.
bool is_host(std::string_view text);

}  // namespace tern::rest

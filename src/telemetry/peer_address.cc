#include "telemetry/peer_address.h"

#include <algorithm>

#include "text/number.h"

namespace tern::telemetry {

namespace {

bool remove_prefix(std::string_view& text, std::string_view prefix) noexcept {
  if (!text.starts_with(prefix)) return false;
  text.remove_prefix(prefix.size());
  return true;
}

/// "host:port", "[::1]:port", or an address without a port.
PeerAddress split(std::string_view text) noexcept {
  PeerAddress parts{.address = text, .port = std::nullopt, .transport = "tcp", .type = {}};
  const std::size_t colon = text.rfind(':');
  const bool bare_ipv6 = text.find(':') != colon && !text.starts_with('[');
  if (colon != std::string_view::npos && !bare_ipv6) {
    parts.port = text::number_of<std::uint16_t>(text.substr(colon + 1));
    if (parts.port) parts.address = text.substr(0, colon);
  }
  if (parts.address.starts_with('[') && parts.address.ends_with(']')) {
    parts.address = parts.address.substr(1, parts.address.size() - 2);
  }
  return parts;
}

}  // namespace

PeerAddress peer_address(std::string_view peer) noexcept {
  if (remove_prefix(peer, "unix:") || remove_prefix(peer, "unix-abstract:")) {
    return {.address = peer, .port = std::nullopt, .transport = "unix", .type = {}};
  }
  for (const std::string_view type : {std::string_view{"ipv4"}, std::string_view{"ipv6"}}) {
    if (!peer.starts_with(type) || !peer.substr(type.size()).starts_with(':')) continue;
    PeerAddress parts = split(peer.substr(type.size() + 1));
    parts.type = type;
    return parts;
  }
  return {.address = peer, .port = std::nullopt, .transport = {}, .type = {}};
}

PeerAddress target_address(std::string_view target) noexcept {
  if (target.starts_with("unix")) return peer_address(target);
  if (target.find(',') != std::string_view::npos) return {target, std::nullopt, {}, {}};
  if (target.starts_with("ipv4:") || target.starts_with("ipv6:")) return peer_address(target);
  if (remove_prefix(target, "dns:")) {
    // "dns://authority/host": the authority is the name server's.
    if (remove_prefix(target, "//")) target.remove_prefix(std::min(target.find('/') + 1, target.size()));
    return split(target);
  }
  if (target.find("://") != std::string_view::npos) return {target, std::nullopt, {}, {}};
  return split(target);
}

}  // namespace tern::telemetry

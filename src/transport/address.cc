#include "transport/address.h"

#include <boost/asio/ip/address.hpp>
#include <optional>
#include <stdexcept>

#include "text/number.h"

namespace tern::transport {

namespace {

[[noreturn]] void refuse(std::string_view text, const char* why) {
  throw std::invalid_argument("address \"" + std::string{text} + "\": " + why +
                              " (expected host:port, [ipv6]:port, unix:path or fd:number)");
}

bool take_prefix(std::string_view& text, std::string_view prefix) {
  if (!text.starts_with(prefix)) return false;
  text.remove_prefix(prefix.size());
  return true;
}

}  // namespace

int HandedInSocket::take() {
  const int descriptor = left_.exchange(-1);
  if (descriptor < 0) throw std::runtime_error("fd:" + std::to_string(descriptor_) + " was used before, and is closed");
  return descriptor;
}

Address Address::parse(std::string_view text) {
  std::string_view rest = text;
  Address address;
  if (take_prefix(rest, "unix-abstract:")) {
    if (rest.empty() || rest.size() > 106) refuse(text, "an abstract name has 1 to 106 bytes");
    address.unix_path = '\0' + std::string{rest};
    return address;
  }
  if (take_prefix(rest, "unix:")) {
    take_prefix(rest, "//");
    if (rest.empty()) refuse(text, "the path is missing");
    // sockaddr_un has room for 107 bytes and a zero.
    if (rest.size() > 107) refuse(text, "the path is longer than 107 bytes");
    address.unix_path = rest;
    return address;
  }
  if (take_prefix(rest, "fd:")) {
    const auto descriptor = text::number_of<int>(rest);
    if (!descriptor || *descriptor < 0) refuse(text, "the descriptor is no number");
    address.handed_in = std::make_shared<HandedInSocket>(*descriptor);
    return address;
  }
  if (take_prefix(rest, "dns:") || take_prefix(rest, "ipv4:") || take_prefix(rest, "ipv6:")) take_prefix(rest, "///");
  return parse_host(rest);
}

Address Address::parse_host(std::string_view text) {
  const std::size_t colon = text.rfind(':');
  if (colon == std::string_view::npos) refuse(text, "the port is missing");
  const std::string_view port = text.substr(colon + 1);
  std::string_view host = text.substr(0, colon);
  if (host.starts_with('[') && host.ends_with(']')) {
    host = host.substr(1, host.size() - 2);
  } else if (host.find(':') != std::string_view::npos) {
    refuse(text, "an IPv6 address stands in brackets");
  }
  if (host.empty()) refuse(text, "the host is missing");
  const auto number = text::number_of<std::uint16_t>(port);
  if (!number) refuse(text, "the port is not a number from 0 to 65535");
  Address address;
  address.port = *number;
  address.host = host;
  return address;
}

bool Address::is_numeric() const {
  boost::system::error_code error;
  boost::asio::ip::make_address(host, error);
  return !error;
}

std::string Address::to_string() const {
  if (handed_in != nullptr) return "fd:" + std::to_string(handed_in->number());
  if (unix_path.starts_with('\0')) return "unix-abstract:" + unix_path.substr(1);
  if (is_unix()) return "unix:" + unix_path;
  const bool bare_ipv6 = host.find(':') != std::string::npos;
  return (bare_ipv6 ? "[" + host + "]" : host) + ":" + std::to_string(port);
}

std::string_view host_of_peer(std::string_view peer) noexcept {
  const std::size_t scheme = peer.find(':');
  if (scheme == std::string_view::npos || peer.starts_with("unix")) return {};
  peer.remove_prefix(scheme + 1);
  return peer.substr(0, peer.rfind(':'));
}

}  // namespace tern::transport

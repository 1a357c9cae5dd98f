// The port of "127.0.0.1:1234" or "http://127.0.0.1:1234", of a target or of a URL without a path.
#pragma once

#include <cstdint>
#include <string>

namespace tern::test {

inline std::uint16_t port_of(const std::string& address) {
  return static_cast<std::uint16_t>(std::stoi(address.substr(address.rfind(':') + 1)));
}

}  // namespace tern::test

#include "transport/notify_socket.h"

#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstring>

#include "transport/descriptor_message.h"

namespace tern::transport {

std::string send_to_notify_socket(const std::string& address, const std::string& text) {
  sockaddr_un receiver{};
  receiver.sun_family = AF_UNIX;
  if (address.size() < 2 || (address[0] != '/' && address[0] != '@')) {
    return '"' + address + R"(" is neither a path nor the name of an abstract socket ("@name"))";
  }
  if (address.size() >= sizeof receiver.sun_path) return "the path is longer than 107 bytes";
  std::ranges::copy(address, receiver.sun_path);
  if (address[0] == '@') receiver.sun_path[0] = '\0';
  const OwnedDescriptor socket{::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0)};
  if (!socket.open()) return std::strerror(errno);
  const timeval limit{.tv_sec = 1, .tv_usec = 0};
  static_cast<void>(::setsockopt(socket.get(), SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit));
  // An abstract name has no zero at its end.
  const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + address.size());
  const ssize_t sent = ::sendto(socket.get(), text.data(), text.size(), MSG_NOSIGNAL,
                                reinterpret_cast<const sockaddr*>(&receiver), size);
  return sent < 0 ? std::strerror(errno) : "";
}

}  // namespace tern::transport

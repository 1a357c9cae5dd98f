#include "tern/transport/listening_socket.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <stdexcept>
#include <utility>

#include "transport/socket_stream.h"
#include "transport/unix_socket_file.h"

namespace tern {

namespace {

int option_of(int descriptor, int option) noexcept {
  int value = 0;
  socklen_t size = sizeof value;
  return ::getsockopt(descriptor, SOL_SOCKET, option, &value, &size) == 0 ? value : -1;
}

}  // namespace

bool ListeningSocket::listens(int descriptor) noexcept {
  return option_of(descriptor, SO_TYPE) == SOCK_STREAM && option_of(descriptor, SO_ACCEPTCONN) == 1;
}

ListeningSocket::ListeningSocket(std::string name, int descriptor, std::shared_ptr<transport::UnixSocketFile> file)
    : name_(std::move(name)), descriptor_(descriptor), file_(std::move(file)) {
  if (!listens(descriptor_)) {
    close();
    throw std::runtime_error("descriptor " + std::to_string(descriptor) + " (\"" + name_ +
                             "\") is not a listening stream socket");
  }
  static_cast<void>(::fcntl(descriptor_, F_SETFD, FD_CLOEXEC));
}

ListeningSocket::ListeningSocket(ListeningSocket&& other) noexcept
    : name_(std::move(other.name_)), descriptor_(std::exchange(other.descriptor_, -1)), file_(std::move(other.file_)) {}

ListeningSocket& ListeningSocket::operator=(ListeningSocket&& other) noexcept {
  if (this == &other) return *this;
  close();
  name_ = std::move(other.name_);
  descriptor_ = std::exchange(other.descriptor_, -1);
  file_ = std::move(other.file_);
  return *this;
}

ListeningSocket::~ListeningSocket() { close(); }

int ListeningSocket::release() noexcept { return std::exchange(descriptor_, -1); }

void ListeningSocket::close() noexcept {
  if (descriptor_ >= 0) ::close(std::exchange(descriptor_, -1));
}

std::string ListeningSocket::address() const {
  transport::Socket::endpoint_type endpoint;
  auto size = static_cast<socklen_t>(endpoint.capacity());
  if (::getsockname(descriptor_, endpoint.data(), &size) != 0) return {};
  endpoint.resize(size);
  return transport::endpoint_name(endpoint);
}

}  // namespace tern

// open_socket: opens a socket for one of Asio's. Asio's own open() leaves out SOCK_CLOEXEC, so that each program that a
// handler starts would inherit the server's port and its clients' connections, and keep them open.
#pragma once

#include <sys/socket.h>
#include <unistd.h>

#include <boost/system/error_code.hpp>
#include <cerrno>

namespace tern::transport {

/// Opens `socket`, a socket or acceptor of Asio's, for `protocol`. No program that this process starts inherits it.
template <class AsioSocket, class Protocol>
void open_socket(AsioSocket& socket, const Protocol& protocol, boost::system::error_code& error) {
  const int descriptor = ::socket(protocol.family(), protocol.type() | SOCK_CLOEXEC, protocol.protocol());
  if (descriptor < 0) {
    error = {errno, boost::system::system_category()};
    return;
  }
  socket.assign(protocol, descriptor, error);
  if (error) ::close(descriptor);
}

}  // namespace tern::transport

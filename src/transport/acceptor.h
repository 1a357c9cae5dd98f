// Acceptor: one listening address. What it accepts it deals out to the loops in turn; a connection stays on its loop.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "tern/async/loop.h"
#include "tern/async/task.h"
#include "tern/transport/listening_socket.h"
#include "transport/address.h"
#include "transport/socket_stream.h"

namespace tern::transport {

class Acceptor {
 public:
  /// Binds and listens on every address that a host's name has, on the same port; addresses that this machine lacks are
  /// left out. Port 0 takes a free one. "[::]" takes IPv4 too, and falls back to it where there is no IPv6. A unix
  /// socket that no process listens on is replaced, and removed at the end. A socket that is handed in listens already.
  /// With `reuse_port`, others may listen on the same TCP port (SO_REUSEPORT). Throws std::runtime_error that says
  /// which address and why.
  static std::vector<std::unique_ptr<Acceptor>> listen(Loop& loop, const Address& address, bool reuse_port = false);
  /// Accepts from a socket that listens already. `name` is how the program calls it.
  static std::unique_ptr<Acceptor> adopt(Loop& loop, ListeningSocket socket);
  virtual ~Acceptor() = default;

  /// The address with the port that it really has.
  [[nodiscard]] virtual const Address& address() const noexcept = 0;
  /// The same for people; of a socket that was handed in, the address that it listens on: "ipv4:127.0.0.1:50051".
  [[nodiscard]] virtual std::string name() const = 0;

  /// A second descriptor of the same socket, with the same queue of connections. Throws std::runtime_error when the
  /// process has no more descriptors.
  [[nodiscard]] virtual ListeningSocket duplicate(std::string name) const = 0;

  /// Accepts until cancelled. `accepted` is called on the loop that the socket is for.
  virtual Task<void> accept_forever(std::function<void(Loop&, Socket)> accepted) = 0;
};

}  // namespace tern::transport

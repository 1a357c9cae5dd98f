// One datagram to a unix socket: the whole protocol of sd_notify(3).
#pragma once

#include <string>

namespace tern::transport {

/// Sends `text` to `address`: a path, or "@name" for an abstract socket. Waits for at most a second while the
/// receiver's queue is full. Returns why it failed; empty when it was sent. Any thread.
[[nodiscard]] std::string send_to_notify_socket(const std::string& address, const std::string& text);

}  // namespace tern::transport

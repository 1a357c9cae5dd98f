// A ByteStream over a connected TCP or unix socket.
#pragma once

#include <boost/asio/generic/stream_protocol.hpp>
#include <memory>

#include "tern/async/loop.h"
#include "transport/byte_stream.h"

namespace tern::transport {

using Socket = boost::asio::generic::stream_protocol::socket;

/// `socket` must be one of `loop`'s own context.
std::unique_ptr<ByteStream> make_socket_stream(Loop& loop, Socket socket);

}  // namespace tern::transport

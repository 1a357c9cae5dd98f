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

/// A stream socket that was opened elsewhere, as one of `loop`'s own; it is closed with it. Throws std::runtime_error,
/// and then closes nothing, when `descriptor` is no stream socket.
Socket adopt_socket(Loop& loop, int descriptor);
/// Its protocol, as Asio names them.
boost::asio::generic::stream_protocol protocol_of(int descriptor);

}  // namespace tern::transport

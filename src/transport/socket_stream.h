// A ByteStream over a connected TCP or unix socket.
#pragma once

#include <boost/asio/generic/stream_protocol.hpp>
#include <memory>
#include <string>

#include "tern/async/loop.h"
#include "transport/byte_stream.h"

namespace tern::transport {

using Socket = boost::asio::generic::stream_protocol::socket;

/// `socket` must be one of `loop`'s own context.
std::unique_ptr<ByteStream> make_socket_stream(Loop& loop, Socket socket);

/// A stream socket that was opened elsewhere, as one of `loop`'s own; it is closed with it. Throws std::runtime_error,
/// and then closes nothing, when `descriptor` is no stream socket.
Socket adopt_socket(Loop& loop, int descriptor);
/// An endpoint as gRPC writes it: "ipv4:127.0.0.1:1234", "ipv6:[::1]:1234", "unix:/path", "unix-abstract:name"; "unix:"
/// for a unix socket that has no name, as a client's.
std::string endpoint_name(const Socket::endpoint_type& endpoint);

/// Its protocol, as Asio names them.
boost::asio::generic::stream_protocol protocol_of(int descriptor);

}  // namespace tern::transport

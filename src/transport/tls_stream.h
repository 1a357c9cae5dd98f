// A ByteStream over TLS over another ByteStream.
#pragma once

#include <memory>

#include "tern/api.h"
#include "tern/async/loop.h"
#include "tern/async/task.h"
#include "transport/byte_stream.h"
#include "transport/peer_name.h"
#include "transport/tls_context.h"

namespace tern::transport {

/// The protocols that one end offers or accepts (ALPN, RFC 7301): HTTP/2 alone; HTTP/2, or else HTTP/1.1 (a client
/// learns from ByteStream::alpn() which the server chose); HTTP/1.1 alone (clients only).
enum class Alpn { kHttp2, kHttp1Too, kHttp1 };

/// Shakes hands as the server. Throws std::runtime_error that says what went wrong.
Task<std::unique_ptr<ByteStream>> accept_tls(Loop& loop, std::unique_ptr<ByteStream> plain, TlsContext& context,
                                             Alpn alpn);

/// Shakes hands as a client of the server of that name, which its certificate must have. `tls` outlives the handshake.
TERN_API Task<std::unique_ptr<ByteStream>> connect_tls(Loop& loop, std::unique_ptr<ByteStream> plain,
                                                       const ClientTls& tls, PeerName server_name, Alpn alpn);

}  // namespace tern::transport

// One HTTP/1.1 connection: a request, its answer, and the next (RFC 9112).
#pragma once

#include "rest/router.h"
#include "tern/async/task.h"
#include "transport/socket_stream.h"

namespace tern::rest {

/// What a connection and its server tell each other; on the connection's loop.
struct Http1State {
  /// A request is being answered: a server that stops waits for it.
  bool busy = false;
  /// The server stops: this request is the last.
  bool stopping = false;
};

/// Serves until the client leaves, breaks a rule or is too slow, or until it is to stop. `state` outlives it.
Task<void> serve_http1(transport::Socket socket, const Router& router, const ServerOptions& options, Http1State& state);

}  // namespace tern::rest

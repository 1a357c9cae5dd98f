// One HTTP/1.1 connection: a request, its answer, and the next (RFC 9112).
#pragma once

#include "rest/router.h"
#include "tern/async/task.h"
#include "transport/socket_stream.h"

namespace tern::rest {

/// Serves until the client leaves, breaks a rule or is too slow, or until `stopping` is set and no request is under
/// way.
Task<void> serve_http1(transport::Socket socket, const Router& router, const ServerOptions& options,
                       const bool& stopping);

}  // namespace tern::rest

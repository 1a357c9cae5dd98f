// Methods as REST: JSON in, JSON out, and streams as lines of JSON (application/x-ndjson) or as events
// (text/event-stream, WHATWG HTML §9.2), as the client accepts.
#pragma once

#include "rest/gateway.h"
#include "rest/http_binding.h"

namespace tern::rest {

/// Answers a request that the binding's route took. Throws HttpError.
Task<Response> serve_binding(const Gateway& gateway, const HttpBinding& binding, Request& request);

}  // namespace tern::rest

// What a method of a generated service does that nobody has overridden. Used by generated code.
#pragma once

#include <string>

#include "tern/async/async_generator.h"
#include "tern/async/task.h"
#include "tern/server/server_context.h"

namespace tern::detail {

/// Ends the call with UNIMPLEMENTED.
[[noreturn]] inline void abort_unimplemented(const ServerContext& context) {
  ServerContext::abort(StatusCode::kUnimplemented, "the server does not implement " + context.method());
}

template <class Response>
Task<Response> unimplemented(const ServerContext& context) {
  abort_unimplemented(context);
  co_return Response{};
}

template <class Response>
AsyncGenerator<Response> unimplemented_stream(const ServerContext& context) {
  abort_unimplemented(context);
  co_yield Response{};
}

}  // namespace tern::detail

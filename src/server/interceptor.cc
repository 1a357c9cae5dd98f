#include "tern/server/interceptor.h"

#include "call/interceptor_parts.h"

namespace tern {

// NOLINTNEXTLINE(performance-unnecessary-value-param): those that override it keep `next` in their coroutine
Task<Status> ServerInterceptor::intercept(ServerContext& /*context*/, Next next) { return next(); }

Task<Status> ServerInterceptor::Next::operator()() const { return InterceptorParts::run(parts_, index_); }

}  // namespace tern

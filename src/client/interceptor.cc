#include "tern/client/interceptor.h"

#include "call/interceptor_parts.h"

namespace tern {

// NOLINTNEXTLINE(performance-unnecessary-value-param): those that override it keep `next` in their coroutine
Task<Status> ClientInterceptor::intercept(ClientContext& /*context*/, Next next) { return next(); }

Task<Status> ClientInterceptor::Next::operator()() const { return InterceptorParts::run(parts_, index_); }

}  // namespace tern

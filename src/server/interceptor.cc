#include "tern/server/interceptor.h"

#include "tern/call/interceptor_parts.h"

namespace tern {

Task<Status> ServerInterceptor::intercept(ServerContext& /*context*/, Next next) { return next(); }

Task<Status> ServerInterceptor::Next::operator()() const { return InterceptorParts::run(parts_, index_); }

}  // namespace tern

#include "tern/server/interceptor.h"

#include "tern/server/server_call.h"

namespace tern {

Task<Status> ServerInterceptor::intercept(ServerContext& /*context*/, Next next) { return next(); }

Task<Status> ServerInterceptor::Next::operator()() const { return call_->run_from(index_); }

}  // namespace tern

#include "tern/client/interceptor.h"

#include "tern/client/client_call.h"

namespace tern {

Task<Status> ClientInterceptor::intercept(ClientCall& /*call*/, Next next) { return next(); }

Task<Status> ClientInterceptor::Next::operator()() const { return call_->run_from(index_); }

}  // namespace tern

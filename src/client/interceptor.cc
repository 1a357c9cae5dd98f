#include "tern/client/interceptor.h"

namespace tern {

Task<Status> ClientInterceptor::intercept(ClientCall& /*call*/, Next next) { return next(); }

}  // namespace tern

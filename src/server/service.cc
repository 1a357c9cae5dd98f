#include "tern/server/service.h"

#include <algorithm>
#include <stdexcept>

#include "text/log.h"

namespace tern {

// The members of a derived class are destroyed before this: a call may use them and crash. The log then names the
// cause.
Service::~Service() {
  if (in_use_.use_count() == 1) return;
  log_error("server",
            "the service {} is destroyed while a server serves it: declare the service before the server, or await "
            "Server::stop() before",
            name_);
}

void Service::replace_method(std::string_view name, std::unique_ptr<MethodHandler> handler) {
  const auto method = std::find_if(methods_.begin(), methods_.end(),
                                   [name](const Method& candidate) { return candidate.name == name; });
  const auto refuse = [&](const char* why) {
    throw std::invalid_argument("on_arena(\"" + std::string{name} + "\"): " + why);
  };
  if (method == methods_.end()) refuse("the service has no method of this name");
  if (!(method->handler->types() == handler->types()) || method->handler->requests() != handler->requests()) {
    refuse("the method is another kind of call, or has other messages, or its service is a synchronous one");
  }
  method->handler = std::move(handler);
}

}  // namespace tern

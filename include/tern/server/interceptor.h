// ServerInterceptor: a coroutine around every call of a server: before its handler, after it, or in its place.
//
//   class Timing final : public tern::ServerInterceptor {
//     tern::Task<tern::Status> intercept(tern::ServerContext& context, Next next) override {
//       const auto start = tern::Clock::now();
//       tern::Status status = co_await next();
//       log(context.method(), tern::Clock::now() - start, status);
//       co_return status;
//     }
//   };
#pragma once

#include <cstddef>
#include <memory>
#include <utility>

#include "tern/api.h"
#include "tern/async/task.h"
#include "tern/rpc/message_ref.h"
#include "tern/rpc/status.h"
#include "tern/server/server_context.h"

namespace tern {

class InterceptorParts;

/// Outlives the server that it is added to; serves all its loops at once.
class TERN_API ServerInterceptor {
 public:
  /// The interceptors after this one, and the handler.
  class Next {
   public:
    Next(std::shared_ptr<InterceptorParts> parts, std::size_t index) noexcept
        : parts_(std::move(parts)), index_(index) {}
    /// Runs them; gives how the call ends as far as they are concerned. Throws nothing but Cancelled.
    /// Once, and while intercept() runs. Awaited again or later, it gives INTERNAL, and the call ends with INTERNAL
    /// unless it has ended. On a loop that is not the call's it gives INTERNAL alone. A next() that still runs when
    /// intercept() returns is destroyed.
    Task<Status> operator()() const;

   private:
    std::shared_ptr<InterceptorParts> parts_;
    std::size_t index_;
  };

  ServerInterceptor() = default;
  ServerInterceptor(const ServerInterceptor&) = delete;
  ServerInterceptor& operator=(const ServerInterceptor&) = delete;
  virtual ~ServerInterceptor() = default;

  /// Returns how the call ends; ServerContext::abort() ends it too. Without `next` the handler never runs.
  /// Another exception ends the call with UNKNOWN, and is logged.
  virtual Task<Status> intercept(ServerContext& context, Next next);

  /// Each message of the client, before the handler has it; and each of the handler, before it is sent. On the call's
  /// loop. An AbortError ends the call, and so does any other exception, with UNKNOWN.
  virtual void on_request(ServerContext& /*context*/, MessageRef /*message*/) {}
  virtual void on_response(ServerContext& /*context*/, MessageRef /*message*/) {}
};

}  // namespace tern

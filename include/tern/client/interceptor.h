// ClientInterceptor: a coroutine around every call of a channel: before it is opened, after its end, or in its place.
//
//   class Tagging final : public tern::ClientInterceptor {
//     tern::Task<tern::Status> intercept(tern::ClientContext& context, Next next) override {
//       context.metadata().add("x-request-id", new_id());
//       co_return co_await next();
//     }
//   };
#pragma once

#include <cstddef>
#include <memory>
#include <utility>

#include "tern/api.h"
#include "tern/async/task.h"
#include "tern/client/client_context.h"
#include "tern/rpc/message_ref.h"
#include "tern/rpc/status.h"

namespace tern {

class InterceptorParts;

/// Outlives the channel that it is added to; serves all its loops at once.
class TERN_API ClientInterceptor {
 public:
  /// The interceptors after this one, and the call itself.
  class Next {
   public:
    Next(std::shared_ptr<InterceptorParts> parts, std::size_t index) noexcept
        : parts_(std::move(parts)), index_(index) {}
    /// Runs them; gives how the call ended as far as they are concerned. Throws nothing but Cancelled.
    /// Once, and while intercept() runs. Awaited again or later, it gives INTERNAL, and the call ends with INTERNAL
    /// unless it has ended. On a loop that is not the call's it gives INTERNAL alone. A next() that still runs when
    /// intercept() returns is destroyed.
    Task<Status> operator()() const;

   private:
    std::shared_ptr<InterceptorParts> parts_;
    std::size_t index_;
  };

  ClientInterceptor() = default;
  ClientInterceptor(const ClientInterceptor&) = delete;
  ClientInterceptor& operator=(const ClientInterceptor&) = delete;
  virtual ~ClientInterceptor() = default;

  /// Returns how the call ends for its maker. An RpcError that it throws ends the call with its status, another
  /// exception with UNKNOWN. `context` has the method, the metadata (to be changed before `next`) and, after `next`,
  /// what came back. Without `next` the call is never opened.
  virtual Task<Status> intercept(ClientContext& context, Next next);

  /// Each message before it is sent, and each that has come; on the call's loop.
  virtual void on_request(ClientContext& /*context*/, MessageRef /*message*/) {}
  virtual void on_response(ClientContext& /*context*/, MessageRef /*message*/) {}
};

}  // namespace tern

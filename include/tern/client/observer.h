// ClientObserver: sees every call of a channel begin and end: for figures and traces. It costs calls nothing when a
// channel has none; what has to change more than metadata, or to wait, is a ClientInterceptor's.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "tern/api.h"
#include "tern/client/client_context.h"
#include "tern/detail/timer_queue.h"
#include "tern/rpc/message_count.h"
#include "tern/rpc/status.h"

namespace tern {

struct EndedClientCall {
  const ClientContext& context;
  /// As its maker learns it.
  const Status& status;
  /// Since its beginning, waiting for a connection and all attempts included.
  Clock::duration took;
  MessageCount sent;
  /// Of the last attempt.
  MessageCount received;
};

/// One of a call's attempts: most calls have one, those that are retried or hedged have more (gRFC A6).
struct EndedAttempt {
  /// "/package.Service/Method".
  std::string_view method;
  /// The channel's target.
  const std::string& target;
  const Status& status;
  /// Since the attempt began, waiting for a connection included.
  Clock::duration took;
  /// Of the attempt's messages as they travel: compressed where they are, without gRPC's prefix.
  std::uint64_t sent_bytes;
  std::uint64_t received_bytes;
};

/// Outlives the channel that it is added to. Called on the call's loop, of which a channel may use several. Its
/// exceptions are logged and have no other effect: the call and the other observers go on.
class TERN_API ClientObserver {
 public:
  ClientObserver() = default;
  ClientObserver(const ClientObserver&) = delete;
  ClientObserver& operator=(const ClientObserver&) = delete;
  virtual ~ClientObserver() = default;

  /// It begins, before its interceptors; metadata may be added. Not for a call whose request cannot be sent, nor on a
  /// closed channel.
  virtual void on_call_begun(ClientContext& context) = 0;
  /// Once for each that began.
  virtual void on_call_ended(const EndedClientCall& call) = 0;

  /// An attempt begins, before it has a connection.
  virtual void on_attempt_begun(std::string_view /*method*/, const std::string& /*target*/) {}
  /// Called once for each attempt that began. The last one may end before or behind its call.
  virtual void on_attempt_ended(const EndedAttempt& /*attempt*/) {}
};

}  // namespace tern

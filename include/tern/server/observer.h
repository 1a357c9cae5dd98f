// ServerObserver: sees every call of a server begin and end: for figures and logs. It changes nothing that the client
// sees, and costs calls nothing when a server has none; what has to change or to wait is a ServerInterceptor's.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "tern/api.h"
#include "tern/detail/timer_queue.h"
#include "tern/rpc/message_count.h"
#include "tern/rpc/status.h"
#include "tern/server/refusal.h"
#include "tern/server/server_context.h"

namespace tern {

struct EndedCall {
  const ServerContext& context;
  /// As the client learns it, or would if it were still there.
  const Status& status;
  /// Since its headers came.
  Clock::duration took;
  /// One message each way.
  bool unary;
  MessageCount received;
  MessageCount sent;
};

/// A method of a service that was added to the server.
struct ServedMethod {
  /// "/package.Service/Method".
  std::string path;
  /// ServerContext::method_id() of its calls.
  std::uint32_t id;
};

/// Outlives the server that it is added to. Called on the call's loop, of which a server may have several. Its
/// exceptions are logged and have no other effect: the call, the other observers and the server go on.
class TERN_API ServerObserver {
 public:
  ServerObserver() = default;
  ServerObserver(const ServerObserver&) = delete;
  ServerObserver& operator=(const ServerObserver&) = delete;
  virtual ~ServerObserver() = default;

  /// The server is about to listen, for the first time. Called once for each server, on the server's own loop.
  virtual void on_listening(const std::vector<ServedMethod>& /*methods*/) {}
  /// Its headers have come; for methods that nobody serves, too.
  virtual void on_call_begun(ServerContext& context) = 0;
  /// Once for each that began: its handler has ended, or it never ran.
  virtual void on_call_ended(const EndedCall& call) = 0;
  /// Something of a client was not taken. On the connection's loop.
  virtual void on_refused(const Refused& /*refused*/) {}
};

}  // namespace tern

// ClientContext: a call as a channel's interceptors and observers see it, and can change it. It mirrors the server's
// ServerContext.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "tern/api.h"
#include "tern/async/clock.h"
#include "tern/rpc/metadata.h"
#include "tern/rpc/status.h"

namespace tern {

class ClientCall;
class TraceContext;

/// Belongs to the call, and lives as long. On the call's loop only.
class TERN_API ClientContext {
 public:
  explicit ClientContext(ClientCall& call) noexcept : call_(call) {}
  ClientContext(const ClientContext&) = delete;
  ClientContext& operator=(const ClientContext&) = delete;

  /// "/package.Service/Method".
  [[nodiscard]] std::string_view method() const noexcept;
  /// The channel's target: "localhost:50051".
  [[nodiscard]] const std::string& target() const noexcept;
  /// "ipv4:127.0.0.1:1234" and so on while the call is open, and at its end. Empty while it has no connection.
  [[nodiscard]] std::string peer() const;

  /// The metadata of the request. Changes count until an interceptor's next() opens the call.
  [[nodiscard]] Metadata& metadata() noexcept;
  [[nodiscard]] const Metadata& metadata() const noexcept;

  /// The earliest of the deadlines that apply; none when nothing limits the call.
  [[nodiscard]] std::optional<Clock::time_point> deadline() const noexcept;
  /// Until then; 0 when it has passed.
  [[nodiscard]] std::optional<Clock::duration> time_remaining() const noexcept;

  /// Which trace the call belongs to: its job's, unless an observer has set another as it began. Null when there is
  /// none.
  [[nodiscard]] const TraceContext* trace() const noexcept;
  void set_trace(std::shared_ptr<const TraceContext> trace) noexcept;

  /// The metadata that the server sent before its first message; empty until then.
  [[nodiscard]] const Metadata& initial_metadata() const noexcept;
  /// The metadata that the server sent with its status; empty until then.
  [[nodiscard]] const Metadata& trailing_metadata() const noexcept;
  /// Whether the server had compressed the message that was read last.
  [[nodiscard]] bool message_was_compressed() const noexcept;

  /// Ends the call with this status, here and on the wire. Nothing when it has ended.
  void cancel(Status status);

 private:
  ClientCall& call_;
};

}  // namespace tern

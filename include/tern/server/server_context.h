// ServerContext: what a handler knows of its call and can say of it besides the messages.
#pragma once

#include <optional>
#include <string>

#include "tern/async/job.h"
#include "tern/rpc/metadata.h"
#include "tern/rpc/status.h"
#include "tern/server/abort_error.h"

namespace tern {

class ServerCall;

/// Belongs to the call, as long as its handler runs. For the handler's own thread: the loop of an asynchronous handler,
/// the worker of a synchronous one.
class ServerContext {
 public:
  explicit ServerContext(ServerCall& call) noexcept : call_(call) {}
  ServerContext(const ServerContext&) = delete;
  ServerContext& operator=(const ServerContext&) = delete;

  /// "/package.Service/Method".
  [[nodiscard]] const std::string& method() const noexcept;
  /// "ipv4:127.0.0.1:1234", "ipv6:[::1]:1234" or "unix:".
  [[nodiscard]] const std::string& peer() const noexcept;
  /// What the client sent along.
  [[nodiscard]] const Metadata& metadata() const noexcept;

  /// When the client stops waiting; none when it set no timeout.
  [[nodiscard]] std::optional<Clock::time_point> deadline() const noexcept;
  /// Until then; 0 when it has passed.
  [[nodiscard]] std::optional<Clock::duration> time_remaining() const noexcept;
  /// The call is of no use any more: the client went away or cancelled, the deadline passed, the server stops.
  /// An asynchronous handler need not ask: its next await throws Cancelled. Any thread.
  [[nodiscard]] bool cancelled() const noexcept;

  /// Ends the call with this status: throws AbortError, which the handler lets pass. `code` must not be kOk.
  [[noreturn]] static void abort(StatusCode code, std::string details = {});
  [[noreturn]] static void abort(Status status);

  /// Sent before the first message, or at the end; what is added later than that is not sent.
  Metadata& initial_metadata() noexcept { return initial_; }
  /// Sends the initial metadata now. Once only; later calls do nothing.
  void send_initial_metadata();
  /// Sent with the status, also after abort().
  Metadata& trailing_metadata() noexcept { return trailing_; }

 private:
  ServerCall& call_;
  Metadata initial_;
  Metadata trailing_;
};

}  // namespace tern

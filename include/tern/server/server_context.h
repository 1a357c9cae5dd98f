// ServerContext: what a handler knows of its call and can say of it besides the messages.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "tern/api.h"
#include "tern/async/job.h"
#include "tern/rpc/compression.h"
#include "tern/rpc/metadata.h"
#include "tern/rpc/status.h"
#include "tern/server/abort_error.h"
#include "tern/transport/tls.h"

namespace google::protobuf {
class Arena;
}

namespace tern {

class ServerCall;
class TraceContext;

/// Belongs to the call, as long as its handler runs. For the handler's own thread: the loop of an asynchronous handler,
/// the worker of a synchronous one.
class TERN_API ServerContext {
 public:
  explicit ServerContext(ServerCall& call) noexcept;
  ServerContext(const ServerContext&) = delete;
  ServerContext& operator=(const ServerContext&) = delete;
  ~ServerContext();

  /// "/package.Service/Method".
  [[nodiscard]] const std::string& method() const noexcept;
  /// A small number for the method, the same for all its calls: for tables. 0: no service has it (a GenericService may
  /// answer it).
  [[nodiscard]] std::uint32_t method_id() const noexcept;
  /// "ipv4:127.0.0.1:1234", "ipv6:[::1]:1234" or "unix:".
  [[nodiscard]] const std::string& peer() const noexcept;
  /// Who the client is by its certificate (mutual TLS); nobody without.
  [[nodiscard]] const PeerIdentity& peer_identity() const noexcept;
  /// What the client sent along.
  [[nodiscard]] const Metadata& metadata() const noexcept;

  /// When the client stops waiting; none when it set no timeout.
  [[nodiscard]] std::optional<Clock::time_point> deadline() const noexcept;
  /// Until then; 0 when it has passed.
  [[nodiscard]] std::optional<Clock::duration> time_remaining() const noexcept;
  /// The call is of no use any more: the client went away or cancelled, the deadline passed, the server stops.
  /// An asynchronous handler need not ask: its next await throws Cancelled. Any thread.
  [[nodiscard]] bool cancelled() const noexcept;

  /// Ends the call as soon as the server begins to stop, in place of at the end of the grace: with UNAVAILABLE, and
  /// Cancelled out of the handler's next await. For streams that never end by themselves, which would use up the grace
  /// of every stop. Messages that were written before still arrive.
  void end_when_draining();

  /// Which trace it belongs to, across services; null when nobody traces it. set_trace: for observers, as it begins; on
  /// its loop.
  [[nodiscard]] const TraceContext* trace() const noexcept;
  void set_trace(std::shared_ptr<const TraceContext> trace) noexcept;

  /// Memory that the call gives back as a whole when its handler has ended. On the handler's own thread.
  google::protobuf::Arena& arena();
  /// A message there; not to be deleted. Defined in tern/generated.h, which generated code includes.
  template <class Message>
  Message* make();

  /// Ends the call with this status: throws AbortError, which the handler lets pass. `code` must not be kOk.
  [[noreturn]] static void abort(StatusCode code, std::string details = {});
  [[noreturn]] static void abort(Status status);

  /// Sent before the first message, or at the end; what is added later than that is not sent.
  Metadata& initial_metadata() noexcept { return initial_; }
  /// Sends the initial metadata now. Once only; later calls do nothing. In a synchronous handler it blocks for a turn
  /// of the call's loop, and throws Cancelled when the call has gone.
  void send_initial_metadata();
  /// Compresses the call's messages like this, if the client can read it; before the first message.
  void set_compression(Compression compression) noexcept { compression_ = compression; }
  /// The next message goes out as it is.
  void disable_next_message_compression() noexcept { compress_next_ = false; }
  /// Whether the client had compressed the message that was read last.
  [[nodiscard]] bool message_was_compressed() const noexcept;

  /// Sent with the status, also after abort().
  Metadata& trailing_metadata() noexcept { return trailing_; }

 private:
  friend class ServerCall;
  ServerCall& call_;
  std::optional<Compression> compression_;  // the server's, unless the handler has said
  bool compress_next_ = true;
  Metadata initial_;
  Metadata trailing_;
  std::unique_ptr<google::protobuf::Arena> arena_;
};

}  // namespace tern

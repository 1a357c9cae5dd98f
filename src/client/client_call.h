// ClientCall: one call on the client as its user, its interceptors and its observers see it, from its request to its
// status. Knows only bytes; the typed calls sit on top, and CallAttempts below makes its attempts.
//
//   new --start()--> waiting for a connection --> open --trailers, reset, deadline, loss--> ended
//    \----------------- cannot connect, deadline, closed channel ----------------------------^
#pragma once

#include <coroutine>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "client/call_attempts.h"
#include "tern/api.h"
#include "tern/async/event.h"
#include "tern/call/running_call.h"
#include "tern/client/call_options.h"
#include "tern/client/channel.h"
#include "tern/client/client_context.h"
#include "tern/detail/recycler.h"
#include "tern/detail/timer_queue.h"
#include "tern/rpc/message_ref.h"

namespace tern {

/// Made anywhere; lives on the loop that starts it. Destroyed before its end, it is cancelled (RST_STREAM).
class TERN_API ClientCall final : public CallAttempts, private Timer, public Recycled {
 public:
  /// `method` is "/package.Service/Method" and lives for ever.
  ClientCall(const detail::ChannelHandle& channel, std::string_view method, CallOptions options);
  ~ClientCall() override;

  /// The only message of the client; sent when the call opens. Before start(); an error here ends the call with it.
  void set_request(Result<Buffer> request);

  /// The method has one response: none at a good end, or a second one, ends the call with UNIMPLEMENTED
  /// (grpc/doc/statuscodes.md, "cardinality violation"). Before start().
  void expect_one_response() noexcept { expect_one_message(); }

  /// Opens the call, connecting first where needed. Again, it does nothing. What the network does is never thrown:
  /// status() says it. Throws std::logic_error outside of a loop.
  void start();
  /// start(), and awaits that the call is open or has ended.
  Event::Waiting opened();

  /// RESOURCE_EXHAUSTED when the message is too long, CANCELLED when the call has ended.
  [[nodiscard]] Result<Buffer> encode(MessageRef message, WriteOptions options = {});
  /// No more messages will be written.
  void end_requests() { end_request(); }
  [[nodiscard]] bool requests_ended() const noexcept { return request_ended(); }
  using CallAttempts::require_own_loop;

  /// Whether somebody looks at responses: message_read() is then called with each.
  [[nodiscard]] bool shows_responses() const noexcept { return head().options.info != nullptr || intercepted(); }
  void message_read(MessageRef message);

  /// The call as interceptors and observers see it. They may change the metadata before it is opened.
  [[nodiscard]] ClientContext& context() noexcept { return context_; }
  [[nodiscard]] const std::string& target() const noexcept;
  [[nodiscard]] Metadata& metadata() noexcept { return head().metadata; }
  [[nodiscard]] std::optional<Clock::time_point> deadline() const noexcept { return head().deadline; }
  /// Which trace it belongs to: its job's, unless an observer has set another as it began. Null when there is none.
  [[nodiscard]] const TraceContext* trace() const noexcept { return head().trace.get(); }
  void set_trace(std::shared_ptr<const TraceContext> trace) noexcept { head().trace = std::move(trace); }
  /// "ipv4:127.0.0.1:1234" and so on, while the call is open, and for interceptors and observers at its end.
  [[nodiscard]] std::string peer() const;

  /// Awaits the end of the call. Messages that were not read are dropped.
  Event::Waiting end();
  [[nodiscard]] bool ended() const noexcept { return ended_.is_set(); }
  /// Meaningful when ended.
  [[nodiscard]] const Status& status() const noexcept { return status_; }

  /// Awaits the server's first headers, or the end.
  Event::Waiting headers() noexcept { return headers_event().wait(); }
  [[nodiscard]] const Metadata& initial_metadata() const noexcept;
  [[nodiscard]] const Metadata& trailing_metadata() const noexcept;

  /// As it is now.
  [[nodiscard]] RunningCall info() const;

  /// Ends it with this status, here and on the wire. Nothing when it has ended.
  void cancel(Status status);

 private:
  template <class Folder>
  friend struct DebugLayout;

  /// The interceptors and credentials around the call.
  class Chain;

  void add_running(std::vector<RunningCall>& calls) const override { calls.push_back(info()); }
  void attempts_over(Status&& status) override { finish(std::move(status)); }
  void on_bad_message(Status status) override;
  void expired() noexcept override;

  /// The earliest of the deadlines that apply. False when it has passed already.
  [[nodiscard]] bool arm_deadline(Loop& loop);
  [[nodiscard]] bool intercepted() const noexcept;
  /// The call itself is over; so is all of it where it has no chain.
  void finish(Status&& status);
  void conclude(Status&& status);
  void tell_observers_end(const Status& status) noexcept;

  ClientContext context_{*this};
  Status status_;
  bool started_ = false;
  CallCounts* counts_ = nullptr;  // the channel's on this loop, from the start to the end
  Clock::time_point begun_at_;    // while an observer waits for its end
  WallClock::time_point started_at_;
  Event ended_;
  std::unique_ptr<Chain> chain_;  // ends before the rest
};

}  // namespace tern

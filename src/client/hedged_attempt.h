// HedgedAttempt: one of several attempts of a call that run beside each other, on a stream of its own: from wanting a
// connection until the first header block of the response, or its failure.
#pragma once

#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "client/attempt_report.h"
#include "client/call_head.h"
#include "client/connection_waiter.h"
#include "http2/stream.h"
#include "tern/rpc/status.h"

namespace tern {

class ChannelCore;

class HedgedAttempt final : public http2::Stream, private ConnectionWaiter {
 public:
  /// The call that it belongs to. An attempt that is not stopped calls one of these once, and is then over.
  class Call {
   public:
    /// The first header block has come. The stream is still open: the call takes it over or drops it.
    virtual void attempt_answered(HedgedAttempt& attempt, const http2::HeaderBlockRef& block, std::string_view aside,
                                  bool ended) = 0;
    /// The same with a header block that exceeds the channel's limits.
    virtual void attempt_answered_at_length(HedgedAttempt& attempt, const http2::HeaderBlock& begun,
                                            http2::HeaderListSize size) = 0;
    /// It has ended without a header block. `unprocessed`: no handler has seen it.
    virtual void attempt_failed(HedgedAttempt& attempt, Status status, bool unprocessed) = 0;
    /// The server would not accept the request's header fields, in this attempt or in another one.
    virtual void request_rejected(Status status) = 0;

   protected:
    ~Call() = default;
  };

  struct Request {
    /// Must outlive the attempt.
    const CallHead& head;
    bool waits_for_ready = false;
    int attempts_before = 0;
    Buffer message;
  };

  /// The message waits in no other stream's queue.
  HedgedAttempt(Call& call, ChannelCore& channel, Request request);
  /// Gives the attempt up, if it is under way.
  ~HedgedAttempt() override;

  void start();
  /// Ends it, here and on the wire, with `status` for its connection's balancer.
  void stop(const Status& status) noexcept;
  /// Gives up its stream after an answer, which the call does not take over.
  void drop() { renew(unsent() > 0); }

  [[nodiscard]] bool under_way() const noexcept { return under_way_; }
  /// Its connection, once it has one; the end has to be told by who takes it.
  [[nodiscard]] AttemptReport take_report() noexcept;

 private:
  [[nodiscard]] bool open_on(ClientConnection& connection);
  [[nodiscard]] AttemptBytes bytes() const noexcept { return {.sent = sent_bytes_, .received = 0}; }

  void connection_settled(ClientConnection* connection, const Status& failure) override;
  [[nodiscard]] bool waits_for_ready() const noexcept override { return request_.waits_for_ready; }
  [[nodiscard]] std::string_view method() const noexcept override { return request_.head.method; }
  [[nodiscard]] const Metadata& sent_metadata() const noexcept override { return request_.head.metadata; }

  void on_headers(const http2::HeaderBlockRef& block, std::string_view aside, bool ended) override;
  void on_headers_too_long(const http2::HeaderBlock& begun, http2::HeaderListSize size) override;
  // Nothing but headers comes first, and then another object carries the stream.
  void on_data(std::span<const std::uint8_t> /*bytes*/) override {}
  void on_end() override {}
  void on_closed(http2::ErrorCode code) override;

  Call& call_;
  ChannelCore& channel_;
  Request request_;
  AttemptReport report_;
  std::size_t sent_bytes_ = 0;
  bool under_way_ = true;
};

/// The hedged attempts of one call.
class HedgedAttempts {
 public:
  void start(HedgedAttempt::Call& call, ChannelCore& channel, HedgedAttempt::Request request);
  /// Those that are under way.
  void stop(const Status& status) noexcept;

 private:
  std::vector<std::unique_ptr<HedgedAttempt>> attempts_;  // until the call ends
};

}  // namespace tern

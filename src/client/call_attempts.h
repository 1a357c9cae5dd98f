// CallAttempts: what makes a call's attempts. It wants a connection, opens a stream on it, keeps the request as long as
// it may have to be sent again, and does what Retrying says. The call's own stream carries one attempt after the other;
// hedged attempts have streams of their own until one of them is answered, which the call then takes over.
#pragma once

#include <memory>
#include <string_view>
#include <utility>

#include "call/message_stream.h"
#include "client/attempt_report.h"
#include "client/call_head.h"
#include "client/connection_waiter.h"
#include "client/kept_request.h"
#include "client/retrying.h"
#include "tern/async/event.h"

namespace tern {

class ChannelCore;
class ChannelLoop;
class ServiceConfig;
struct MethodConfig;
namespace detail {
class ChannelHandle;
}
namespace rpc {
class ResponseBlock;
}

/// The base of ClientCall. All on the loop that the call is started on.
class CallAttempts : public MessageStream, private ConnectionWaiter {
 public:
  /// "/package.Service/Method".
  [[nodiscard]] std::string_view method() const noexcept final { return head_.method; }

 protected:
  /// The header blocks of the present attempt's response.
  struct Response {
    std::shared_ptr<const rpc::ResponseBlock> first;
    std::shared_ptr<const rpc::ResponseBlock> last;  // the one that ended the stream; may be the first
  };

  CallAttempts(const detail::ChannelHandle& channel, std::string_view method, const CallOptions& options);
  /// Gives up the attempts under way.
  ~CallAttempts() override;

  /// The attempts are over, and the call ends with this status. Called once, unless stop() was called before.
  virtual void attempts_over(Status&& status) = 0;

  /// The request's only message. Before configure().
  void set_only_request(Buffer message) noexcept { request_.set_only(std::move(message)); }
  /// Takes what the service config says of the method. False when the request is too long for it: the call is over.
  [[nodiscard]] bool configure(ChannelLoop& part);
  /// Makes the first attempt. After configure().
  void begin_attempts();
  /// The client's side of the stream ends with what was written so far.
  void end_request();
  [[nodiscard]] bool request_ended() const noexcept { return request_.ended(); }
  /// Throws std::logic_error on another loop than the call's, once the call has begun.
  void require_own_loop() const;
  /// Ends all attempts, with `status` for their connections' balancer. Starts no other one.
  void stop_attempts(const Status& status) noexcept;

  [[nodiscard]] CallHead& head() noexcept { return head_; }
  [[nodiscard]] const CallHead& head() const noexcept { return head_; }
  [[nodiscard]] ChannelCore& channel() const noexcept { return *channel_; }
  /// Null where the service config says nothing.
  [[nodiscard]] const MethodConfig* method_config() const noexcept { return method_config_; }
  [[nodiscard]] const Response& response() const noexcept { return response_; }
  /// That of the stream that is open, or of the attempt that has just ended; else null.
  [[nodiscard]] ClientConnection* connection() const noexcept { return report_.connection(); }
  /// Set when a stream is open, or several are being opened.
  [[nodiscard]] Event& opened_event() noexcept { return opened_; }
  /// Set when the response has begun.
  [[nodiscard]] Event& headers_event() noexcept { return headers_; }

 private:
  template <class Folder>
  friend struct DebugLayout;

  /// The state of a call that makes more than one attempt: made when the first one fails, or the call hedges.
  class Repetition;

  void connection_settled(ClientConnection* connection, const Status& failure) final;
  [[nodiscard]] bool waits_for_ready() const noexcept final;
  [[nodiscard]] const Metadata& sent_metadata() const noexcept final { return head_.metadata; }

  void on_headers(const http2::HeaderBlockRef& block, std::string_view aside, bool ended) final;
  void on_headers_too_long(const http2::HeaderBlock& begun, http2::HeaderListSize size) final;
  void on_end() final;
  void on_closed(http2::ErrorCode code) final;
  bool on_writing(const Buffer& message) final;

  /// Does what Retrying says, but for an attempt's own end.
  void follow(const Retrying::Step& step);
  void start_attempt();
  /// Also true when the server would not accept the request's header fields: the call is then over.
  [[nodiscard]] bool open_on(ClientConnection& connection);
  /// An attempt has ended, whose connection and response are in report_ and response_.
  void attempt_over(Status&& status, bool unprocessed);
  /// Ends the call here and on the wire.
  void fail(Status&& status);
  void commit();
  [[nodiscard]] Status status_of_response() const;
  /// Of the present attempt, as far as it has come.
  [[nodiscard]] AttemptBytes attempt_bytes() const noexcept {
    return {.sent = sent().bytes, .received = received().bytes};
  }
  /// False when the service config has it too long: the call is then over.
  [[nodiscard]] bool may_send(const Buffer& message);
  [[nodiscard]] ChannelLoop& part() const noexcept { return *part_; }
  Repetition& repetition();

  std::shared_ptr<ChannelCore> channel_;
  ChannelLoop* part_ = nullptr;  // the channel's on this loop, once the call has begun
  CallHead head_;
  std::shared_ptr<const ServiceConfig> service_config_;  // keeps method_config_
  const MethodConfig* method_config_ = nullptr;
  Retrying retrying_;
  KeptRequest request_;
  Response response_;
  AttemptReport report_;
  std::unique_ptr<Repetition> repetition_;
  Event opened_;
  Event headers_;
};

}  // namespace tern

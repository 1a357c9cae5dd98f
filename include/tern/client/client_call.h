// ClientCall: one call on the client, from its request to its status. Knows only bytes; the typed calls sit on top.
//
//   new --start()--> waiting for a connection --> open --trailers, reset, deadline, loss--> ended
//    \----------------- cannot connect, deadline, closed channel ----------------------------^
#pragma once

#include <chrono>
#include <coroutine>
#include <exception>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tern/async/event.h"
#include "tern/async/recycler.h"
#include "tern/async/timer_queue.h"
#include "tern/call/message_stream.h"
#include "tern/client/call_options.h"
#include "tern/client/channel.h"
#include "tern/client/connection_waiter.h"
#include "tern/client/interceptor.h"
#include "tern/rpc/codec.h"

namespace tern {

class ChannelCore;
class ServiceConfig;
struct MethodConfig;
namespace rpc {
class ResponseBlock;
}

/// Made anywhere; lives on the loop that starts it. Destroyed before its end, it is cancelled (RST_STREAM).
class ClientCall final : public MessageStream, private ConnectionWaiter, private Timer, public Recycled {
 public:
  /// `method` is "/package.Service/Method" and lives for ever.
  ClientCall(Channel& channel, std::string_view method, CallOptions options);
  ~ClientCall() override;

  /// The only message of the client; sent when the call opens. Before start(); an error here ends the call with it.
  void set_request(Result<Buffer> request);

  /// The method has one response: none at a good end, or a second one, ends the call with UNIMPLEMENTED
  /// (grpc/doc/statuscodes.md, "cardinality violation"). Before start().
  void expect_one_response() noexcept { expect_one_message(); }

  /// Opens the call, connecting first where needed. Again, it does nothing. What the network does is never thrown:
  /// status() says it.
  void start();
  /// start(), and awaits that the call is open or has ended.
  Event::Waiting opened();

  /// RESOURCE_EXHAUSTED when the message is too long.
  [[nodiscard]] Result<Buffer> encode(MessageRef message, WriteOptions options = {});
  /// No more messages will be written.
  void end_requests();

  /// One message of the server, decoded. INTERNAL when the bytes are not of this type.
  template <class Response>
  Status decode(const Buffer& bytes, Response& response) {
    Status status = rpc::decode_message(bytes, response);
    if (status.ok() && (options_.context != nullptr || intercepted())) message_read(response);
    return status;
  }

  /// For interceptors: what the call is, and what is sent along with it, to be changed before it is opened.
  [[nodiscard]] std::string_view method() const noexcept override { return method_; }
  [[nodiscard]] const std::string& target() const noexcept;
  Metadata& metadata() noexcept { return metadata_; }
  [[nodiscard]] std::optional<Clock::time_point> deadline() const noexcept { return deadline_; }
  /// Which trace it belongs to: its job's, unless an observer has set another as it began. Null when there is none.
  [[nodiscard]] const TraceContext* trace() const noexcept { return trace_.get(); }
  void set_trace(std::shared_ptr<const TraceContext> trace) noexcept { trace_ = std::move(trace); }
  /// "ipv4:127.0.0.1:1234" and so on, while the call is open.
  [[nodiscard]] std::string peer() const;

  /// Awaits the end of the call. Messages that were not read are dropped.
  Event::Waiting end();
  [[nodiscard]] bool ended() const noexcept { return ended_.is_set(); }
  /// Meaningful when ended.
  [[nodiscard]] const Status& status() const noexcept { return status_; }

  /// Awaits the server's first headers, or the end.
  Event::Waiting headers() noexcept { return headers_.wait(); }
  [[nodiscard]] const Metadata& initial_metadata() const noexcept;
  [[nodiscard]] const Metadata& trailing_metadata() const noexcept;

  /// Ends it with this status, here and on the wire. Nothing when it has ended.
  void cancel(Status status);

 private:
  void on_headers(const http2::HeaderBlockRef& block, std::string_view aside, bool ended) override;
  void on_headers_too_long(const http2::HeaderBlock& begun, http2::HeaderListSize size) override;
  void on_end() override;
  void on_closed(http2::ErrorCode code) override;
  void on_bad_message(Status status) override;
  void expired() noexcept override;
  void connection_settled(ClientConnection* connection, const Status& failure) override;
  [[nodiscard]] bool waits_for_ready() const noexcept override;
  [[nodiscard]] const Metadata& sent_metadata() const noexcept override { return metadata_; }
  bool on_writing(const Buffer& message) override;

  friend class ClientInterceptor::Next;
  /// The interceptors, the credentials and the call, as a job beside its maker's.
  class Course;
  /// Several attempts at once.
  class Hedging;
  void begin();
  void seek_connection();
  /// One attempt is over, without a response: is there another one?
  void attempt_over(Status status, bool unprocessed);
  [[nodiscard]] std::optional<std::chrono::nanoseconds> delay_before_retry(const Status& status);
  void begin_attempt();
  void commit() noexcept;
  Task<void> run_course();
  Task<Status> run_from(std::size_t index);
  Task<Status> run_itself();
  Task<Status> add_credentials(CallCredentials& credentials);
  void course_ended(const std::exception_ptr& error);
  void conclude(Status status);
  [[nodiscard]] bool intercepted() const noexcept;
  void message_read(MessageRef message);
  void tell_observers_end(const Status& status) noexcept;

  [[nodiscard]] bool open_on(ClientConnection& connection);
  /// The status of a call whose response's metadata exceeds the channel's limits.
  [[nodiscard]] Status metadata_too_long(http2::HeaderListSize size) const;
  /// True when the call itself has its status, which its interceptors may still change.
  [[nodiscard]] bool decided() const noexcept { return ended() || own_end_.has_value(); }
  /// Opens `stream` with the call's header fields. Also true when the server would not accept them, and the call has
  /// ended with that.
  [[nodiscard]] bool open_stream(ClientConnection& connection, http2::Stream& stream, int attempts_before);
  /// False when the service config has it too long; the call has then ended.
  [[nodiscard]] bool may_send(const Buffer& message);
  void stop_attempts() noexcept;
  void finish(Status status);
  [[nodiscard]] Compression compression() const noexcept;

  std::shared_ptr<ChannelCore> channel_;
  std::string_view method_;
  CallOptions options_;
  Metadata metadata_;
  std::shared_ptr<const rpc::ResponseBlock> first_;  // the server's first block
  std::shared_ptr<const rpc::ResponseBlock> last_;   // the one that ended the stream; may be the first
  std::optional<Clock::time_point> deadline_;
  ClientConnection* connection_ = nullptr;
  Buffer request_;
  bool has_request_ = false;
  // What was sent, as long as it may have to be sent again: until the response begins, or it grows too long.
  bool committed_ = false;
  std::vector<Buffer> sent_;
  std::size_t sent_bytes_ = 0;
  std::shared_ptr<const ServiceConfig> service_config_;  // keeps config_
  const MethodConfig* config_ = nullptr;
  int attempts_ = 0;
  bool retried_unprocessed_ = false;
  std::unique_ptr<MemberTimer<ClientCall, &ClientCall::begin_attempt>> retry_timer_;  // between attempts
  std::unique_ptr<Hedging> hedging_;
  Status status_;
  bool started_ = false;
  CallCounts* counts_ = nullptr;  // the channel's on this loop, from the start to the end
  Clock::time_point begun_at_;    // while an observer waits for its end
  std::shared_ptr<const TraceContext> trace_;
  bool requests_ended_ = false;
  Event settled_;  // open or ended
  Event headers_;
  Event ended_;
  // With interceptors or credentials only: the call itself ends before they do.
  bool begun_ = false;
  std::optional<Status> own_end_;
  Event itself_ended_;
  std::unique_ptr<Course> course_;
};

}  // namespace tern

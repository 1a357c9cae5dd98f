// ServerCall: one call on the server, from its header block to its trailers. Knows only bytes; the typed handlers sit
// on top.
//
//   receiving --request complete--> running --handler ended--> answered --stream closed--> gone
//        \------ refused -----------------------------------------^
//   A deadline answers at once and cancels the handler, a reset or a lost connection cancels it; the call is gone when
//   the stream is closed and the handler has ended, in whichever order.
#pragma once

#include <atomic>
#include <cassert>
#include <cstddef>
#include <exception>
#include <list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "call/message_stream.h"
#include "tern/api.h"
#include "tern/call/running_call.h"
#include "tern/detail/recycler.h"
#include "tern/detail/timer_queue.h"
#include "tern/rpc/message_ref.h"
#include "tern/server/server_context.h"

namespace tern {

class BlockingBridge;
class Executor;
class ServerConnection;
struct KnownRequest;

class TERN_API ServerCall final : public MessageStream,
                                  public ListNode<ServerCall>,
                                  private Job,
                                  private Timer,
                                  public Recycled {
 public:
  explicit ServerCall(ServerConnection& connection);
  ~ServerCall() override;

  [[nodiscard]] ServerContext& context() noexcept { return context_; }

  /// The bytes of the request of a method that takes one, which has arrived. Throws AbortError.
  Buffer only_request();
  [[nodiscard]] bool intercepted() const noexcept;
  void show_request(MessageRef message);
  /// Makes a message of the response ready to be sent. Throws AbortError when it is too long.
  Buffer encode(MessageRef message);
  /// The only message of the response, or one more; throws AbortError when it is too long.
  void send_message(MessageRef message);
  /// Sends the response's headers, if they have not gone out. On the loop.
  void send_initial_metadata();

  /// The pool that synchronous handlers run on.
  [[nodiscard]] Executor& workers() const;

  /// A synchronous handler runs there from now on: its context is the worker's.
  void begin_workers_turn() noexcept {
    assert(!on_worker_);
    on_worker_ = true;
  }
  void end_workers_turn() noexcept { on_worker_ = false; }

  /// How a synchronous handler reaches the call from its thread; made at the first call, on the loop.
  std::shared_ptr<BlockingBridge> bridge();

  /// Ends the handler at its next await (the server stops).
  void cancel_handler() noexcept;
  /// Calls cancel_handler() when the server begins to stop, or now if it has.
  void end_when_draining() noexcept;
  /// The server begins to stop.
  void drain() noexcept {
    if (ends_when_draining_) cancel_handler();
  }
  [[nodiscard]] Loop& loop() const noexcept { return Job::loop(); }

  /// The handler has begun and not ended.
  [[nodiscard]] bool running() const noexcept { return running_; }
  /// While its handler runs.
  [[nodiscard]] RunningCall info() const;

  /// Whether a thread is still busy with its handler (Job::held_elsewhere).
  [[nodiscard]] bool blocked() const noexcept { return running_ && Job::held_elsewhere(); }
  /// Ends what that thread waits for on the loop, if it does.
  void release_thread() noexcept;
  using Job::orphan;

 private:
  /// The interceptors around the handler.
  class Interceptors;
  friend class ServerContext;
  friend class ServerConnection;
  template <class Folder>
  friend struct DebugLayout;

  void on_headers(const http2::HeaderBlockRef& block, std::string_view timeout, bool ended) override;
  void on_headers_too_long(const http2::HeaderBlock& begun, http2::HeaderListSize size) override;
  void on_end() override;
  void on_closed(http2::ErrorCode code) override;
  void on_trailers_due(http2::HeaderFields& trailers) override;
  void on_bad_message(Status status) override;
  void expired() noexcept override;
  void finished(std::exception_ptr error) override;
  Task<void> before(Task<void> handler) override;

  /// Of the handler, as far as this thread may look at it now.
  [[nodiscard]] const Metadata& initial_metadata() const noexcept;
  [[nodiscard]] const Metadata& trailing_metadata() const noexcept;
  void begin(std::string_view timeout);
  /// Answers a request of another protocol than gRPC with this HTTP status alone.
  void refuse_http(int http_status);
  /// Ends the call whose initial metadata, of `size` bytes, the client does not accept.
  void refuse_initial_metadata(std::size_t size);
  /// Leaves out trailing metadata that the client does not accept; OK then becomes RESOURCE_EXHAUSTED.
  void check_trailing_metadata();
  [[nodiscard]] Status too_long_for_client(std::string_view which, std::size_t size) const;
  void request_complete();
  void start_handler();
  /// At its next await; synchronous handlers learn it from their context.
  void stop_handler() noexcept;
  void end(Status status);
  void leave_if_over();
  void tell_observers_begin();
  /// Once, however the call ends.
  void tell_observers_end() noexcept;
  /// The client takes too little of what is sent to it: AbortError (RESOURCE_EXHAUSTED).
  [[noreturn]] void refuse_message();
  Task<void> run_intercepted();
  Task<void> run_when_there_is_room(Task<void> handler);
  [[nodiscard]] Compression compression() const noexcept;
  [[nodiscard]] Status status_of(const std::exception_ptr& error) const;

  ServerConnection& connection_;
  http2::HeaderBlockRef headers_;          // keeps request_
  const KnownRequest* request_ = nullptr;  // null until the headers have come
  ServerContext context_;
  std::shared_ptr<BlockingBridge> bridge_;
  Status status_;
  Clock::time_point begun_at_;        // while an observer waits for its end
  WallClock::time_point started_at_;  // the handler
  bool running_ = false;              // the handler has begun and not ended
  bool on_worker_ = false;            // a synchronous handler runs: its context is the worker's
  bool answered_ = false;             // the status is on its way to the client
  bool headers_sent_ = false;
  bool ends_when_draining_ = false;
  std::unique_ptr<std::list<std::string>> trailer_texts_;  // encoded trailers, until they are sent
  std::atomic<bool> cancelled_ = false;                    // read by synchronous handlers on their threads
};

}  // namespace tern

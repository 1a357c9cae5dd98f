// ServerLoop: a server's part on one loop: its connections there and their calls. Loops share nothing but what is fixed
// before they start.
#pragma once

#include <atomic>
#include <cassert>
#include <chrono>
#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "call/notify.h"
#include "http2/defaults.h"
#include "http2/memory_budget.h"
#include "rpc/header_names.h"
#include "server/connection_limit.h"
#include "server/http_part.h"
#include "server/service_registry.h"
#include "tern/async/executor.h"
#include "tern/async/loop.h"
#include "tern/async/task_group.h"
#include "tern/detail/timer_queue.h"
#include "tern/server/server.h"
#include "transport/byte_stream.h"
#include "transport/lingering_close.h"

namespace tern {

class ServerConnection;
class ServerInterceptor;

/// The same for all loops.
struct ServerShared {
  explicit ServerShared(ServerOptions its_options) : options(its_options) {
    settings.max_concurrent_streams = options.max_concurrent_streams.value_or(http2::kMaxStreamId);
    settings.max_header_bytes = http2::header_limit(options.max_metadata_size);
    settings.max_header_fields = http2::header_limit(options.max_metadata_fields);
    settings.aside_field = rpc::kGrpcTimeout;
    in_process_settings = settings;
    settings.first_stream_window = http2::kFirstStreamWindow;
    settings.first_connection_window = http2::kFirstConnectionWindow;
    // What comes here was let in elsewhere: the calls of a rest::Site, say, all on one connection.
    in_process_settings.max_concurrent_streams = INT32_MAX;
  }
  /// The pool of synchronous handlers, started by the first. Any thread.
  Executor& workers();
  /// Blocks until no synchronous handler runs; false when one does after all.
  bool wait_for_workers(Clock::time_point limit);

  ServerOptions options;
  http2::Settings settings;
  http2::Settings in_process_settings;
  ServiceRegistry registry;
  std::vector<ServerInterceptor*> interceptors;
  std::vector<ServerObserver*> observers;
  ConnectionLimit connections{options.max_connections, options.max_connections_per_address};

 private:
  std::mutex mutex_;
  std::unique_ptr<Executor> workers_;
};

class ServerLoop {
 public:
  ServerLoop(Loop& loop, std::shared_ptr<ServerShared> shared);
  ServerLoop(const ServerLoop&) = delete;
  ServerLoop& operator=(const ServerLoop&) = delete;
  ~ServerLoop();

  [[nodiscard]] Loop& loop() const noexcept { return loop_; }
  [[nodiscard]] ServerShared& shared() const noexcept { return *shared_; }

  /// What goes for the connections of one listening address.
  struct Port {
    ServerTls* tls = nullptr;
    HttpHandler* http = nullptr;
    bool in_process = false;
  };
  /// Closed at once where there are too many; shakes hands first where there is TLS, and tells HTTP/1.1 from HTTP/2
  /// where there is somebody for it.
  void add_connection(std::unique_ptr<transport::ByteStream> stream, const Port& port);

  /// Sends every connection away, those inside of the process last; `empty` is called (on this loop) once none is left.
  /// Clients that connected just before may finish their handshake, and get GOAWAY then: a call that waits for its
  /// connection must not fail. Idle HTTP/1.1 connections stay for `http1_idle` (StopOptions).
  void begin_stop(std::function<void()> empty, std::chrono::nanoseconds http1_idle);
  /// Cancels every running handler; calls that still come are refused.
  void cancel_calls();
  [[nodiscard]] bool refuses_calls() const noexcept { return refuses_calls_; }
  /// Ends the calls that asked for it (ServerContext::end_when_draining). After begin_stop().
  void end_draining_calls();
  [[nodiscard]] bool draining() const noexcept { return stopping_; }
  /// Closes every connection and destroys what is left of the calls, but for those whose handlers block a thread.
  void close_all();
  /// Those are given up: what they use must never be destroyed. Their methods.
  std::vector<std::string> orphan_calls();

  /// Has as many calls as it may.
  [[nodiscard]] bool full() const noexcept { return calls_in_flight() >= most_calls_; }
  /// Returns the time, to some milliseconds.
  WallClock::time_point call_started() noexcept {
    calls_.fetch_add(1, std::memory_order_relaxed);
    counts_.count_start();
    return *counts_.last_started;
  }
  void call_ended(bool ok) noexcept {
    assert(calls_in_flight() > 0);
    calls_.fetch_sub(1, std::memory_order_relaxed);
    counts_.count_end(ok);
  }
  [[nodiscard]] const CallCounts& calls() const noexcept { return counts_; }
  [[nodiscard]] std::vector<ConnectionInfo> connections();
  [[nodiscard]] std::vector<RunningCall> running_calls();
  /// Any thread.
  [[nodiscard]] std::size_t calls_in_flight() const noexcept { return calls_.load(std::memory_order_relaxed); }

  [[nodiscard]] http2::LoopBudget& memory() noexcept { return memory_; }

  void tell_refused(const Refused& refused) noexcept {
    notify(shared_->observers, [&refused](ServerObserver& observer) { observer.on_refused(refused); });
  }

  void remove(ServerConnection& connection);
  /// For ServerConnection.
  void connection_made(bool in_process) noexcept { from_outside_ += in_process ? 0 : 1; }
  void connection_gone(bool in_process) noexcept {
    assert(in_process || from_outside_ > 0);
    from_outside_ -= in_process ? 0 : 1;
  }
  /// Closes `stream` once its peer has read all of it. Until then it keeps its place among the connections, and the
  /// loop is not empty.
  void linger(std::unique_ptr<transport::ByteStream> stream) { lingering_.add(std::move(stream)); }

 private:
  template <class Folder>
  friend struct DebugLayout;
  void serve_http2(std::unique_ptr<transport::ByteStream> stream, const Port& port, std::string_view first_bytes);
  /// Whether it has a place among the server's connections, which it then keeps.
  bool admit(transport::ByteStream& stream);
  class Place;
  /// A connection has. What a crowd took goes back to the system, since the next crowd may never come.
  void left();
  Task<void> greet(std::unique_ptr<transport::ByteStream> stream, Port port);
  class Greeting;
  void end_handshakes();
  HttpPart* http_part(HttpHandler* handler);
  /// Nothing of a client is left that may still need the connections inside of the process: a REST request becomes a
  /// call over one.
  [[nodiscard]] bool left_by_clients() const;
  /// After begin_stop(): sends the connections inside of the process away once no client is left, and tells once
  /// nothing is.
  void tell_if_empty();

  Loop& loop_;
  std::shared_ptr<ServerShared> shared_;
  std::unique_ptr<TaskGroup> handshakes_;
  std::size_t from_outside_ = 0;  // connections that are not inside of the process
  bool sent_in_process_away_ = false;
  std::size_t greetings_ = 0;  // handshakes under way
  MemberTimer<ServerLoop, &ServerLoop::end_handshakes> handshakes_end_{*this};
  http2::LoopBudget memory_;
  std::size_t open_ = 0;
  std::size_t most_open_ = 0;  // since memory was given back
  std::map<HttpHandler*, std::unique_ptr<HttpPart>> http_parts_;
  IntrusiveList<ServerConnection> connections_;
  transport::LingeringCloses lingering_;
  std::atomic<std::size_t> calls_ = 0;
  CallCounts counts_;
  std::size_t most_calls_;  // SIZE_MAX: no limit
  bool stopping_ = false;
  std::chrono::nanoseconds http1_idle_{};  // after begin_stop()
  bool refuses_calls_ = false;
  std::function<void()> empty_;
};

}  // namespace tern

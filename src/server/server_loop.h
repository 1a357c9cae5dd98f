// ServerLoop: a server's part on one loop: its connections there and their calls. Loops share nothing but what is fixed
// before they start.
#pragma once

#include <atomic>
#include <cstddef>
#include <functional>
#include <memory>
#include <mutex>
#include <vector>

#include "http2/defaults.h"
#include "rpc/header_names.h"
#include "server/service_registry.h"
#include "tern/async/executor.h"
#include "tern/async/loop.h"
#include "tern/async/task_group.h"
#include "tern/server/server.h"
#include "transport/byte_stream.h"

namespace tern {

class ServerConnection;
class ServerInterceptor;

/// The same for all loops.
struct ServerShared {
  explicit ServerShared(ServerOptions its_options) : options(its_options) {
    settings.max_concurrent_streams = options.max_concurrent_streams;
    settings.aside_field = rpc::kGrpcTimeout;
  }
  /// The pool of synchronous handlers, started by the first. Any thread.
  Executor& workers();

  ServerOptions options;
  http2::Settings settings;
  ServiceRegistry registry;
  std::vector<ServerInterceptor*> interceptors;

 private:
  std::mutex mutex_;
  std::unique_ptr<Executor> workers_;
};

class ServerLoop {
 public:
  ServerLoop(Loop& loop, ServerShared& shared);
  ServerLoop(const ServerLoop&) = delete;
  ServerLoop& operator=(const ServerLoop&) = delete;
  ~ServerLoop();

  [[nodiscard]] Loop& loop() const noexcept { return loop_; }
  [[nodiscard]] ServerShared& shared() const noexcept { return shared_; }

  /// Shakes hands first where there is `tls`.
  void add_connection(std::unique_ptr<transport::ByteStream> stream, ServerTls* tls);

  /// Sends every connection away; `empty` is called (on this loop) once none is left.
  void begin_stop(std::function<void()> empty);
  /// Cancels every running handler.
  void cancel_calls();
  /// Closes every connection and destroys what is left of the calls.
  void close_all();

  /// Has as many calls as it may.
  [[nodiscard]] bool full() const noexcept { return most_calls_ != 0 && calls_in_flight() >= most_calls_; }
  void call_started() noexcept { calls_.fetch_add(1, std::memory_order_relaxed); }
  void call_ended() noexcept { calls_.fetch_sub(1, std::memory_order_relaxed); }
  /// Any thread.
  [[nodiscard]] std::size_t calls_in_flight() const noexcept { return calls_.load(std::memory_order_relaxed); }

  void remove(ServerConnection& connection);

 private:
  void serve(std::unique_ptr<transport::ByteStream> stream);
  Task<void> shake_hands(std::unique_ptr<transport::ByteStream> stream, ServerTls& tls);

  Loop& loop_;
  ServerShared& shared_;
  std::unique_ptr<TaskGroup> handshakes_;
  IntrusiveList<ServerConnection> connections_;
  std::atomic<std::size_t> calls_ = 0;
  std::size_t most_calls_;
  bool stopping_ = false;
  std::function<void()> empty_;
};

}  // namespace tern

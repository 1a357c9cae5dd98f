// Tracer: carries traces on from clients to servers (W3C Trace Context), and tells a collector of them (OTLP over gRPC:
// OpenTelemetry's collector, Jaeger, Tempo, and most services that sell tracing).
//
//   tern::telemetry::Tracer tracer{{.collector = "localhost:4317", .service_name = "users"}};
//   server.add_observer(tracer);    // a span for each call; what its handler calls belongs to it
//   channel.add_observer(tracer);   // a span for each call
//   site.add_observer(tracer);      // a span for each request
//   …
//   co_await tracer.close();
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "tern/async/task.h"
#include "tern/client/observer.h"
#include "tern/rest/observer.h"
#include "tern/server/observer.h"
#include "tern/transport/tls.h"

namespace tern::telemetry {

struct TracerOptions {
  /// Whom spans are sent to, as Channel takes it: "localhost:4317". Empty: traces are carried on and nobody is told.
  std::string collector = {};
  /// For the collector; must outlive the tracer. Without, plaintext.
  ClientTls* tls = nullptr;
  /// The resource's service.name.
  std::string service_name = "tern";
  /// Of the traces that begin here, the part that is recorded, from 0 to 1. Those of others are recorded as they say.
  double sampled = 1;
  /// Spans that have ended are sent together, this often, or when there are enough.
  std::chrono::nanoseconds send_every = std::chrono::seconds{5};
  std::size_t most_at_once = 512;
  /// Those that may wait; further ones are dropped.
  std::size_t most_waiting = 8192;
};

/// Lives on the loop that it is made on; observes what runs on all its siblings. Outlives what it observes.
class Tracer final : public ServerObserver, public ClientObserver, public rest::RequestObserver {
 public:
  /// Throws std::invalid_argument for a collector that is no target.
  explicit Tracer(const TracerOptions& options = {});
  ~Tracer() override;

  /// Sends what has ended, and no more after that. A collector that does not answer is waited for 2 s.
  Task<void> close();

  /// Spans that the collector has taken, and those that it has not, or that were too many. Any thread.
  [[nodiscard]] std::uint64_t sent() const noexcept;
  [[nodiscard]] std::uint64_t dropped() const noexcept;

  void on_call_begun(ServerContext& context) override;
  void on_call_ended(const EndedCall& call) override;
  void on_call_begun(ClientCall& call) override;
  void on_call_ended(const EndedClientCall& call) override;
  void on_request_begun(rest::Request& request) override;
  void on_request_ended(const rest::EndedRequest& ended) override;

 private:
  class Core;
  std::unique_ptr<Core> core_;
};

}  // namespace tern::telemetry

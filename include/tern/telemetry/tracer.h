// Tracer: carries traces on from clients to servers (W3C Trace Context), and sends them to a collector (OTLP over gRPC
// or HTTP: OpenTelemetry's collector, Jaeger, Tempo, and most services that sell tracing).
//
//   tern::telemetry::Tracer tracer{{.collector = "localhost:4317", .service_name = "users"}};
//   server.add_observer(tracer);    // a span for each call; what its handler calls belongs to it
//   channel.add_observer(tracer);   // a span for each call
//   site.add_observer(tracer);      // a span for each request
//   http.add_observer(tracer);      // a span for each request that a rest::Client sends
//   …
//   co_await tracer.close();
//
// Or as OpenTelemetry's environment variables say:
//
//   tern::telemetry::Tracer tracer{tern::telemetry::tracer_options_from_environment()};
#pragma once

#include <cstdint>
#include <memory>

#include "tern/api.h"
#include "tern/async/task.h"
#include "tern/client/observer.h"
#include "tern/rest/client_observer.h"
#include "tern/rest/observer.h"
#include "tern/server/observer.h"
#include "tern/telemetry/otlp.h"

namespace tern::telemetry {

using TracerOptions = OtlpOptions;

/// Lives on the loop that it is made on; observes what runs on all its siblings. Outlives what it observes. Texts of
/// peers are made valid UTF-8 (U+FFFD for what is not) and cut at 1 KiB, so that a collector accepts every span.
class TERN_API Tracer final : public ServerObserver,
                              public ClientObserver,
                              public rest::RequestObserver,
                              public rest::ClientObserver {
 public:
  /// Throws std::invalid_argument for a collector that is not a target or URL, and for headers that cannot be sent.
  explicit Tracer(const TracerOptions& options = {});
  ~Tracer() override;

  /// Sends the spans that have ended, and no more after that. Returns within TracerOptions::close_timeout, whatever the
  /// collector does; spans that were not sent by then count as dropped.
  Task<void> close();

  /// Spans that the collector has accepted, and those that it has not, or that were too many. Any thread.
  [[nodiscard]] std::uint64_t sent() const noexcept;
  [[nodiscard]] std::uint64_t dropped() const noexcept;

  void on_call_begun(ServerContext& context) override;
  void on_call_ended(const EndedCall& call) override;
  void on_call_begun(ClientContext& context) override;
  void on_call_ended(const EndedClientCall& call) override;
  void on_request_begun(rest::Request& request) override;
  void on_request_ended(const rest::EndedRequest& ended) override;
  void on_request_begun(rest::SentRequest& request) override;
  void on_request_ended(const rest::EndedSentRequest& ended) override;

 private:
  class Core;
  std::unique_ptr<Core> core_;
};

}  // namespace tern::telemetry

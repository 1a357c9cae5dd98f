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

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "tern/async/task.h"
#include "tern/client/call_credentials.h"
#include "tern/client/observer.h"
#include "tern/rest/client_observer.h"
#include "tern/rest/observer.h"
#include "tern/rpc/compression.h"
#include "tern/server/observer.h"
#include "tern/transport/tls.h"

namespace tern::telemetry {

/// How spans travel (OTLP specification, "OTLP/gRPC" and "OTLP/HTTP").
enum class OtlpProtocol {
  kGrpc,
  /// Protobuf in the body of a POST.
  kHttp,
};

struct TracerOptions {
  /// The collector. For kGrpc a target as Channel takes it ("localhost:4317"), or a URL ("https://host:4317"); a URL's
  /// scheme decides about TLS. For kHttp the URL that spans are posted to: "http://localhost:4318/v1/traces". Empty:
  /// traces are carried on and not sent.
  std::string collector = {};
  OtlpProtocol protocol = OtlpProtocol::kGrpc;
  /// For the collector; must outlive the tracer. Null: for a URL with "https" the system's authorities, for a target
  /// without a scheme plaintext.
  ClientTls* tls = nullptr;
  /// Sent along with each request: names in lower case, and values of printable ASCII (an API key).
  std::vector<std::pair<std::string, std::string>> headers = {};
  /// Asked for metadata before each request (tokens that expire); must outlive the tracer. Their metadata is sent as
  /// fields over HTTP too.
  CallCredentials* credentials = nullptr;
  /// How requests are compressed: kIdentity or kGzip.
  Compression compression = Compression::kIdentity;
  /// The limit for one attempt to send a batch.
  std::chrono::nanoseconds timeout = std::chrono::seconds{10};
  /// A batch that the collector does not accept for now is sent again, with growing pauses or the collector's own
  /// (RetryInfo, Retry-After), for this long. Then it is dropped.
  std::chrono::nanoseconds retry_for = std::chrono::minutes{1};
  /// The limit for close().
  std::chrono::nanoseconds close_timeout = std::chrono::seconds{2};
  /// The resource's service.name.
  std::string service_name = "tern";
  /// More attributes of the resource: {"deployment.environment.name", "production"}.
  std::vector<std::pair<std::string, std::string>> resource = {};
  /// The part of the traces that begin here that is recorded, from 0 to 1. Traces of others are recorded as they say.
  double sampled = 1;
  /// Spans that have ended are sent together, this often, or when there are enough.
  std::chrono::nanoseconds send_every = std::chrono::seconds{5};
  std::size_t most_at_once = 512;
  /// Spans that may wait; further ones are dropped.
  std::size_t most_waiting = 8192;
  /// Used in place of `tls` where that is null, and kept: for certificates that the environment names.
  std::shared_ptr<ClientTls> own_tls = {};
};

/// Returns the options that the process's environment asks for (OpenTelemetry's specifications "Environment Variable
/// Specification" and "OpenTelemetry Protocol Exporter"):
/// OTEL_SDK_DISABLED, OTEL_TRACES_EXPORTER (otlp, none), OTEL_SERVICE_NAME, OTEL_RESOURCE_ATTRIBUTES,
/// OTEL_TRACES_SAMPLER and OTEL_TRACES_SAMPLER_ARG, OTEL_BSP_SCHEDULE_DELAY, OTEL_BSP_MAX_QUEUE_SIZE,
/// OTEL_BSP_MAX_EXPORT_BATCH_SIZE, and of OTEL_EXPORTER_OTLP_… and OTEL_EXPORTER_OTLP_TRACES_…, which comes first:
/// ENDPOINT, PROTOCOL (grpc, http/protobuf), HEADERS, COMPRESSION, TIMEOUT, INSECURE, CERTIFICATE, CLIENT_CERTIFICATE
/// and CLIENT_KEY. Without an endpoint the collector is http://localhost:4317, or http://localhost:4318 over HTTP. A
/// value that cannot be used is logged and ignored, as the specification says; a certificate that cannot be read throws
/// std::runtime_error.
[[nodiscard]] TracerOptions tracer_options_from_environment();

/// Lives on the loop that it is made on; observes what runs on all its siblings. Outlives what it observes. Texts of
/// peers are made valid UTF-8 (U+FFFD for what is not) and cut at 1 KiB, so that a collector accepts every span.
class Tracer final : public ServerObserver,
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
  void on_call_begun(ClientCall& call) override;
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

// ExportTransport: carries one export request to a collector, over gRPC or HTTP, and says what became of it.
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "telemetry/signal.h"
#include "tern/async/task.h"
#include "tern/telemetry/otlp.h"

namespace tern::telemetry {

/// Not an aggregate: g++ 12 destroys aggregates twice inside of co_await expressions.
class ExportOutcome {
 public:
  enum class Kind {
    kAccepted,
    /// Not for now: the same request may be sent again.
    kRetryable,
    /// Never: the request is to be dropped.
    kRejected,
  };

  static ExportOutcome accepted(std::string response) { return {Kind::kAccepted, std::move(response), {}}; }
  static ExportOutcome retryable(std::string problem, std::optional<std::chrono::nanoseconds> retry_after = {}) {
    return {Kind::kRetryable, std::move(problem), retry_after};
  }
  static ExportOutcome rejected(std::string problem) { return {Kind::kRejected, std::move(problem), {}}; }

  Kind kind;
  /// The response's bytes when the request was accepted, else what went wrong.
  std::string text;
  /// How long the collector wants not to be asked again.
  std::optional<std::chrono::nanoseconds> retry_after;

 private:
  ExportOutcome(Kind its_kind, std::string its_text, std::optional<std::chrono::nanoseconds> its_retry_after)
      : kind(its_kind), text(std::move(its_text)), retry_after(its_retry_after) {}
};

/// Lives on one loop.
class ExportTransport {
 public:
  ExportTransport() = default;
  ExportTransport(const ExportTransport&) = delete;
  ExportTransport& operator=(const ExportTransport&) = delete;
  virtual ~ExportTransport() = default;

  /// Sends a serialised request once. Throws nothing but Cancelled.
  virtual Task<ExportOutcome> send(std::string request) = 0;
  /// Closes the connections. No request is under way.
  virtual Task<void> close() = 0;
};

/// Throws std::invalid_argument for a collector that cannot be used, and for headers that cannot be sent. The parts of
/// `options` that they point to, and `signal`, must outlive the transport.
[[nodiscard]] std::unique_ptr<ExportTransport> make_grpc_transport(const OtlpOptions& options, const Signal& signal);
[[nodiscard]] std::unique_ptr<ExportTransport> make_http_transport(const OtlpOptions& options, const Signal& signal);

}  // namespace tern::telemetry

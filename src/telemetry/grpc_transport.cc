#include <algorithm>
#include <array>
#include <string_view>

#include "telemetry/export_transport.h"
#include "tern/client/channel.h"
#include "tern/client/generic_stub.h"
#include "tern/services/status_details.h"

// The client decides itself about another attempt, and not the channel: RetryInfo is in the status's details, which a
// service config knows nothing of.
namespace tern::telemetry {

namespace {

bool is_retryable(StatusCode code) {
  static constexpr std::array kRetryable{StatusCode::kCancelled,  StatusCode::kDeadlineExceeded, StatusCode::kAborted,
                                         StatusCode::kOutOfRange, StatusCode::kUnavailable,      StatusCode::kDataLoss};
  return std::ranges::find(kRetryable, code) != kRetryable.end();
}

/// RESOURCE_EXHAUSTED may be tried again only where the collector says when.
ExportOutcome outcome_of(const Status& status) {
  std::string problem = std::string{name_of(status.code())} + ": " + status.details();
  const auto info = error_detail<google::rpc::RetryInfo>(status);
  const bool retryable = is_retryable(status.code());
  const bool throttled = info && (retryable || status.code() == StatusCode::kResourceExhausted);
  if (!throttled) {
    return retryable ? ExportOutcome::retryable(std::move(problem)) : ExportOutcome::rejected(std::move(problem));
  }
  const google::protobuf::Duration& delay = info->retry_delay();
  const std::chrono::nanoseconds asked = std::chrono::seconds{std::clamp<std::int64_t>(delay.seconds(), 0, 86'400)} +
                                         std::chrono::nanoseconds{std::clamp(delay.nanos(), 0, 999'999'999)};
  if (asked <= std::chrono::nanoseconds{0}) return ExportOutcome::retryable(std::move(problem));
  return ExportOutcome::retryable(std::move(problem), asked);
}

/// A URL's scheme says whether there is TLS; a target without one goes by whether there is something for TLS.
struct Endpoint {
  explicit Endpoint(const OtlpOptions& options) : target(options.collector), secure(options.tls != nullptr) {
    for (const std::string_view scheme : {std::string_view{"http://"}, std::string_view{"https://"}}) {
      if (!options.collector.starts_with(scheme)) continue;
      target = options.collector.substr(scheme.size());
      target.resize(std::min(target.find('/'), target.size()));
      secure = scheme == "https://";
    }
  }
  std::string target;
  bool secure;
};

class GrpcTransport final : public ExportTransport {
 public:
  GrpcTransport(const OtlpOptions& options, const Signal& signal) : GrpcTransport(options, signal, Endpoint{options}) {}

  Task<ExportOutcome> send(std::string request) override {
    const RawMessage raw{std::move(request)};
    const CallOptions call{.timeout = timeout_, .metadata = &headers_, .credentials = credentials_.get()};
    const Result<RawMessage> reply = co_await GenericStub{channel_}.unary(method_, raw, call).result();
    co_return reply.ok() ? ExportOutcome::accepted(reply->bytes) : outcome_of(reply.status());
  }
  Task<void> close() override { return channel_.close(); }

 private:
  GrpcTransport(const OtlpOptions& options, const Signal& signal, const Endpoint& endpoint)
      : method_(signal.method),
        timeout_(options.timeout),
        credentials_(options.credentials),
        channel_(endpoint.target, {.compression = options.compression,
                                   .tls = endpoint.secure ? tls_of(options) : nullptr,
                                   .enable_retries = false}) {
    for (const auto& [name, value] : options.headers) headers_.add(name, value);
  }

  /// Made here where the options have none.
  static tern::detail::SharedOrBorrowed<ClientTls> tls_of(const OtlpOptions& options) {
    if (options.tls != nullptr) return options.tls;
    return std::make_shared<ClientTls>();
  }

  std::string_view method_;
  std::chrono::nanoseconds timeout_;
  tern::detail::SharedOrBorrowed<CallCredentials> credentials_;
  Metadata headers_;
  Channel channel_;
};

}  // namespace

std::unique_ptr<ExportTransport> make_grpc_transport(const OtlpOptions& options, const Signal& signal) {
  return std::make_unique<GrpcTransport>(options, signal);
}

}  // namespace tern::telemetry

#include <google/rpc/status.pb.h>

#include <span>
#include <stdexcept>
#include <string_view>

#include "rest/client_url.h"
#include "rest/http_date.h"
#include "rpc/deflater.h"
#include "telemetry/export_transport.h"
#include "tern/async/with_timeout.h"
#include "tern/client/call_credentials.h"
#include "tern/rest/client.h"
#include "text/number.h"

namespace tern::telemetry {

namespace {

/// OTLP specification, "Retryable Response Codes".
bool is_retryable(unsigned status) { return status == 429 || status == 502 || status == 503 || status == 504; }

/// Seconds, or a date (RFC 9110 §10.2.3).
std::optional<std::chrono::nanoseconds> retry_after(const rest::Fields& fields) {
  const auto field = fields.get("retry-after");
  if (!field) return std::nullopt;
  if (const auto seconds = text::number_of<unsigned>(*field)) return std::chrono::seconds{*seconds};
  const auto now = std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
  const auto date = rest::parse_http_date(*field, now);
  if (!date || *date <= now) return std::nullopt;
  return *date - now;
}

/// Errors have a google.rpc.Status as their body, whose message is for people.
std::string problem_of(const rest::ClientResponse& response) {
  std::string problem = "HTTP " + std::to_string(response.status);
  google::rpc::Status status;
  if (response.fields.get("content-type") == "application/x-protobuf" && status.ParseFromString(response.body)) {
    problem += ": " + status.message();
  }
  return problem;
}

ExportOutcome outcome_of(rest::ClientResponse response) {
  if (response.status >= 200 && response.status < 300) return ExportOutcome::accepted(std::move(response.body));
  std::string problem = problem_of(response);
  if (!is_retryable(response.status)) return ExportOutcome::rejected(std::move(problem));
  return ExportOutcome::retryable(std::move(problem), retry_after(response.fields));
}

std::string gzip(std::string_view plain) {
  rpc::Deflater deflater{rpc::DeflateFormat::kGzip};
  std::string compressed;
  deflater.add(plain, rpc::Deflater::Flush::kEnd, compressed);
  return compressed;
}

class HttpTransport final : public ExportTransport {
 public:
  HttpTransport(const OtlpOptions& options, const Signal& signal)
      : method_(signal.method),
        url_(options.collector),
        secure_(rest::ClientUrl::parse(options.collector).secure),
        compressed_(options.compression != Compression::kIdentity),
        credentials_(options.credentials),
        client_(client_options(options)) {
    headers_.add("content-type", "application/x-protobuf");
    if (compressed_) headers_.add("content-encoding", "gzip");
    for (const auto& [name, value] : options.headers) headers_.set(name, value);
  }

  Task<ExportOutcome> send(std::string body) override {
    std::string problem;
    try {
      rest::ClientRequest request{"POST", url_};
      request.fields = headers_;
      request.body = compressed_ ? gzip(body) : std::move(body);
      if (credentials_ != nullptr) co_await add_credentials(request.fields);
      rest::ClientResponse response = co_await client_.send(std::move(request));
      co_return outcome_of(std::move(response));
    } catch (const Refused& refusal) {
      problem = refusal.what();
    } catch (const std::exception& error) {
      co_return ExportOutcome::retryable(error.what());
    }
    co_return ExportOutcome::rejected(std::move(problem));
  }
  Task<void> close() override { co_return; }

 private:
  /// The credentials say that nothing may be sent.
  struct Refused : std::runtime_error {
    using std::runtime_error::runtime_error;
  };

  static rest::ClientOptions client_options(const OtlpOptions& options) {
    rest::ClientOptions client;
    client.timeout = options.timeout;
    client.max_redirects = 0;
    client.tls = options.tls;
    return client;
  }

  Task<void> add_credentials(rest::Fields& fields) {
    if (!secure_ && !credentials_->allowed_on_plaintext()) {
      throw Refused{"the credentials must not travel over plaintext (CallCredentials::allowed_on_plaintext)"};
    }
    CallTarget target{.service_url = url_, .method = method_};
    const Metadata metadata = co_await credentials_->metadata(std::move(target));
    for (const auto& [name, value] : metadata) fields.set(name, value);
  }

  std::string_view method_;
  std::string url_;
  bool secure_;
  bool compressed_;
  tern::detail::SharedOrBorrowed<CallCredentials> credentials_;
  rest::Fields headers_;
  rest::Client client_;
};

}  // namespace

std::unique_ptr<ExportTransport> make_http_transport(const OtlpOptions& options, const Signal& signal) {
  return std::make_unique<HttpTransport>(options, signal);
}

}  // namespace tern::telemetry

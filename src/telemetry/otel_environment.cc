#include "telemetry/otel_environment.h"

#include <algorithm>
#include <cstdlib>

#include "rest/http_syntax.h"
#include "rpc/lower_case.h"
#include "rpc/percent.h"
#include "telemetry/signal.h"
#include "text/log.h"
#include "text/number.h"
#include "text/utf8.h"

// OpenTelemetry's specification asks that a value that cannot be used is logged and then ignored, and that an empty
// value counts as none. Of the exporter's variables the one for a signal comes before the one for all signals.
namespace tern::telemetry {

namespace {

using rest::trimmed;
using KeyValues = std::vector<std::pair<std::string, std::string>>;

constexpr std::string_view kAll = "OTEL_EXPORTER_OTLP_";

struct Variable {
  std::string name;
  std::string value;
};

void warn_of(const Variable& variable, std::string_view expected) {
  log_warning("telemetry", "{}=\"{}\" is ignored: {} is expected", variable.name, text::log_text(variable.value),
              expected);
}

class Reader {
 public:
  Reader(const Environment& environment, const Signal& its_signal)
      : signal(its_signal), own_((std::string{kAll} += its_signal.variable) += '_'), environment_(environment) {}

  [[nodiscard]] std::optional<Variable> get(std::string name) const {
    std::optional<std::string> value = environment_(name);
    if (!value || trimmed(*value).empty()) return std::nullopt;
    return Variable{std::move(name), std::string{trimmed(*value)}};
  }
  /// Of the exporter of this signal alone.
  [[nodiscard]] std::optional<Variable> own(std::string_view name) const { return get(own_ + std::string{name}); }
  /// Of the exporter.
  [[nodiscard]] std::optional<Variable> exporter(std::string_view name) const {
    std::optional<Variable> found = own(name);
    return found ? found : get(std::string{kAll} += name);
  }

  const Signal& signal;

 private:
  std::string own_;
  const Environment& environment_;
};

template <class Number>
std::optional<Number> number_of(const Variable& variable, Number least, Number most, std::string_view expected) {
  const auto number = text::number_of<Number>(variable.value);
  if (number && *number >= least && *number <= most) return number;
  warn_of(variable, expected);
  return std::nullopt;
}

std::optional<std::chrono::milliseconds> milliseconds_of(const std::optional<Variable>& variable) {
  constexpr std::int64_t kMost = std::int64_t{86'400} * 1000;
  if (!variable) return std::nullopt;
  const auto number = number_of<std::int64_t>(*variable, 1, kMost, "a number of milliseconds from 1 to a day's");
  if (!number) return std::nullopt;
  return std::chrono::milliseconds{*number};
}

std::optional<std::size_t> count_of(const std::optional<Variable>& variable) {
  if (!variable) return std::nullopt;
  return number_of<std::size_t>(*variable, 1, 10'000'000, "a number from 1 to 10,000,000");
}

bool is_true(const std::optional<Variable>& variable) {
  if (!variable) return false;
  const std::string value = rpc::lower_case(variable->value);
  if (value != "true" && value != "false") warn_of(*variable, R"("true" or "false")");
  return value == "true";
}

KeyValues key_values_of(const std::optional<Variable>& variable) {
  if (!variable) return {};
  std::optional<KeyValues> values = parse_key_values(variable->value);
  if (values) return *std::move(values);
  // The value may be a secret.
  log_warning("telemetry", "{} is ignored: \"key=value,key=value\" is expected", variable->name);
  return {};
}

OtlpProtocol protocol_of(const Reader& reader) {
  const auto variable = reader.exporter("PROTOCOL");
  if (!variable || variable->value == "grpc") return OtlpProtocol::kGrpc;
  if (variable->value == "http/protobuf") return OtlpProtocol::kHttp;
  warn_of(*variable, R"("grpc" or "http/protobuf")");
  return OtlpProtocol::kGrpc;
}

bool has_scheme(std::string_view text) { return text.starts_with("http://") || text.starts_with("https://"); }

/// An endpoint for all signals gets the path of this one; one for this signal stands as it is.
std::string http_endpoint(const Reader& reader) {
  if (const auto own = reader.own("ENDPOINT")) {
    if (has_scheme(own->value)) return own->value;
    warn_of(*own, "a URL");
  }
  std::string base = "http://localhost:4318";
  if (const auto all = reader.get(std::string{kAll} + "ENDPOINT")) {
    if (has_scheme(all->value)) {
      base = all->value;
    } else {
      warn_of(*all, "a URL");
    }
  }
  if (!base.ends_with('/')) base += '/';
  return base.append(reader.signal.path);
}

/// Without a scheme the variable INSECURE decides, whose default is "false".
std::string grpc_endpoint(const Reader& reader) {
  const auto endpoint = reader.exporter("ENDPOINT");
  if (!endpoint) return "http://localhost:4317";
  if (has_scheme(endpoint->value) || endpoint->value.find("://") != std::string::npos ||
      endpoint->value.starts_with("unix:")) {
    return endpoint->value;
  }
  return (is_true(reader.exporter("INSECURE")) ? "http://" : "https://") + endpoint->value;
}

std::shared_ptr<ClientTls> tls_of(const Reader& reader) {
  const auto value = [&reader](std::string_view name) {
    const auto variable = reader.exporter(name);
    return variable ? variable->value : std::string{};
  };
  ClientTlsOptions options;
  options.authority_file = value("CERTIFICATE");
  options.certificate_file = value("CLIENT_CERTIFICATE");
  options.key_file = value("CLIENT_KEY");
  if (options.authority_file.empty() && options.certificate_file.empty() && options.key_file.empty()) return nullptr;
  return std::make_shared<ClientTls>(std::move(options));
}

/// The flags of a trace decide where it was begun by another program, so each sampler works as its "parentbased_…"
/// form.
double sampled_of(const Reader& reader) {
  const auto sampler = reader.get("OTEL_TRACES_SAMPLER");
  if (!sampler) return 1;
  std::string_view name = sampler->value;
  if (name.starts_with("parentbased_")) name.remove_prefix(std::string_view{"parentbased_"}.size());
  if (name == "always_on") return 1;
  if (name == "always_off") return 0;
  if (name != "traceidratio") {
    warn_of(*sampler, "always_on, always_off or traceidratio, or one of them behind \"parentbased_\"");
    return 1;
  }
  const auto argument = reader.get("OTEL_TRACES_SAMPLER_ARG");
  if (!argument) return 1;
  return number_of<double>(*argument, 0, 1, "a number from 0 to 1").value_or(1);
}

void set_resource(OtlpOptions& options, const Reader& reader) {
  for (auto& [key, value] : key_values_of(reader.get("OTEL_RESOURCE_ATTRIBUTES"))) {
    if (key == "service.name") {
      options.service_name = std::move(value);
    } else {
      options.resource.emplace_back(std::move(key), std::move(value));
    }
  }
  if (auto name = reader.get("OTEL_SERVICE_NAME")) options.service_name = std::move(name->value);
}

/// False when nothing of this signal shall be sent.
bool exports(const Reader& reader) {
  if (is_true(reader.get("OTEL_SDK_DISABLED"))) return false;
  const auto exporter = reader.get("OTEL_" + std::string{reader.signal.variable} + "_EXPORTER");
  if (!exporter || exporter->value == "otlp") return true;
  if (exporter->value != "none") warn_of(*exporter, R"("otlp" or "none")");
  return exporter->value != "none";
}

void set_exporter(OtlpOptions& options, const Reader& reader) {
  if (!exports(reader)) return;
  options.protocol = protocol_of(reader);
  options.collector = options.protocol == OtlpProtocol::kGrpc ? grpc_endpoint(reader) : http_endpoint(reader);
  options.headers = key_values_of(reader.exporter("HEADERS"));
  for (auto& [name, value] : options.headers) name = rpc::lower_case(name);
  if (const auto compression = reader.exporter("COMPRESSION")) {
    if (compression->value == "gzip") {
      options.compression = Compression::kGzip;
    } else if (compression->value != "none") {
      warn_of(*compression, R"("gzip" or "none")");
    }
  }
  if (const auto timeout = milliseconds_of(reader.exporter("TIMEOUT"))) options.timeout = *timeout;
  options.tls = tls_of(reader);
}

/// Reads the variables of the specification's batch processor: "OTEL_BSP_…" of spans, "OTEL_BLRP_…" of log records.
void set_batches(OtlpOptions& options, const Reader& reader, const std::string& prefix,
                 std::chrono::milliseconds send_every) {
  options.send_every = milliseconds_of(reader.get(prefix + "SCHEDULE_DELAY")).value_or(send_every);
  if (const auto limit = milliseconds_of(reader.get(prefix + "EXPORT_TIMEOUT"))) options.retry_for = *limit;
  if (const auto most = count_of(reader.get(prefix + "MAX_QUEUE_SIZE"))) options.most_waiting = *most;
  if (const auto most = count_of(reader.get(prefix + "MAX_EXPORT_BATCH_SIZE"))) options.most_at_once = *most;
  options.most_at_once = std::min(options.most_at_once, options.most_waiting);
}

/// Logs a variable that has another value than the only one that is implemented.
void require(const std::optional<Variable>& variable, std::string_view only) {
  if (variable && rpc::lower_case(variable->value) != only) warn_of(*variable, only);
}

OtlpOptions options_of(const Reader& reader) {
  OtlpOptions options;
  options.service_name = "unknown_service";
  set_resource(options, reader);
  set_exporter(options, reader);
  return options;
}

std::optional<std::string> variable_of_process(const std::string& name) {
  const char* value = std::getenv(name.c_str());  // NOLINT(concurrency-mt-unsafe): nobody sets variables
  if (value == nullptr) return std::nullopt;
  return std::string{value};
}

}  // namespace

std::optional<KeyValues> parse_key_values(std::string_view text) {
  KeyValues values;
  while (!text.empty()) {
    const std::string_view entry = text.substr(0, text.find(','));
    text.remove_prefix(std::min(entry.size() + 1, text.size()));
    if (trimmed(entry).empty()) continue;
    const std::size_t equals = entry.find('=');
    if (equals == std::string_view::npos) return std::nullopt;
    const std::string_view key = trimmed(entry.substr(0, equals));
    if (key.empty()) return std::nullopt;
    values.emplace_back(rpc::percent_decode(key), rpc::percent_decode(trimmed(entry.substr(equals + 1))));
  }
  return values;
}

OtlpOptions tracer_options_of(const Environment& environment) {
  const Reader reader{environment, kTraces};
  OtlpOptions options = options_of(reader);
  options.sampled = sampled_of(reader);
  set_batches(options, reader, "OTEL_BSP_", std::chrono::seconds{5});
  return options;
}

OtlpOptions metric_options_of(const Environment& environment) {
  const Reader reader{environment, kMetrics};
  OtlpOptions options = options_of(reader);
  options.send_every = milliseconds_of(reader.get("OTEL_METRIC_EXPORT_INTERVAL")).value_or(std::chrono::minutes{1});
  options.retry_for = milliseconds_of(reader.get("OTEL_METRIC_EXPORT_TIMEOUT")).value_or(std::chrono::seconds{30});
  require(reader.own("TEMPORALITY_PREFERENCE"), "cumulative");
  require(reader.own("DEFAULT_HISTOGRAM_AGGREGATION"), "explicit_bucket_histogram");
  return options;
}

OtlpOptions log_options_of(const Environment& environment) {
  const Reader reader{environment, kLogs};
  OtlpOptions options = options_of(reader);
  set_batches(options, reader, "OTEL_BLRP_", std::chrono::seconds{1});
  return options;
}

OtlpOptions tracer_options_from_environment() { return tracer_options_of(variable_of_process); }
OtlpOptions metric_options_from_environment() { return metric_options_of(variable_of_process); }
OtlpOptions log_options_from_environment() { return log_options_of(variable_of_process); }

}  // namespace tern::telemetry

// The options of exporters out of OpenTelemetry's environment variables.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tern/telemetry/otlp.h"

namespace tern::telemetry {

/// Returns the value of a variable; nothing where it is not set.
using Environment = std::function<std::optional<std::string>(const std::string& name)>;

/// tracer_options_from_environment() and its neighbours with another environment.
[[nodiscard]] OtlpOptions tracer_options_of(const Environment& environment);
[[nodiscard]] OtlpOptions metric_options_of(const Environment& environment);
[[nodiscard]] OtlpOptions log_options_of(const Environment& environment);

/// Reads "key=value,key2=value2": blanks around keys and values are left out, and percent-encoded bytes are decoded
/// (W3C Baggage §3.3.1, without properties). Returns nothing when one of the entries is not of this form.
[[nodiscard]] std::optional<std::vector<std::pair<std::string, std::string>>> parse_key_values(std::string_view text);

}  // namespace tern::telemetry

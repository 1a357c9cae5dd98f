// Limits to what telemetry shows of a text that a peer sent. Every text goes through here (text::valid_utf8) before it
// becomes part of a span or a label: one byte that is not UTF-8 would make a collector reject the whole batch, and
// Prometheus the whole page.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "text/utf8.h"

namespace tern::telemetry {

/// The longest value of a label, in bytes. A label is kept as long as the program runs.
inline constexpr std::size_t kLongestLabel = 256;
/// The longest value of a span's attribute, its name and its status's text, in bytes. A span with 20 of them stays far
/// below the 4 MiB that collectors accept for one request (OTLP specification, "OTLP/gRPC Request").
inline constexpr std::size_t kLongestAttribute = 1024;

inline std::string label_text(std::string_view bytes) { return text::valid_utf8(bytes, kLongestLabel); }
inline std::string attribute_text(std::string_view bytes) { return text::valid_utf8(bytes, kLongestAttribute); }

}  // namespace tern::telemetry

#include "tern/telemetry/log_text.h"

#include "text/utf8.h"

namespace tern::telemetry {

std::string log_text(std::string_view text, std::size_t limit) { return text::log_text(text, limit); }

std::string valid_utf8(std::string_view text) { return text::valid_utf8(text); }

}  // namespace tern::telemetry

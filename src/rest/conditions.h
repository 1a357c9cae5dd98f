// Conditional requests (RFC 9110 §13): a request may ask for a representation only if it has changed, or only if it has
// not. Pure functions.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

#include "tern/rest/message.h"

namespace tern::rest {

/// They tell one version of a representation from another (RFC 9110 §8.8).
struct Validators {
  /// With its quotation marks; empty if the representation has no tag.
  std::string tag = {};
  std::optional<std::chrono::sys_seconds> modified = {};
};

enum class Precondition : std::uint8_t {
  kHolds,
  kNotModified,  // 304
  kFailed,       // 412
};

/// Looks at If-Match, If-Unmodified-Since, If-None-Match and If-Modified-Since in the order of RFC 9110 §13.2.2, for a
/// representation that exists. Dates that cannot be read are ignored.
[[nodiscard]] Precondition check_conditions(const Request& request, const Validators& validators,
                                            std::chrono::sys_seconds now);

/// True when the request's Range is to be looked at: it has no If-Range, or If-Range names this version (RFC 9110
/// §13.1.5). Tags are compared strongly, dates exactly.
[[nodiscard]] bool if_range_holds(const Request& request, const Validators& validators, std::chrono::sys_seconds now);

}  // namespace tern::rest

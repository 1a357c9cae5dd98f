// A list whose elements may have weights, as Accept and Accept-Encoding have them: "gzip;q=0.5, *;q=0" (RFC 9110
// §12.5).
#pragma once

#include <charconv>
#include <string_view>
#include <system_error>

#include "rest/http_syntax.h"

namespace tern::rest {

namespace detail {

/// Returns a weight in thousandths (RFC 9110 §12.4.2), and 0 for a malformed one.
inline int weight_of(std::string_view text) {
  if (text.starts_with('1')) return 1000;
  if (!text.starts_with("0.")) return 0;
  text.remove_prefix(2);
  int weight = 0;
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), weight);
  if (parsed.ec != std::errc{} || text.size() > 3 || weight < 0) return 0;
  for (std::size_t digits = text.size(); digits < 3; ++digits) weight *= 10;
  return weight;
}

/// Returns the weight among an element's parameters: 500 for the "q=0.5" of "gzip;q=0.5". (Beast 1.81's ext_list gives
/// an element without parameters those of the one before it.)
inline int weight_in(std::string_view parameters) {
  while (!parameters.empty()) {
    const std::string_view parameter = take_until(parameters, ';');
    if (parameter.starts_with("q=") || parameter.starts_with("Q=")) return weight_of(parameter.substr(2));
  }
  return 1000;
}

}  // namespace detail

/// Calls `visit` with the name and the weight of each element. The weight is in thousandths: 1000 for an element
/// without one, 0 for a malformed one.
template <class Visit>
void visit_weighted_list(std::string_view list, Visit visit) {
  visit_list(list, [&visit](std::string_view element) {
    const std::string_view name = take_until(element, ';');
    visit(name, detail::weight_in(element));
    return true;
  });
}

}  // namespace tern::rest

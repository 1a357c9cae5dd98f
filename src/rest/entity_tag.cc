#include "rest/entity_tag.h"

#include <algorithm>

#include "rest/http_syntax.h"

namespace tern::rest {

namespace {

constexpr std::string_view kWeak = "W/";

std::string_view opaque_tag(std::string_view tag) {
  if (tag.starts_with(kWeak)) tag.remove_prefix(kWeak.size());
  return tag;
}

/// Looks at one field's list. A comma may stand inside of a tag; what follows a malformed one is not read.
bool list_has(std::string_view list, std::string_view wanted) {
  for (;;) {
    while (!list.empty() && (is_blank(list.front()) || list.front() == ',')) list.remove_prefix(1);
    const std::string_view tag = opaque_tag(list);
    if (!tag.starts_with('"')) return false;
    const std::size_t end = tag.find('"', 1);
    if (end == std::string_view::npos) return false;
    if (tag.substr(0, end + 1) == wanted) return true;
    list = tag.substr(end + 1);
  }
}

}  // namespace

bool if_none_match_has(const Fields& fields, std::string_view tag) {
  const std::string_view wanted = opaque_tag(tag);
  return std::ranges::any_of(fields, [wanted](const Fields::Field& field) {
    return field.first == "if-none-match" && (trimmed(field.second) == "*" || list_has(field.second, wanted));
  });
}

}  // namespace tern::rest

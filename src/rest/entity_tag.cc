#include "rest/entity_tag.h"

#include <algorithm>
#include <stdexcept>

#include "rest/http_syntax.h"

namespace tern::rest {

namespace {

constexpr std::string_view kWeak = "W/";

std::string_view opaque_tag(std::string_view tag) {
  if (tag.starts_with(kWeak)) tag.remove_prefix(kWeak.size());
  return tag;
}

/// RFC 9110 §8.8.3, etagc; blanks are not among them.
bool may_stand_in_tag(char octet) { return octet != '"' && octet != ' ' && octet != '\t' && !is_control(octet); }

/// True for the representation's own tag too: opaque text between quotation marks, with or without "W/".
bool is_tag(std::string_view tag) {
  const std::string_view opaque = opaque_tag(tag);
  return opaque.size() >= 2 && opaque.front() == '"' && opaque.back() == '"' &&
         opaque.substr(1, opaque.size() - 2).find('"') == std::string_view::npos;
}

/// True when one of the fields of this name is "*" alone, or lists a tag for which `is_wanted` returns true. Tags
/// behind a malformed one are not read.
template <class IsWanted>
bool condition_has(const Fields& fields, std::string_view name, IsWanted is_wanted) {
  return std::ranges::any_of(fields, [&](const Fields::Field& field) {
    if (field.first != name) return false;
    bool found = trimmed(field.second) == "*";
    visit_quoted_list(field.second, [&](std::string_view tag) {
      if (found) return false;
      if (tag.empty()) return true;
      if (!is_tag(tag)) return false;
      found = is_wanted(tag);
      return !found;
    });
    return found;
  });
}

constexpr std::string_view kIfNoneMatch = "if-none-match";

}  // namespace

bool is_strong_tag(std::string_view tag) noexcept { return tag.starts_with('"'); }

std::string weak_tag(std::string_view tag) {
  return is_strong_tag(tag) ? std::string{kWeak} + std::string{tag} : std::string{tag};
}

std::string entity_tag(std::string_view text) {
  if (!std::ranges::all_of(text, may_stand_in_tag)) {
    throw std::invalid_argument("the entity tag \"" + std::string{text} +
                                "\" has a blank, a control character or a quotation mark");
  }
  return '"' + std::string{text} + '"';
}

bool same_strong_tag(std::string_view one, std::string_view other) noexcept {
  return is_strong_tag(one) && one == other;
}

bool if_none_match_has(const Fields& fields, std::string_view tag) {
  const std::string_view wanted = opaque_tag(tag);
  return condition_has(fields, kIfNoneMatch,
                       [wanted](std::string_view listed) { return opaque_tag(listed) == wanted; });
}

bool if_match_has(const Fields& fields, std::string_view tag) {
  return condition_has(fields, "if-match", [tag](std::string_view listed) { return same_strong_tag(listed, tag); });
}

bool if_none_match_lists(const Fields& fields, std::string_view tag) {
  return condition_has(fields, kIfNoneMatch, [tag](std::string_view listed) { return listed == tag; });
}

}  // namespace tern::rest

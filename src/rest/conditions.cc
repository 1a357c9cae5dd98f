#include "rest/conditions.h"

#include <string_view>

#include "rest/entity_tag.h"
#include "rest/http_date.h"

namespace tern::rest {

namespace {

using std::chrono::sys_seconds;

bool has(const Request& request, std::string_view field) { return request.fields.get(field).has_value(); }

/// The date of a field. Several fields are a list, which is not a date.
std::optional<sys_seconds> date_in(const Request& request, std::string_view field, sys_seconds now) {
  return parse_http_date(request.fields.joined(field), now);
}

bool is_read(const Request& request) { return request.method == "GET" || request.method == "HEAD"; }

}  // namespace

Precondition check_conditions(const Request& request, const Validators& validators, sys_seconds now) {
  if (has(request, "if-match")) {
    if (!if_match_has(request.fields, validators.tag)) return Precondition::kFailed;
  } else if (validators.modified) {
    const auto since = date_in(request, "if-unmodified-since", now);
    if (since && *validators.modified > *since) return Precondition::kFailed;
  }
  if (has(request, "if-none-match")) {
    if (!if_none_match_has(request.fields, validators.tag)) return Precondition::kHolds;
    return is_read(request) ? Precondition::kNotModified : Precondition::kFailed;
  }
  if (is_read(request) && validators.modified) {
    const auto since = date_in(request, "if-modified-since", now);
    if (since && *validators.modified <= *since) return Precondition::kNotModified;
  }
  return Precondition::kHolds;
}

bool if_range_holds(const Request& request, const Validators& validators, sys_seconds now) {
  if (!has(request, "if-range")) return true;
  const std::string condition = request.fields.joined("if-range");
  if (condition.ends_with('"')) return same_strong_tag(condition, validators.tag);
  // A date is a weak validator while the bytes may change again within its second (RFC 9110 §8.8.2.2).
  const bool strong = validators.modified && *validators.modified < now;
  return strong && parse_http_date(condition, now) == validators.modified;
}

}  // namespace tern::rest

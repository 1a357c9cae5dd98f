// Entity tags, and the conditions that list them: If-Match and If-None-Match (RFC 9110 §8.8.3, §13.1.1, §13.1.2). A tag
// is written with its quotation marks, and a weak one with "W/" before them.
#pragma once

#include <string>
#include <string_view>

#include "tern/rest/message.h"

namespace tern::rest {

/// True for a tag that names one sequence of bytes, not only one meaning.
[[nodiscard]] bool is_strong_tag(std::string_view tag) noexcept;
[[nodiscard]] std::string weak_tag(std::string_view tag);
/// Returns the tag with this text in it. Throws std::invalid_argument for blanks, control characters and quotation
/// marks.
[[nodiscard]] std::string entity_tag(std::string_view text);

/// RFC 9110 §8.8.3.2: both are strong and the same.
[[nodiscard]] bool same_strong_tag(std::string_view one, std::string_view other) noexcept;

/// True when the condition If-None-Match of a request is false: one of its tags is `tag`, compared without "W/", or it
/// is "*". False without the field. `tag` is the representation's own.
[[nodiscard]] bool if_none_match_has(const Fields& fields, std::string_view tag);
/// True when the condition If-Match of a request holds: one of its tags is `tag` and both are strong, or it is "*".
/// False without the field.
[[nodiscard]] bool if_match_has(const Fields& fields, std::string_view tag);
/// True when If-None-Match lists `tag` in just this form.
[[nodiscard]] bool if_none_match_lists(const Fields& fields, std::string_view tag);

}  // namespace tern::rest

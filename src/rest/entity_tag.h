// Entity tags in conditions: If-None-Match (RFC 9110 §8.8.3, §13.1.2).
#pragma once

#include <string_view>

#include "tern/rest/message.h"

namespace tern::rest {

/// True when the condition If-None-Match of a request is false: one of its tags is `tag`, compared without "W/", or it
/// is "*". False without the field. `tag` is the representation's own, with its quotation marks.
bool if_none_match_has(const Fields& fields, std::string_view tag);

}  // namespace tern::rest

// Files that are part of the program, as routes.
#pragma once

#include <span>
#include <string_view>

#include "rest/router.h"
#include "tern/rest/site.h"

namespace tern::rest {

/// The bytes stay where they are; browsers ask whether theirs are still the same (ETag, RFC 9110 §8.8.3).
void add_file_routes(Router& router, std::string_view path, std::span<const EmbeddedFile> files);

}  // namespace tern::rest

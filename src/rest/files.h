// Files that are part of the program, as routes.
#pragma once

#include <span>
#include <string_view>

#include "rest/router.h"
#include "tern/rest/site.h"

namespace tern::rest {

/// The bytes stay where they are. With `compress`, text is compressed here, once, and kept beside them.
void add_file_routes(Router& router, std::string_view path, std::span<const EmbeddedFile> files, bool compress);

}  // namespace tern::rest

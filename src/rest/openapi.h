// The site's methods as an OpenAPI document (OpenAPI 3.1), from their descriptors, annotations and comments.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "rest/http_binding.h"
#include "tern/rest/site.h"

namespace tern::rest {

/// JSON.
std::string openapi_of(const std::vector<std::reference_wrapper<const HttpBinding>>& bindings,
                       const SiteOptions& options);

}  // namespace tern::rest

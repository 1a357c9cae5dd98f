// The message of a REST request: its body, its query and its path, bound to the fields that google.api.http names.
#pragma once

#include <string>
#include <string_view>

#include "rest/gateway.h"
#include "rest/http_binding.h"

namespace tern::rest {

/// Returns the request's message, serialised. The path overrides the query, and the query the body. Throws HttpError
/// (400) that says what cannot be read.
std::string request_message(const Gateway& gateway, const HttpBinding& binding, const Request& request,
                            std::string_view body);

}  // namespace tern::rest

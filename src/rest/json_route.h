// JSON routes, and what keeps a page of another origin from using them: a browser sends a form, or text, to any site
// without asking it first, and a reader that takes any content type for JSON would take those too.
#pragma once

#include "rest/http_binding.h"
#include "tern/rest/message.h"
#include "tern/rest/site.h"

namespace tern::rest {

/// Throws HttpError: 415 when the binding's body is JSON and the request's content type is not, 403 when a page of an
/// origin that CORS does not name asks for something that may have side effects. A body that is a google.api.HttpBody
/// has any content type.
void check_json_request(const HttpBinding& binding, const CorsOptions& cors, const Request& request);

}  // namespace tern::rest

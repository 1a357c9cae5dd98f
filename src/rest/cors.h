// CORS: which pages of other origins may call (the CORS protocol of the Fetch standard, §3.3).
#pragma once

#include "tern/rest/message.h"
#include "tern/rest/site.h"

namespace tern::rest {

/// Throws std::invalid_argument when the options do not go together.
void check(const CorsOptions& options);

/// A browser asks whether it may ask.
bool is_preflight(const Request& request);
Response answer_preflight(const CorsOptions& options, const Request& request, std::string_view methods);

/// Throws HttpError (403) when a page of another origin sent the request and CORS does not allow it to. For requests
/// that change something: a browser sends some of them without a preflight, and only then keeps the response from the
/// page. Browsers tell the page's origin by Sec-Fetch-Site (Fetch Metadata, W3C) or by Origin; other clients send
/// neither.
void require_permitted_origin(const CorsOptions& options, const Request& request);

/// Lets the page that asked read the response, if it may.
void permit(const CorsOptions& options, const Request& request, Response& response);

}  // namespace tern::rest

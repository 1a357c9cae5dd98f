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

/// Lets the page that asked read the response, if it may.
void permit(const CorsOptions& options, const Request& request, Response& response);

}  // namespace tern::rest

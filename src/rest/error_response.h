// The responses that a site makes for errors by itself: google.rpc.Status as JSON, or what SiteOptions::error_response
// makes of them. The protocols Connect and gRPC-Web have forms of their own (rest/connect_error.h, rest/enveloped.cc).
#pragma once

#include "tern/rest/message.h"
#include "tern/rest/site.h"

namespace tern::rest {

/// A call's error, with the HTTP status of its code.
Response error_response(const SiteOptions& options, const Request& request, const Status& status);
/// An error of HTTP.
Response error_response(const SiteOptions& options, const Request& request, const HttpError& failure);

/// Returns what SiteOptions::error_response makes of `error`, with the fields of `standard` that are not about its body
/// (Allow, Accept-Post). Returns `standard` itself without that option, for a status that is not an error's, and when
/// the option's function fails, which is logged. Throws nothing.
Response shaped(const SiteOptions& options, const SiteError& error, Response standard);

}  // namespace tern::rest

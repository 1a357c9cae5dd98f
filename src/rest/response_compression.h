// Compression of responses with gzip (RFC 9110 §8.4.1), as the site does it of its own accord
// (SiteOptions::compress_responses).
#pragma once

#include <string>
#include <string_view>

#include "tern/async/task.h"
#include "tern/rest/message.h"

namespace tern::rest {

/// True for types whose bytes gzip makes shorter: text, JSON, XML, scripts. Images, fonts and archives are compressed
/// already. Connect's and gRPC-Web's types are not among them: their messages say themselves how they are compressed.
[[nodiscard]] bool is_compressible(std::string_view content_type);

/// Compresses bytes that are kept: as short as zlib makes them by default.
[[nodiscard]] std::string gzip_of(std::string_view bytes);

/// Compresses the response's body or pieces where its type is compressible, its length is 1 KiB or more or unknown, and
/// the client accepts gzip. Each piece is flushed: a client can read an event when it comes. Says so in
/// Content-Encoding and Vary; the tag becomes weak, since one representation has one strong tag (RFC 9110 §8.8.3.3).
/// Leaves alone a response with a Content-Encoding, Content-Range or Content-Length of its own, or with `Cache-Control:
/// no-transform`. Long bodies let the loop do other work in between.
Task<void> compress_response(const Request& request, Response& response);

}  // namespace tern::rest

// serve_content: bytes of one's own as HTTP serves a file. Clients ask whether their copy is still good, and for a part
// of the bytes: downloads go on where they broke off, and players jump.
//
//   site.route("GET", "/report.pdf", [](tern::rest::Request& request) -> tern::Task<tern::rest::Response> {
//     tern::rest::Content content{"application/pdf", report_bytes()};
//     content.tag = "v7";
//     co_return tern::rest::serve_content(request, std::move(content));
//   });
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "tern/api.h"
#include "tern/rest/message.h"

namespace tern::rest {

/// One version of a resource: its bytes, and the validators that tell it from other versions (RFC 9110 §8.8).
class TERN_API Content {
 public:
  Content(std::string_view its_type, std::string its_bytes);
  /// Bytes that several responses share. Throws std::invalid_argument for null.
  Content(std::string_view its_type, std::shared_ptr<const std::string> its_bytes);

  /// The content type.
  std::string type;
  std::shared_ptr<const std::string> bytes;
  /// A text that is another one whenever the bytes are: a version number, or a hash. It becomes the response's ETag,
  /// with quotation marks around it. Empty: the response has no ETag.
  std::string tag;
  /// When the bytes changed last. It becomes Last-Modified; a time in the future is replaced by the present (RFC 9110
  /// §8.8.2.1).
  std::optional<std::chrono::sys_seconds> modified;
};

/// Answers GET and HEAD with the content, or as the request's conditions and ranges ask (RFC 9110 §13 and §14):
///
/// - 304 or 412 by If-Match, If-None-Match, If-Modified-Since, If-Unmodified-Since;
/// - 206 with one range of the bytes, or with several as multipart/byteranges; 416 for ranges beyond the end. The whole
///   is sent (200) where If-Range names another version, and for ranges that are malformed, overlap or are more
///   than 32.
///
/// Add fields such as cache-control to the response. Throws std::invalid_argument for a tag with blanks, control
/// characters or quotation marks.
TERN_API Response serve_content(const Request& request, Content content);

}  // namespace tern::rest

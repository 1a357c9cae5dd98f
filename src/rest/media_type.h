// MediaType: a content type taken apart (RFC 9110 §8.3.1), so that case, blanks and parameters do not decide what a
// request is.
#pragma once

#include <string>

#include "tern/rest/message.h"

namespace tern::rest {

struct MediaType {
  /// In lower case, without parameters: "application/json". Empty when the request has no content type.
  std::string type;
  /// In lower case; empty when the content type names none.
  std::string charset;

  /// True for application/json and application/…+json in UTF-8, the only encoding of JSON (RFC 8259 §8.1).
  [[nodiscard]] bool is_json() const;
  /// True when text of this type is UTF-8, as far as the content type says.
  [[nodiscard]] bool is_utf8() const;
};

MediaType media_type_of(const Request& request);

}  // namespace tern::rest

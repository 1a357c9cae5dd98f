// Representation: what a URL names, in one coding, and the response that a request for it gets (RFC 9110 §8, §13, §14).
// serve_content() and the files of a site stand on it.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "rest/conditions.h"
#include "tern/rest/message.h"

namespace tern::rest {

struct Representation {
  std::string type;
  std::string_view bytes;
  /// Keeps the bytes alive until they are sent; null where they live as long as the program.
  std::shared_ptr<const void> owner = nullptr;
  Validators validators = {};
  /// "gzip", where the bytes are compressed. Ranges of such bytes are not offered: a client that asks for a range means
  /// the bytes of the file.
  std::string_view coding = {};
};

[[nodiscard]] Response serve_representation(const Request& request, const Representation& representation);

}  // namespace tern::rest

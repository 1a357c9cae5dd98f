// Compressed bodies for tests, and plain ones from them.
#pragma once

#include <string>
#include <string_view>

#include "rest/body_inflater.h"
#include "rpc/deflater.h"

namespace tern::rest::test {

inline std::string deflated(std::string_view text, rpc::DeflateFormat format) {
  rpc::Deflater deflater{format};
  std::string bytes;
  deflater.add(text, rpc::Deflater::Flush::kEnd, bytes);
  return bytes;
}
inline std::string gzipped(std::string_view text) { return deflated(text, rpc::DeflateFormat::kGzip); }

/// Throws std::runtime_error for broken data; "(cut short) " stands before what there is of incomplete data.
inline std::string gunzipped(std::string_view bytes) {
  const auto inflater = BodyInflater::make("gzip");
  inflater->feed(bytes);
  std::string plain;
  while (const auto piece = inflater->next()) plain += *piece;
  return inflater->complete() ? plain : "(cut short) " + plain;
}

/// Text that gzip makes a third as long, and no two lines of it the same.
inline std::string text_of_length(std::size_t length) {
  std::string text;
  for (std::size_t line = 0; text.size() < length; ++line)
    text += "line " + std::to_string(line * 7919) + " of a text\n";
  text.resize(length);
  return text;
}

}  // namespace tern::rest::test

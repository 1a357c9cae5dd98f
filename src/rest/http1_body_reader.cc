#include "rest/http1_body_reader.h"

#include <algorithm>
#include <string>

namespace tern::rest {

using BodyKind = Http1Framing::Kind;
using ChunksEnd = Http1ChunkReader::End;

Http1BodyStep Http1BodyReader::read(std::string_view bytes) {
  if (kind_ == BodyKind::kChunked) return chunks_.read(bytes);
  const std::string_view content =
      bytes.substr(0, static_cast<std::size_t>(std::min<std::uint64_t>(left_, bytes.size())));
  left_ -= content.size();
  return {.used = content.size(), .content = content};
}

bool Http1BodyReader::whole() const noexcept {
  return kind_ == BodyKind::kChunked ? chunks_.end() == ChunksEnd::kWhole : left_ == 0;
}

std::optional<std::uint64_t> Http1BodyReader::left() const noexcept {
  if (kind_ == BodyKind::kChunked && !whole()) return std::nullopt;
  return left_;
}

bool Http1BodyReader::ends_within(std::string_view bytes) const {
  if (kind_ != BodyKind::kChunked) return left_ <= bytes.size();
  Http1ChunkReader ahead = chunks_;
  while (ahead.end() == ChunksEnd::kNone && !bytes.empty()) bytes.remove_prefix(ahead.read(bytes).used);
  return ahead.end() == ChunksEnd::kWhole;
}

std::optional<Http1Rejection> Http1BodyReader::rejection() const {
  if (chunks_.end() == ChunksEnd::kNone || chunks_.end() == ChunksEnd::kWhole) return std::nullopt;
  const std::string limit = std::to_string(max_side_bytes_) + " bytes (SiteOptions::max_header_length)";
  switch (chunks_.end()) {
    case ChunksEnd::kMalformed:
      return Http1Rejection{400, "the chunked body is malformed"};
    case ChunksEnd::kExtensionsTooLong:
      return Http1Rejection{400, "the chunk extensions are longer than " + limit};
    default:
      return Http1Rejection{431, "the trailers are longer than " + limit};
  }
}

}  // namespace tern::rest

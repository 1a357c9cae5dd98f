// Http1BodyReader: the content of one HTTP/1.1 request's body out of bytes, by its framing. It does no I/O and holds no
// byte of the body, so that a copy of it can read ahead.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "rest/http1_chunk_reader.h"
#include "rest/http1_framing.h"
#include "rest/http1_rejection.h"

namespace tern::rest {

class Http1BodyReader {
 public:
  /// `max_side_bytes` limits trailers and chunk extensions, in bytes each.
  Http1BodyReader(const Http1Framing& framing, std::size_t max_side_bytes) noexcept
      : kind_(framing.kind), left_(framing.length), chunks_(max_side_bytes), max_side_bytes_(max_side_bytes) {}

  /// Reads on until there is content, the body's end, an error, or nothing more in `bytes`.
  Http1BodyStep read(std::string_view bytes);

  [[nodiscard]] bool whole() const noexcept;
  /// Why the body cannot be read on.
  [[nodiscard]] std::optional<Http1Rejection> rejection() const;
  /// Bytes that are still to come, where the head told.
  [[nodiscard]] std::optional<std::uint64_t> left() const noexcept;
  /// True when `bytes` hold all that is still to come.
  [[nodiscard]] bool ends_within(std::string_view bytes) const;

 private:
  Http1Framing::Kind kind_;
  std::uint64_t left_;  // of Kind::kLength
  Http1ChunkReader chunks_;
  std::size_t max_side_bytes_;
};

}  // namespace tern::rest

// Http1ChunkReader: the content of a chunked body out of its chunks (RFC 9112 §7.1), however the bytes are cut. It
// holds no byte of them: what it has read is a state and a few numbers, and a copy of it may read ahead.
//
//   chunked-body = *( size [ extensions ] CRLF data CRLF ) "0" [ extensions ] CRLF *( trailer CRLF ) CRLF
//
// Extensions and trailers are checked and dropped.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace tern::rest {

/// What one step of reading a body gave.
struct Http1BodyStep {
  /// Bytes at the front of the input that belong to the body.
  std::size_t used = 0;
  /// The content among them: one piece of the input, or empty.
  std::string_view content;
};

class Http1ChunkReader {
 public:
  enum class End : unsigned char {
    kNone,
    kWhole,
    kMalformed,
    /// More extensions than max_side_bytes, and an eighth of the content besides.
    kExtensionsTooLong,
    /// More bytes of trailers than max_side_bytes.
    kTrailersTooLong
  };

  /// `max_side_bytes` limits the trailers, and the extensions of all chunks together, in bytes each.
  explicit Http1ChunkReader(std::size_t max_side_bytes) noexcept : max_side_bytes_(max_side_bytes) {}

  /// Reads on until there is content, the end, or nothing more in `bytes`.
  Http1BodyStep read(std::string_view bytes);
  [[nodiscard]] End end() const noexcept { return end_; }

 private:
  enum class State : unsigned char {
    kSize,
    kBeforeExtension,
    kExtension,
    kSizeLf,
    kData,
    kDataCr,
    kDataLf,
    kLineBegin,
    kTrailerName,
    kTrailerValue,
    kTrailerLf,
    kLastLf
  };

  void read_octet(char octet);
  void read_size(char octet);
  void read_extension(char octet);
  void read_trailer(char octet);
  void begin_data();
  /// Goes on in `next` after this octet, which must be `wanted`.
  void expect(char octet, char wanted, State next);

  std::size_t max_side_bytes_;
  std::uint64_t left_ = 0;     // of the chunk's size line so far, then of its data
  std::uint64_t content_ = 0;  // of all chunks
  std::uint64_t extensions_ = 0;
  std::uint64_t trailers_ = 0;
  unsigned digits_ = 0;
  State state_ = State::kSize;
  End end_ = End::kNone;
};

}  // namespace tern::rest

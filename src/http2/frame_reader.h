// FrameReader: frames out of bytes, however these are cut. DATA is handed on as it comes, without its padding; every
// other frame whole.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "http2/frame.h"

namespace tern::http2 {

class FrameReader {
 public:
  class Frames {
   public:
    /// A frame that is whole; DATA frames come by the two others. False: no further bytes are wanted.
    virtual bool on_frame(const FrameHeader& header, std::span<const std::uint8_t> payload) = 0;
    /// A DATA frame begins; its payload, padding included, is header.length bytes.
    virtual bool on_data_frame(const FrameHeader& header) = 0;
    /// Some of its data; with `last`, the frame ends with it. Never empty unless it is the last.
    virtual bool on_data(const FrameHeader& header, std::span<const std::uint8_t> data, bool last) = 0;
    /// The connection cannot go on (RFC 9113 §4.2, §6.1).
    virtual void on_broken_frame(ErrorCode code, const char* why) = 0;

   protected:
    ~Frames() = default;
  };

  /// False when the frames wanted no more, or one was broken.
  bool read(std::span<const std::uint8_t> bytes, Frames& frames);

 private:
  bool begin_data(Frames& frames);
  bool read_data(std::span<const std::uint8_t>& bytes, Frames& frames);

  enum class State { kHeader, kPayload, kPadLength, kData, kPadding };
  State state_ = State::kHeader;
  FrameHeader header_;
  std::vector<std::uint8_t> partial_;  // of a header, or of a payload that comes whole
  std::size_t data_left_ = 0;          // of the DATA frame that is being read
  std::size_t padding_left_ = 0;
};

}  // namespace tern::http2

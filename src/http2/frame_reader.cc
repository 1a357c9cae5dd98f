#include "http2/frame_reader.h"

#include <algorithm>
#include <cassert>

namespace tern::http2 {

bool FrameReader::read(std::span<const std::uint8_t> bytes, Frames& frames) {
  while (!bytes.empty() || state_ == State::kData) {
    switch (state_) {
      case State::kHeader: {
        assert(!bytes.empty());
        assert(partial_.size() < kFrameHeaderBytes);
        const std::uint8_t* header = bytes.data();
        if (partial_.empty() && bytes.size() >= kFrameHeaderBytes) {
          bytes = bytes.subspan(kFrameHeaderBytes);
        } else {
          const std::size_t part = std::min(kFrameHeaderBytes - partial_.size(), bytes.size());
          partial_.insert(partial_.end(), bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(part));
          bytes = bytes.subspan(part);
          if (partial_.size() < kFrameHeaderBytes) return true;
          header = partial_.data();
        }
        header_ = read_frame_header(header);
        partial_.clear();
        if (header_.length > kMaxFramePayload) {
          frames.on_broken_frame(ErrorCode::kFrameSizeError, "a frame is longer than 16,384 bytes");
          return false;
        }
        if (header_.type == FrameType::kData) {
          if (!begin_data(frames)) return false;
          break;
        }
        state_ = State::kPayload;
        if (header_.length > 0) break;
        state_ = State::kHeader;
        if (!frames.on_frame(header_, {})) return false;
        break;
      }
      case State::kPayload: {
        assert(header_.length > 0 && header_.length <= kMaxFramePayload);
        assert(partial_.size() < header_.length);
        std::span<const std::uint8_t> payload;
        if (partial_.empty() && bytes.size() >= header_.length) {
          payload = bytes.first(header_.length);
          bytes = bytes.subspan(header_.length);
        } else {
          const std::size_t part = std::min(header_.length - partial_.size(), bytes.size());
          partial_.insert(partial_.end(), bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(part));
          bytes = bytes.subspan(part);
          if (partial_.size() < header_.length) return true;
          payload = partial_;
        }
        state_ = State::kHeader;
        const bool wanted = frames.on_frame(header_, payload);
        if (!partial_.empty()) std::vector<std::uint8_t>{}.swap(partial_);
        if (!wanted) return false;
        break;
      }
      case State::kPadLength:
        assert(!bytes.empty());
        assert(header_.has(flag::kPadded) && header_.length > 0);
        padding_left_ = bytes.front();
        bytes = bytes.subspan(1);
        if (padding_left_ >= header_.length) {
          frames.on_broken_frame(ErrorCode::kProtocolError, "a DATA frame's padding is longer than the frame");
          return false;
        }
        data_left_ = header_.length - 1 - padding_left_;
        state_ = State::kData;
        break;
      case State::kData:
        if (bytes.empty() && data_left_ > 0) return true;
        if (!read_data(bytes, frames)) return false;
        break;
      case State::kPadding: {
        assert(padding_left_ > 0);
        assert(data_left_ == 0);
        const std::size_t part = std::min(padding_left_, bytes.size());
        bytes = bytes.subspan(part);
        padding_left_ -= part;
        if (padding_left_ == 0) state_ = State::kHeader;
        break;
      }
    }
  }
  return true;
}

bool FrameReader::begin_data(Frames& frames) {
  assert(header_.type == FrameType::kData && partial_.empty());
  data_left_ = header_.length;
  padding_left_ = 0;
  state_ = State::kData;
  if (header_.has(flag::kPadded)) {
    if (header_.length == 0) {
      frames.on_broken_frame(ErrorCode::kFrameSizeError, "a padded DATA frame is empty");
      return false;
    }
    state_ = State::kPadLength;
  }
  return frames.on_data_frame(header_);
}

bool FrameReader::read_data(std::span<const std::uint8_t>& bytes, Frames& frames) {
  const std::span<const std::uint8_t> data = bytes.first(std::min(data_left_, bytes.size()));
  bytes = bytes.subspan(data.size());
  data_left_ -= data.size();
  const bool last = data_left_ == 0;
  assert(last || bytes.empty());
  if (last) state_ = padding_left_ > 0 ? State::kPadding : State::kHeader;
  return frames.on_data(header_, data, last);
}

}  // namespace tern::http2

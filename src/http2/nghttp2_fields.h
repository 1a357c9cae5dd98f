// Header fields as nghttp2 takes them.
#pragma once

#include <nghttp2/nghttp2.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "tern/http2/stream.h"

namespace tern::http2 {

/// Usual blocks need no allocation.
class Nghttp2Fields {
 public:
  explicit Nghttp2Fields(std::span<const HeaderField> fields) : size_(fields.size()) {
    if (size_ > few_.size()) {
      many_.resize(size_);
      data_ = many_.data();
    }
    for (std::size_t i = 0; i < size_; ++i) {
      const HeaderField& field = fields[i];
      const auto flags = static_cast<std::uint8_t>(
          field.lives_for_ever ? NGHTTP2_NV_FLAG_NO_COPY_NAME | NGHTTP2_NV_FLAG_NO_COPY_VALUE : NGHTTP2_NV_FLAG_NONE);
      data_[i] = {bytes(field.name), bytes(field.value), field.name.size(), field.value.size(), flags};
    }
  }
  Nghttp2Fields(const Nghttp2Fields&) = delete;
  Nghttp2Fields& operator=(const Nghttp2Fields&) = delete;
  ~Nghttp2Fields() = default;

  [[nodiscard]] const nghttp2_nv* data() const noexcept { return data_; }
  [[nodiscard]] std::size_t size() const noexcept { return size_; }

 private:
  // nghttp2 takes pointers to non-const and does not write through them.
  static std::uint8_t* bytes(std::string_view text) {
    return reinterpret_cast<std::uint8_t*>(const_cast<char*>(text.data()));
  }
  std::size_t size_;
  std::array<nghttp2_nv, 16> few_;
  std::vector<nghttp2_nv> many_;
  nghttp2_nv* data_ = few_.data();
};

}  // namespace tern::http2

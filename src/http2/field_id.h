// FieldId: which entry of the connection's header tables a field came from. nghttp2 hands out the same buffers each
// time, so two fields with the same buffers are the same field, without looking at a byte.
#pragma once

#include <nghttp2/nghttp2.h>

#include <utility>

namespace tern::http2 {

/// Keeps the buffers, or others could come to lie where they were.
class FieldId {
 public:
  FieldId() = default;
  FieldId(nghttp2_rcbuf* name, nghttp2_rcbuf* value) noexcept : name_(name), value_(value) {
    nghttp2_rcbuf_incref(name_);
    nghttp2_rcbuf_incref(value_);
  }
  FieldId(FieldId&& other) noexcept
      : name_(std::exchange(other.name_, nullptr)), value_(std::exchange(other.value_, nullptr)) {}
  FieldId& operator=(FieldId other) noexcept {
    std::swap(name_, other.name_);
    std::swap(value_, other.value_);
    return *this;
  }
  ~FieldId() {
    if (name_ == nullptr) return;
    nghttp2_rcbuf_decref(name_);
    nghttp2_rcbuf_decref(value_);
  }

  [[nodiscard]] bool is(const nghttp2_rcbuf* name, const nghttp2_rcbuf* value) const noexcept {
    return value_ == value && name_ == name && value != nullptr;
  }

 private:
  nghttp2_rcbuf* name_ = nullptr;
  nghttp2_rcbuf* value_ = nullptr;
};

}  // namespace tern::http2

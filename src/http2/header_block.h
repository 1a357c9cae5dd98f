// HeaderBlock: the fields of one received HEADERS frame, checked and kept in one piece. Clients send the same block
// with each call of a method, so the session hands out the same object again, and what a layer above has read from it
// is kept with it: a call's headers then cost a comparison.
#pragma once

#include <boost/smart_ptr/intrusive_ptr.hpp>
#include <boost/smart_ptr/intrusive_ref_counter.hpp>
#include <cassert>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tern/api.h"

namespace tern::http2 {

/// Does not change once it is handed out. References stay on the connection's loop (their count is not atomic).
class TERN_API HeaderBlock : public boost::intrusive_ref_counter<HeaderBlock, boost::thread_unsafe_counter> {
 public:
  struct Field {
    std::string_view name;
    std::string_view value;
    friend bool operator==(const Field&, const Field&) = default;
  };

  void add(const Field& field);

  [[nodiscard]] std::size_t size() const noexcept { return spans_.size(); }
  /// In the order received.
  [[nodiscard]] Field operator[](std::size_t index) const noexcept {
    assert(index < size());
    const Span& span = spans_[index];
    const char* name = text_.data() + span.offset;
    return {{name, span.name_size}, {name + span.name_size, span.value_size}};
  }
  /// The first value of this name.
  [[nodiscard]] std::optional<std::string_view> get(std::string_view name) const noexcept;
  [[nodiscard]] std::size_t bytes() const noexcept { return text_.size(); }

  /// What is wrong with it (RFC 9113 §8.2, §8.3); null for a well-formed one.
  const char* problem = nullptr;
  /// Of "content-length", where it is there.
  std::optional<std::int64_t> content_length;
  /// An interim response, 1xx (RFC 9110 §15.2).
  bool informational = false;

  /// What the layer above has read from it; belongs to that layer.
  mutable std::shared_ptr<const void> meaning;

 private:
  struct Span {
    std::uint32_t offset;
    std::uint32_t name_size;
    std::uint32_t value_size;
  };
  std::string text_;
  std::vector<Span> spans_;
};

using HeaderBlockRef = boost::intrusive_ptr<const HeaderBlock>;

}  // namespace tern::http2

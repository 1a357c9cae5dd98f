// What a fuzzer gives, taken piece by piece.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <span>
#include <string_view>

namespace tern::fuzz {

class Input {
 public:
  Input(const std::uint8_t* data, std::size_t size) : rest_(data, size) {}

  [[nodiscard]] bool empty() const noexcept { return rest_.empty(); }
  /// 0 at the end.
  std::uint8_t byte() { return rest_.empty() ? std::uint8_t{0} : take(1).front(); }
  /// As many bytes, or those that are left.
  std::span<const std::uint8_t> take(std::size_t size) {
    const std::span<const std::uint8_t> taken = rest_.first(std::min(size, rest_.size()));
    rest_ = rest_.subspan(taken.size());
    return taken;
  }
  std::span<const std::uint8_t> rest() { return take(rest_.size()); }
  /// Up to this letter, or the end; the letter is left out.
  std::string_view text_until(char end) {
    const std::string_view all{reinterpret_cast<const char*>(rest_.data()), rest_.size()};
    const std::string_view text = all.substr(0, all.find(end));
    take(text.size() + 1);
    return text;
  }

 private:
  std::span<const std::uint8_t> rest_;
};

/// A finding, when this does not hold.
inline void require(bool holds, const char* what) {
  if (holds) return;
  std::fprintf(stderr, "does not hold: %s\n", what);
  std::abort();
}

}  // namespace tern::fuzz

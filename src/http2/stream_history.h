// StreamHistory: what a session remembers of streams that are not open any more. A frame for such a stream may have
// been under way when this side reset the stream, and is ignored. It is the peer's error when the peer itself had ended
// the stream (RFC 9113 §5.1), or had skipped its number (§5.1.1). Frames behind the peer's own RST_STREAM are ignored
// too. The memory is short and errs on the side of ignoring.
#pragma once

#include <algorithm>
#include <array>
#include <cassert>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace tern::http2 {

class StreamHistory {
 public:
  /// Notes that the peer opened `id`, which is higher than all before.
  void opened(std::uint32_t id) {
    assert(id % 2 == 1 && id >= next_);
    if (id != next_) skip(id);
    next_ = id + 2;
  }
  /// Notes that the peer ended `id` (END_STREAM), which is closed.
  void ended(std::uint32_t id) noexcept {
    assert(id != 0);
    ended_[ended_count_++ % kRemembered] = id;
  }

  /// True when the peer opened a higher stream first and never this one.
  [[nodiscard]] bool was_skipped(std::uint32_t id) const noexcept {
    return std::ranges::any_of(gaps_, [id](const Gap& gap) { return gap.first <= id && id < gap.end; });
  }
  [[nodiscard]] bool has_ended(std::uint32_t id) const noexcept {
    return std::ranges::find(ended_, id) != ended_.end();
  }

 private:
  struct Gap {
    std::uint32_t first;
    std::uint32_t end;
  };
  static constexpr std::size_t kRemembered = 8;

  void skip(std::uint32_t id) {
    if (gaps_.size() == kRemembered) gaps_.erase(gaps_.begin());
    assert(gaps_.size() < kRemembered);
    gaps_.push_back({next_, id});
  }

  std::uint32_t next_ = 1;  // the number of the peer's next stream, unless the peer skips it
  std::vector<Gap> gaps_;   // empty with honest peers
  std::array<std::uint32_t, kRemembered> ended_{};
  std::size_t ended_count_ = 0;
};

}  // namespace tern::http2

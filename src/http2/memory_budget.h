// MemoryBudget: bytes of messages that one connection holds, received and not read or written and not sent, and that
// all connections of a server's part on one loop hold together.
#pragma once

#include <cstddef>

namespace tern::http2 {

class MemoryBudget {
 public:
  /// `limit` in bytes, 0: none. `whole`, which must outlive this one, is the budget that this one is a part of.
  explicit MemoryBudget(std::size_t limit, MemoryBudget* whole = nullptr) noexcept : limit_(limit), whole_(whole) {
    if (whole_ != nullptr) ++whole_->parts_;
  }
  MemoryBudget(const MemoryBudget&) = delete;
  MemoryBudget& operator=(const MemoryBudget&) = delete;
  ~MemoryBudget() {
    if (whole_ == nullptr) return;
    --whole_->parts_;
    whole_->give(used_);
  }

  void take(std::size_t size) noexcept {
    used_ += size;
    if (whole_ != nullptr) whole_->used_ += size;
  }
  void give(std::size_t size) noexcept {
    used_ -= size;
    if (whole_ != nullptr) whole_->used_ -= size;
  }
  [[nodiscard]] std::size_t used() const noexcept { return used_; }

  /// Whether a call that holds `own` bytes may hold `size` more. A call that is alone on its connection may, however
  /// long its message; where the whole is used up, each part may still use its fair share, so that one that hoards does
  /// not starve the others.
  [[nodiscard]] bool allows(std::size_t size, std::size_t own) const noexcept {
    if (limit_ != 0 && used_ != own && used_ + size > limit_) return false;
    if (whole_ == nullptr || whole_->limit_ == 0 || whole_->used_ + size <= whole_->limit_) return true;
    return used_ + size <= whole_->limit_ / whole_->parts_;
  }

 private:
  std::size_t limit_;
  std::size_t used_ = 0;
  std::size_t parts_ = 0;
  MemoryBudget* whole_;
};

}  // namespace tern::http2

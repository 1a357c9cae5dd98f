// Recording: a call that is being recorded. Dropped before its end, as when its coroutine is destroyed, it ends as
// cancelled.
#pragma once

#include <memory>
#include <utility>

#include "tern/testing/recorded_calls.h"

namespace tern::testing {

class Recording {
 public:
  explicit Recording(std::shared_ptr<RecordedCalls::Entry> entry) noexcept : entry_(std::move(entry)) {}
  Recording(const Recording&) = delete;
  Recording& operator=(const Recording&) = delete;
  ~Recording() {
    if (!entry_->ended()) entry_->end(Status{StatusCode::kCancelled, "the call was cancelled"}, {}, {});
  }

  RecordedCalls::Entry* operator->() const noexcept { return entry_.get(); }
  [[nodiscard]] const std::shared_ptr<RecordedCalls::Entry>& entry() const noexcept { return entry_; }

 private:
  std::shared_ptr<RecordedCalls::Entry> entry_;
};

}  // namespace tern::testing

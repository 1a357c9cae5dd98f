#include "http2/long_messages.h"

#include <chrono>
#include <utility>

#include "http2/patience.h"
#include "tern/http2/stream.h"

namespace tern::http2 {

bool LongMessages::fits(const LongMessage& message) const noexcept {
  return admitted_bytes_ == 0 || admitted_bytes_ + message.length_ <= room_ + raised_;
}

void LongMessages::admit(LongMessage& message) {
  message.unlink();
  message.admitted_ = true;
  message.seen_ = message.came_;
  admitted_bytes_ += message.length_;
  admitted_.push_back(message);
}

void LongMessages::admit_those_that_fit() {
  while (!waiting_.empty() && fits(waiting_.front())) {
    LongMessage& next = waiting_.front();
    admit(next);
    next.stream_.room_came();
  }
}

void LongMessages::look_round() {
  looking_round_ = false;
  if (waiting_.empty()) {
    raised_ = 0;
    return;
  }
  if (most_ == 0 || room_ + raised_ < most_) raised_ += kRaise;
  admitted_.for_each([](LongMessage& message) { message.judge(); });
  give_up_stalled();
  admit_those_that_fit();
  look_round_later();
}

void LongMessages::give_up_stalled() {
  for (LongMessage* next = nullptr;; next = nullptr) {
    admitted_.for_each([&next](LongMessage& message) {
      if (next == nullptr && message.stalled_) next = &message;
    });
    if (next == nullptr) return;
    next->stalled_ = false;
    next->stream_.stalled();
  }
}

void LongMessages::look_round_later() {
  if (std::exchange(looking_round_, true)) return;
  loop_.arm(timer_, Clock::now() + kLookEvery);
}

LongMessage::~LongMessage() {
  unlink();
  if (!admitted_) return;
  all_.admitted_bytes_ -= length_;
  all_.admit_those_that_fit();
}

bool LongMessage::may_go_on() {
  if (admitted_ || all_.room_ == 0) return true;
  if (all_.waiting_.empty() && all_.fits(*this)) {
    all_.admit(*this);
    return true;
  }
  if (!linked()) all_.waiting_.push_back(*this);
  all_.look_round_later();
  return false;
}

void LongMessage::judge() {
  if (came_ - seen_ >= kLeast) {
    seen_ = came_;
    quiet_ = 0;
  } else if (!stream_.held_up() && ++quiet_ >= kPatience) {
    quiet_ = 0;
    stalled_ = true;
  }
}

}  // namespace tern::http2

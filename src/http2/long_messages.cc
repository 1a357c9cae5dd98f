#include "http2/long_messages.h"

#include "tern/http2/stream.h"

namespace tern::http2 {

bool LongMessages::fits(const LongMessage& message) const noexcept {
  return admitted_bytes_ == 0 || admitted_bytes_ + message.length_ <= room_.bytes();
}

void LongMessages::admit(LongMessage& message) {
  message.unlink();
  message.admitted_ = true;
  message.progress_.begin(message.came_);
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
  if (waiting_.empty()) {
    room_.shrink();
    return loop_.trim_soon();
  }
  room_.grow();
  admitted_.for_each([](LongMessage& message) { message.progress_.look(message.came_, !message.stream_.held_up()); });
  give_up_stalled(admitted_, &LongMessage::progress_, [](LongMessage& message) { message.stream_.stalled(); });
  admit_those_that_fit();
  look_round_later();
}

void LongMessages::look_round_later() {
  if (!timer_.armed()) loop_.arm(timer_, Clock::now() + kLookEvery);
}

LongMessage::~LongMessage() {
  unlink();
  if (!admitted_) return;
  all_.admitted_bytes_ -= length_;
  all_.admit_those_that_fit();
}

bool LongMessage::may_go_on() {
  if (admitted_ || all_.room_.unlimited()) return true;
  if (all_.waiting_.empty() && all_.fits(*this)) {
    all_.admit(*this);
    return true;
  }
  if (!linked()) all_.waiting_.push_back(*this);
  all_.look_round_later();
  return false;
}

}  // namespace tern::http2

#include "tern/detail/timer_queue.h"

#include <algorithm>
#include <cassert>
#include <cstddef>
#include <utility>

namespace tern {

void Timer::disarm() noexcept {
  if (queue_ == nullptr) return;
  queue_->remove(slot_);
  queue_ = nullptr;
}

TimerQueue::~TimerQueue() {
  for (const Entry& entry : heap_) entry.timer->queue_ = nullptr;
}

void TimerQueue::arm(Timer& timer, Clock::time_point when) {
  timer.disarm();
  assert(!timer.armed());
  timer.slot_ = take_slot();
  timer.queue_ = this;
  sift_up(heap_.size() - 1, {when, &timer, timer.slot_});
}

// Also makes room in the heap, so that nothing is changed where memory runs out.
std::uint32_t TimerQueue::take_slot() {
  if (free_slot_ == kNoSlot) {
    places_.push_back(kNoSlot);
    free_slot_ = static_cast<std::uint32_t>(places_.size() - 1);
  }
  assert(free_slot_ < places_.size());
  heap_.emplace_back();
  return std::exchange(free_slot_, places_[free_slot_]);
}

std::optional<Clock::time_point> TimerQueue::next() const noexcept {
  if (heap_.empty()) return std::nullopt;
  return heap_.front().when;
}

void TimerQueue::expire(Clock::time_point now) noexcept {
  while (!heap_.empty() && heap_.front().when <= now) {
    Timer& timer = *heap_.front().timer;
    timer.disarm();
    assert(!timer.armed());
    timer.expired();
  }
}

void TimerQueue::remove(std::uint32_t slot) noexcept {
  assert(slot < places_.size());
  const std::size_t place = places_[slot];
  assert(place < heap_.size() && heap_[place].slot == slot);
  places_[slot] = std::exchange(free_slot_, slot);
  const Entry last = heap_.back();
  heap_.pop_back();
  if (place == heap_.size()) return;
  if (place > 0 && last.when < heap_[(place - 1) / kArity].when) {
    sift_up(place, last);
  } else {
    sift_down(place, last);
  }
}

void TimerQueue::put(std::size_t place, Entry entry) noexcept {
  assert(place < heap_.size() && entry.slot < places_.size());
  heap_[place] = entry;
  places_[entry.slot] = static_cast<std::uint32_t>(place);
}

void TimerQueue::sift_up(std::size_t place, Entry entry) noexcept {
  while (place > 0) {
    const std::size_t parent = (place - 1) / kArity;
    if (heap_[parent].when <= entry.when) break;
    put(place, heap_[parent]);
    place = parent;
  }
  put(place, entry);
}

void TimerQueue::sift_down(std::size_t place, Entry entry) noexcept {
  for (;;) {
    const std::size_t first = place * kArity + 1;
    if (first >= heap_.size()) break;
    std::size_t least = first;
    for (std::size_t child = first + 1; child < std::min(first + kArity, heap_.size()); ++child) {
      if (heap_[child].when < heap_[least].when) least = child;
    }
    if (entry.when <= heap_[least].when) break;
    put(place, heap_[least]);
    place = least;
  }
  put(place, entry);
}

}  // namespace tern

#include "http2/intake.h"

#include <algorithm>
#include <cassert>

namespace tern::http2 {

namespace {

// Room is given in pieces of this.
constexpr std::size_t kPiece = std::size_t{64} * 1024;

// Looks at which a peer may be silent whose messages wait in LongMessages.
constexpr unsigned kPatienceElsewhere = 2 * kPatience;

}  // namespace

bool Intake::has_room_for(const Part& part) const noexcept {
  return &part == favoured_ || bytes_ + promised_ < room_.bytes();
}

void Intake::give_room(Part& part) {
  assert(part.waits());
  assert(part.receiver_ != nullptr);
  part.IntakeTurn::unlink();
  const std::size_t used = part.receiver_->on_room(kPiece);
  assert(used <= kPiece);
  promised_ += used;
  part.promised_ += used;
  if (used == kPiece) line_.push_back(part);
}

void Intake::favour_next() {
  favoured_ = line_.empty() ? nullptr : &static_cast<Part&>(line_.front());
  favoured_for_ = 0;
  assert(favoured_ == nullptr || favoured_->waits());
}

void Intake::hand_out() {
  if (favoured_ == nullptr) favour_next();
  while (favoured_ != nullptr && favoured_->waits() && has_room_for(*favoured_)) give_room(*favoured_);
  while (!line_.empty()) {
    auto& next = static_cast<Part&>(line_.front());
    if (!has_room_for(next)) return;
    give_room(next);
  }
}

void Intake::look_round() {
  if (!line_.empty()) {
    room_.grow();
    large_.for_each([](Part& part) {
      part.progress_.look(part.came_, !part.held_up(), part.waits_elsewhere_ ? kPatienceElsewhere : kPatience);
    });
    give_up_stalled(large_, &Part::progress_, [](Part& part) { part.receiver_->on_stalled(); });
  }
  if (bytes_ + promised_ <= room_.least()) room_.shrink();
  if (favoured_ != nullptr && ++favoured_for_ >= kPatience) {
    if (favoured_->waits()) {
      favoured_->IntakeTurn::unlink();
      line_.push_back(*favoured_);
    }
    favour_next();
  }
  hand_out();
  if (room_.grown() || !line_.empty()) return look_round_later();
  loop_.trim_soon();
}

void Intake::look_round_later() {
  if (!timer_.armed()) loop_.arm(timer_, Clock::now() + kLookEvery);
}

Intake::Part::~Part() {
  IntakeTurn::unlink();  // who received for it is not told any more
  change(bytes_, 0);
  assert(bytes_ == 0);
  assert(!ListNode<Part>::linked());
  if (whole_.favoured_ == this) whole_.favoured_ = nullptr;
}

void Intake::Part::change(std::size_t before, std::size_t now) {
  if (before == now) return;
  assert(bytes_ >= before);
  assert(whole_.bytes_ >= bytes_);
  bytes_ += now - before;  // modulo 2^N where it is less, which comes out right
  whole_.bytes_ += now - before;
  if (now > before) {
    came_ += now - before;
    promise_kept(now - before);
  }
  if (now == 0) promise_kept(SIZE_MAX);  // the rest may not be needed
  if (now == 0 && whole_.favoured_ == this) whole_.favoured_for_ = 0;
  const bool large = bytes_ > kSmallPart;
  if (large && !ListNode<Part>::linked()) {
    join();
  } else if (!large && ListNode<Part>::linked()) {
    leave();
  }
  if (now < before) whole_.hand_out();
}

bool Intake::Part::held_up() const noexcept { return waits() && promised_ < kLeastProgress; }

void Intake::Part::promise_kept(std::size_t size) noexcept {
  assert(whole_.promised_ >= promised_);
  size = std::min(size, promised_);
  promised_ -= size;
  whole_.promised_ -= size;
}

void Intake::Part::join() {
  assert(bytes_ > kSmallPart);
  whole_.large_.push_back(*this);
  progress_.begin(came_);
}

void Intake::Part::leave() {
  assert(bytes_ <= kSmallPart && ListNode<Part>::linked());
  ListNode<Part>::unlink();
  const bool waited = waits();
  IntakeTurn::unlink();
  if (whole_.favoured_ == this) whole_.favour_next();
  if (waited) receiver_->on_room(SIZE_MAX);
}

bool Intake::Part::may_receive() {
  assert(bytes_ <= whole_.bytes_);
  if (whole_.room_.unlimited() || bytes_ <= kSmallPart) return true;
  const bool first = whole_.line_.empty() || whole_.favoured_ == this;
  if (first && whole_.has_room_for(*this)) return true;
  if (!waits()) whole_.line_.push_back(*this);
  whole_.hand_out();
  whole_.look_round_later();
  return false;
}

}  // namespace tern::http2

#include "http2/long_messages.h"

#include <cassert>
#include <chrono>
#include <limits>
#include <utility>

#include "http2/stream.h"

namespace tern::http2 {

namespace {

// A connection on which nothing comes for so long stands still. A peer with a longer round trip looks the same, which
// costs no more than the room below.
constexpr std::chrono::milliseconds kStandstill{100};
// Times the room at first. A hundred streams with 300 kB each, behind HAProxy, are 27 MiB.
constexpr std::size_t kRoomForStandstill = 2;

// Looks at which a message may be silent: while its connection waits for more room, and while other messages of its
// connection grow.
constexpr unsigned kPatienceWithThoseThatWait = 2 * kPatience;
constexpr unsigned kPatienceAmongOthers = 10 * kPatience;

}  // namespace

bool LongMessages::Peer::stood_still() noexcept {
  const bool moved = std::exchange(moved_before_, moved_) != moved_;
  return admitted_ > 0 && !moved && !intake_.held_up();
}

void LongMessages::Peer::look(unsigned which, bool could) noexcept {
  if (std::exchange(looked_, which) == which) return;
  progress_.look(came_ever_, could, std::numeric_limits<unsigned>::max());
}

unsigned LongMessages::Peer::patience() const noexcept {
  if (!silent()) return kPatienceAmongOthers;
  return waiting_.empty() || holds_most() ? kPatience : kPatienceWithThoseThatWait;
}

bool LongMessages::fits(const LongMessage& message) const noexcept {
  return admitted_bytes_ == 0 || admitted_bytes_ + message.length_ <= room_.bytes();
}

void LongMessages::wait(LongMessage& message) {
  Peer& peer = message.peer_;
  assert(!message.admitted_ && !message.linked());
  peer.waiting_.push_back(message);
  if (!peer.linked()) waiting_.push_back(peer);
  peer.intake_.wait_elsewhere(true);
}

void LongMessages::admit(LongMessage& message) {
  Peer& peer = message.peer_;
  assert(!message.admitted_ && !message.linked());
  message.admitted_ = true;
  message.progress_.begin(message.came_);
  admitted_.push_back(message);
  admitted_bytes_ += message.length_;
  if (peer.admitted_++ == 0) peer.progress_.begin(peer.came_ever_);
  peer.admitted_bytes_ += message.length_;
  peer.came_ += message.came_;
  assert(admitted_bytes_ >= peer.admitted_bytes_);
}

// The peer's next message comes after the other peers'.
void LongMessages::admit_first_of(Peer& peer) {
  assert(peer.linked() && !peer.waiting_.empty());
  LongMessage& next = peer.waiting_.pop_front();
  peer.unlink();
  if (peer.waiting_.empty()) {
    peer.intake_.wait_elsewhere(false);
  } else {
    waiting_.push_back(peer);
  }
  admit(next);
  next.stream_.room_came();
}

void LongMessages::admit_those_that_fit() {
  while (!waiting_.empty() && fits(waiting_.front().waiting_.front())) admit_first_of(waiting_.front());
}

void LongMessages::look_round() {
  if (waiting_.empty()) {
    room_.shrink();
    return loop_.trim_soon();
  }
  room_.grow();
  ++looks_;
  admitted_.for_each([this](LongMessage& message) {
    const bool could = !message.stream_.held_up();
    message.peer_.look(looks_, could);
    message.progress_.look(message.came_, could, message.peer_.patience());
  });
  give_up_stalled(admitted_, &LongMessage::progress_, [](LongMessage& message) { message.stream_.stalled(); });
  admit_those_that_fit();
  look_later();
}

void LongMessages::look_for_standstill() {
  if (waiting_.empty()) return;
  IntrusiveList<Peer> looked_at;
  while (!waiting_.empty()) {
    Peer& peer = waiting_.pop_front();
    looked_at.push_back(peer);
  }
  while (!looked_at.empty()) {
    Peer& peer = looked_at.pop_front();
    assert(!peer.waiting_.empty());
    waiting_.push_back(peer);
    if (!peer.stood_still() || peer.holds_most()) continue;
    room_.raise(kRoomForStandstill);
    while (!peer.waiting_.empty() && fits(peer.waiting_.front())) admit_first_of(peer);
  }
  admit_those_that_fit();
  look_later();
}

void LongMessages::look_later() {
  if (!timer_.armed()) loop_.arm(timer_, Clock::now() + kLookEvery);
  if (!standstill_timer_.armed()) loop_.arm(standstill_timer_, Clock::now() + kStandstill);
}

LongMessage::~LongMessage() {
  LongMessages& all = peer_.all_;
  unlink();
  if (admitted_) {
    assert(all.admitted_bytes_ >= peer_.admitted_bytes_ && peer_.admitted_bytes_ >= length_);
    assert(peer_.admitted_ > 0 && peer_.came_ >= came_);
    all.admitted_bytes_ -= length_;
    --peer_.admitted_;
    peer_.admitted_bytes_ -= length_;
    peer_.came_ -= came_;
    assert(peer_.admitted_ > 0 || (peer_.admitted_bytes_ == 0 && peer_.came_ == 0));
  } else if (peer_.linked() && peer_.waiting_.empty()) {
    peer_.unlink();
    peer_.intake_.wait_elsewhere(false);
  }
  all.admit_those_that_fit();
}

bool LongMessage::connection_is_silent() const noexcept { return peer_.silent(); }

void LongMessage::has_come(std::size_t bytes) noexcept {
  // The next message of a stream may begin before the stream has told the end of this one.
  const std::size_t more = bytes > came_ ? bytes - came_ : 0;
  peer_.moved_ += more;
  if (admitted_) {
    assert(peer_.came_ >= came_);
    peer_.came_ += bytes - came_;  // modulo 2^N where it is less, which comes out right
    peer_.came_ever_ += more;
  }
  came_ = bytes;
}

bool LongMessage::may_go_on() {
  LongMessages& all = peer_.all_;
  if (admitted_ || all.room_.unlimited()) return true;
  if (all.waiting_.empty() && all.fits(*this)) {
    all.admit(*this);
    return true;
  }
  if (!linked()) all.wait(*this);
  assert(!admitted_ && peer_.linked());
  all.look_later();
  return false;
}

}  // namespace tern::http2

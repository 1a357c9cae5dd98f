// LongMessages: decides which long messages may come in, of all connections of one loop: as many as there is room for
// as a whole. The others wait, each at its stream's first window, so that messages that come at the same time do not
// hold each other up half done. Connections take turns; the messages of one connection begin in their order.
//
// A peer that can send and sends nothing loses its place (Stream::on_stalled) while others wait. Proxies need care:
// HAProxy has one buffer for all streams of a client's connection, Envoy one window. Either reads no further while one
// stream waits for its window here, and the admitted messages do not come either: the connection stands still until
// this server admits more. A connection that stands still is judged by its messages:
//
//   its admitted messages hold little    the room is doubled, and its waiting messages are admitted at once
//   some of its admitted messages grow   a silent message among them has 30 seconds
//   nothing comes, and it waits          its messages have six seconds, or three where they hold most of their bytes
//   nothing comes, and nothing waits     its messages have three seconds
#pragma once

#include <cstddef>
#include <cstdint>

#include "http2/intake.h"
#include "http2/turns.h"
#include "tern/async/loop.h"
#include "tern/detail/intrusive_list.h"
#include "tern/detail/timer_queue.h"

namespace tern::http2 {

class LongMessage;
class Stream;

class LongMessages {
 public:
  class Peer;

  /// `room`: bytes of the messages that come in (ServerOptions::max_long_message_bytes); one may always. `most`: what
  /// that may grow to while others wait. Either may be kNoLimit.
  LongMessages(Loop& loop, std::size_t room, std::size_t most) noexcept : loop_(loop), room_(room, most) {}
  LongMessages(const LongMessages&) = delete;
  LongMessages& operator=(const LongMessages&) = delete;

  /// The timers' work while a message waits: each second, and ten times a second.
  void look_round();
  void look_for_standstill();

 private:
  friend class LongMessage;
  [[nodiscard]] bool fits(const LongMessage& message) const noexcept;
  void wait(LongMessage& message);
  void admit(LongMessage& message);
  void admit_first_of(Peer& peer);
  void admit_those_that_fit();
  void look_later();

  Loop& loop_;
  GrowingRoom room_;
  std::size_t admitted_bytes_ = 0;
  IntrusiveList<LongMessage> admitted_;
  IntrusiveList<Peer> waiting_;  // those with messages that wait
  unsigned looks_ = 0;
  MemberTimer<LongMessages, &LongMessages::look_round> timer_{*this};
  MemberTimer<LongMessages, &LongMessages::look_for_standstill> standstill_timer_{*this};
};

/// One of `length` bytes that has begun to come on `stream`; it ends with this. On the loop.
class LongMessage : public ListNode<LongMessage> {
 public:
  LongMessage(LongMessages::Peer& peer, Stream& stream, std::size_t length) noexcept
      : peer_(peer), stream_(stream), length_(length) {}
  LongMessage(const LongMessage&) = delete;
  LongMessage& operator=(const LongMessage&) = delete;
  ~LongMessage();

  /// If not, Stream::on_room comes when it may.
  [[nodiscard]] bool may_go_on();
  [[nodiscard]] bool admitted() const noexcept { return admitted_; }
  /// So much of it is there.
  void has_come(std::size_t bytes) noexcept;
  /// Nothing comes of its connection's others either.
  [[nodiscard]] bool connection_is_silent() const noexcept;

 private:
  friend class LongMessages;
  LongMessages::Peer& peer_;
  Stream& stream_;
  std::size_t length_;
  std::size_t came_ = 0;
  Progress progress_;
  bool admitted_ = false;
};

/// One connection's. On the loop; it must outlive its messages.
class LongMessages::Peer : public ListNode<Peer> {
 public:
  Peer(LongMessages& all, Intake::Part& intake) noexcept : all_(all), intake_(intake) {}

 private:
  friend class LongMessage;
  friend class LongMessages;
  /// Returns true if three quarters of the admitted bytes have come: rejecting these messages frees memory.
  [[nodiscard]] bool holds_most() const noexcept { return came_ >= admitted_bytes_ / 4 * 3; }
  /// Returns true if nothing came since the last call of this function, although the peer could send something.
  [[nodiscard]] bool stood_still() noexcept;
  /// Takes part in look number `which`, once. `could`: the connection's window was open.
  void look(unsigned which, bool could) noexcept;
  [[nodiscard]] bool silent() const noexcept { return progress_.quiet() >= kPatience; }
  /// Returns the number of looks at which one of its messages may be silent.
  [[nodiscard]] unsigned patience() const noexcept;

  LongMessages& all_;
  Intake::Part& intake_;
  IntrusiveList<LongMessage> waiting_;
  std::size_t admitted_ = 0;        // messages
  std::size_t admitted_bytes_ = 0;  // their lengths
  std::size_t came_ = 0;            // bytes of them that have come
  std::uint64_t came_ever_ = 0;     // bytes of all messages that were ever admitted
  std::uint64_t moved_ = 0;         // bytes of all long messages
  std::uint64_t moved_before_ = 0;  // moved_ at the last stood_still()
  Progress progress_;               // of came_ever_
  unsigned looked_ = 0;
};

}  // namespace tern::http2

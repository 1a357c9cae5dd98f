// LongMessages: which long messages may go on, of all that come in on one loop: as many as there is room for as a
// whole. The others wait, each at its stream's first window, so that messages that come at the same time do not hold
// each other up half done. Who may go on and does not, while others wait, loses its place (Stream::on_stalled).
#pragma once

#include <cstddef>

#include "http2/turns.h"
#include "tern/async/intrusive_list.h"
#include "tern/async/loop.h"
#include "tern/async/timer_queue.h"

namespace tern::http2 {

class LongMessage;
class Stream;

class LongMessages {
 public:
  /// `room`: bytes of the messages that go on; one may always. 0: all may. `most`: what that may come to, by and by,
  /// while others wait; 0: without limit.
  LongMessages(Loop& loop, std::size_t room, std::size_t most) noexcept : loop_(loop), room_(room, most) {}
  LongMessages(const LongMessages&) = delete;
  LongMessages& operator=(const LongMessages&) = delete;

  /// What the timer does, while somebody waits.
  void look_round();

 private:
  friend class LongMessage;
  [[nodiscard]] bool fits(const LongMessage& message) const noexcept;
  void admit(LongMessage& message);
  void admit_those_that_fit();
  void look_round_later();

  Loop& loop_;
  GrowingRoom room_;
  std::size_t admitted_bytes_ = 0;
  IntrusiveList<LongMessage> admitted_;
  IntrusiveList<LongMessage> waiting_;
  MemberTimer<LongMessages, &LongMessages::look_round> timer_{*this};
};

/// One of `length` bytes that has begun to come on `stream`; it ends with this. On the loop.
class LongMessage : public ListNode<LongMessage> {
 public:
  LongMessage(LongMessages& all, Stream& stream, std::size_t length) noexcept
      : all_(all), stream_(stream), length_(length) {}
  LongMessage(const LongMessage&) = delete;
  LongMessage& operator=(const LongMessage&) = delete;
  ~LongMessage();

  /// If not, Stream::on_room comes when it may.
  [[nodiscard]] bool may_go_on();
  [[nodiscard]] bool admitted() const noexcept { return admitted_; }
  /// So much of it is there.
  void has_come(std::size_t bytes) noexcept { came_ = bytes; }

 private:
  friend class LongMessages;
  LongMessages& all_;
  Stream& stream_;
  std::size_t length_;
  std::size_t came_ = 0;
  Progress progress_;
  bool admitted_ = false;
};

}  // namespace tern::http2

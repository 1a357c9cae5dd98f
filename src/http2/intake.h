// Intake: whose peers may send on while the connections of one loop hold much of messages that are not whole yet.
//
//   few bytes                 everybody receives as fast as its peer sends
//   more than the room        who holds much asks first and waits in line: room is what finished messages leave behind,
//                             and a little more for each second, so that slow peers without fault are not stopped; one
//                             of the line is not held up, so that it ends its messages and does leave something behind
//   and who sends next to nothing for a while, with room to, while others wait, loses them (Receiver::on_stalled)
#pragma once

#include <cstddef>
#include <cstdint>

#include "http2/turns.h"
#include "tern/api.h"
#include "tern/async/loop.h"
#include "tern/detail/intrusive_list.h"
#include "tern/detail/timer_queue.h"

namespace tern::http2 {

/// A part's place in the line.
class IntakeTurn : public ListNode<IntakeTurn> {};

class TERN_API Intake {
 public:
  class Part;

  /// Who receives for a part.
  class Receiver {
   public:
    /// Its peer may send `bytes` more. Returns how many of them it had a use for now; with fewer than all it has left
    /// the line, and asks again (Part::may_receive).
    virtual std::size_t on_room(std::size_t bytes) = 0;
    /// The peer has begun messages, does not go on with them, and somebody waits: what is held of them is to be given
    /// up.
    virtual void on_stalled() = 0;

   protected:
    ~Receiver() = default;
  };

  /// `room`: bytes of messages that are not whole, from which on peers must wait (ServerOptions::max_unfinished_bytes).
  /// `most`: what that may grow to while peers wait. Either may be kNoLimit.
  Intake(Loop& loop, std::size_t room, std::size_t most) noexcept : loop_(loop), room_(room, most) {}
  Intake(const Intake&) = delete;
  Intake& operator=(const Intake&) = delete;

  [[nodiscard]] std::size_t bytes() const noexcept { return bytes_; }

  /// What the timer does, while somebody waits.
  void look_round();

 private:
  [[nodiscard]] bool has_room_for(const Part& part) const noexcept;
  /// The favoured one first; the others take turns at what room there is.
  void hand_out();
  void give_room(Part& part);
  /// The next in the line is.
  void favour_next();
  void look_round_later();

  Loop& loop_;
  GrowingRoom room_;
  std::size_t bytes_ = 0;
  std::size_t promised_ = 0;   // room that was given, and nothing has come yet
  IntrusiveList<Part> large_;  // those that hold more than kSmallPart
  IntrusiveList<IntakeTurn> line_;
  Part* favoured_ = nullptr;   // while somebody waits
  unsigned favoured_for_ = 0;  // looks
  MemberTimer<Intake, &Intake::look_round> timer_{*this};
};

/// One connection's. All on the loop.
class Intake::Part : public ListNode<Part>, private IntakeTurn {
 public:
  explicit Part(Intake& whole) noexcept : whole_(whole) {}
  Part(const Part&) = delete;
  Part& operator=(const Part&) = delete;
  ~Part();

  /// Before anything is received; it must outlive what is.
  void receive_for(Receiver& receiver) noexcept { receiver_ = &receiver; }

  /// A message that is not whole holds `now` bytes, and held `before`; 0: there is none.
  void change(std::size_t before, std::size_t now);
  [[nodiscard]] std::size_t bytes() const noexcept { return bytes_; }

  /// Whether the peer may be let send on. If not, Receiver::on_room comes when it may.
  [[nodiscard]] bool may_receive();
  /// Whether the peer could not send on if it would.
  [[nodiscard]] bool held_up() const noexcept;
  /// Some of its messages wait in LongMessages: they may be why nothing else comes, so that a silent peer has more
  /// time.
  void wait_elsewhere(bool waits) noexcept { waits_elsewhere_ = waits; }

 private:
  friend class Intake;
  [[nodiscard]] bool waits() const noexcept { return IntakeTurn::linked(); }
  /// Those that hold much.
  void join();
  void leave();
  void promise_kept(std::size_t size) noexcept;

  Intake& whole_;
  Receiver* receiver_ = nullptr;
  std::size_t bytes_ = 0;
  std::uint64_t came_ = 0;
  Progress progress_;
  std::size_t promised_ = 0;  // room that was given, and nothing has come yet
  bool waits_elsewhere_ = false;
};

}  // namespace tern::http2

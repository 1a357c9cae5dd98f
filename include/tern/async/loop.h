// Loop: the event loop of one thread, on an Asio io_context. It runs in turns: one event (bytes, a timer, a finished
// operation) makes coroutines ready, all of them run, and what they left to be written goes out in one write at the
// turn's end. Everything here is for the loop's own thread unless it says otherwise.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <span>

#include "tern/api.h"
#include "tern/async/counter.h"
#include "tern/async/job.h"
#include "tern/detail/intrusive_list.h"
#include "tern/detail/timer_queue.h"

namespace boost::asio {
class io_context;
}

namespace tern {

class Executor;
class LoopGroup;
class TaskGroup;

/// Called once at the end of the turn in which it was asked for.
class TERN_API TurnEnd : public ListNode<TurnEnd> {
 public:
  virtual void at_turn_end() noexcept = 0;

 protected:
  ~TurnEnd() = default;
};

/// Told once when its loop ends (the io_context is destroyed): the last moment to give back what belongs to the loop.
class TERN_API LoopEnd : public ListNode<LoopEnd> {
 public:
  virtual void loop_ended() noexcept = 0;

 protected:
  ~LoopEnd() = default;
};

/// Reaches a loop from other threads, and outlives it.
class TERN_API LoopMailbox {
 public:
  explicit LoopMailbox(Loop& loop) noexcept : loop_(&loop) {}
  LoopMailbox(const LoopMailbox&) = delete;
  LoopMailbox& operator=(const LoopMailbox&) = delete;

  /// Runs `work` in a turn of the loop, soon; false when the loop has ended. A loop that ends before that turn destroys
  /// `work` on the thread that ends it. Any thread.
  bool post(std::function<void()> work);
  /// The same on the loop's thread, but in no turn: for work that must not count as one (Loop::turn()).
  bool post_outside_of_turns(std::function<void(Loop&)> work);

 private:
  friend class LoopService;
  void close() noexcept;

  std::mutex mutex_;
  Loop* loop_;
};

/// What the sockets of one loop have carried: a server's, a channel's, HTTP. Any thread may look.
struct LoopTraffic {
  Counter connections_opened;
  Counter connections_closed;
  /// Of HTTP/2, those inside of the process too, at both ends.
  Counter streams;
  Counter bytes_received;
  Counter bytes_sent;
};

class TERN_API Loop {
 public:
  /// The loop of an io_context, made at the first call; it lives as long as the context. Any thread. One thread at a
  /// time may run the context: see docs/embedding.md.
  static Loop& of(boost::asio::io_context& context);

  /// The loop whose turn this thread is in; null outside of one.
  static Loop* current() noexcept;
  /// Whether what belongs to this loop may be used by this thread now: in the loop's turn, or in no turn while the loop
  /// stands still, if no other thread had its last turn: a program sets up a server before it runs its io_context. Any
  /// thread.
  [[nodiscard]] bool may_be_used_here() const noexcept;
  /// The loop whose turn this thread is in, or throws std::logic_error that says what `what` needs.
  static Loop& require_current(const char* what);

  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;

  [[nodiscard]] boost::asio::io_context& context() const noexcept { return context_; }

  /// The loops that were started together (see run()), or that a ContextGroup holds; just this one on any other
  /// io_context of the user's own.
  [[nodiscard]] std::span<Loop* const> siblings() const noexcept;

  /// Runs `ready` in this turn, or in one begun for it. Not while it stands in the list already.
  void make_ready(Ready& ready);

  /// Runs `ready` after kCancellationPause. Not while it stands in a list already.
  void make_ready_after_pause(Ready& ready);

  /// Asks for end.at_turn_end(); asking twice in a turn is asking once.
  void when_turn_ends(TurnEnd& end);

  void arm(Timer& timer, Clock::time_point when);

  /// Counts turns, their beginnings and their ends: it stays the same while the loop stands still or sleeps. Any
  /// thread.
  [[nodiscard]] std::uint32_t turn() const noexcept { return turn_.load(std::memory_order_relaxed); }
  /// Whether that was in a turn.
  [[nodiscard]] static bool inside(std::uint32_t turn) noexcept { return turn % 2 == 1; }

  /// How often it was blocked (RunOptions::blocked_after). Any thread.
  [[nodiscard]] std::uint64_t times_blocked() const noexcept { return times_blocked_.value(); }
  void count_blocked() noexcept { times_blocked_.add(); }

  [[nodiscard]] LoopTraffic& traffic() noexcept { return traffic_; }
  [[nodiscard]] const LoopTraffic& traffic() const noexcept { return traffic_; }

  /// Much was freed here at once: what the allocator kept of it goes back to the system, soon.
  void trim_soon();

  /// Runs `work` in a turn of this loop, soon. From any thread.
  void post(std::function<void()> work);

  /// For what other threads want of the loop, maybe after its end. Any thread.
  [[nodiscard]] const std::shared_ptr<LoopMailbox>& mailbox() const noexcept { return mailbox_; }

  /// Asks for end.loop_ended().
  void when_loop_ends(LoopEnd& end) { ends_.push_back(end); }

  /// The io_context is ended by stop(), and not by running out of work: a timer that nobody waits for any more need not
  /// be removed from it, which saves a system call for each deadline that did not pass.
  void ends_by_stop() noexcept { ends_by_stop_ = true; }

  /// For debuggers, which find the group's tasks here.
  void show(TaskGroup& group);

  /// The pool that run_in_executor uses by default: one thread for each core, shared with the siblings, started at the
  /// first call. From any thread.
  Executor& default_executor();

  /// Every entry into the loop from outside stands in a Turn: it runs what was made ready when the scope is left.
  class Turn {
   public:
    /// Throws std::logic_error when another thread is in a turn of this loop: two threads run its io_context.
    explicit Turn(Loop& loop);
    ~Turn();
    Turn(const Turn&) = delete;
    Turn& operator=(const Turn&) = delete;

   private:
    Loop& loop_;
    Loop* outer_;
    bool outermost_;
  };

 private:
  friend class LoopService;
  friend class LoopGroup;
  friend struct LoopTimers;
  template <class Folder>
  friend struct DebugLayout;
  struct Alarm;

  explicit Loop(boost::asio::io_context& context);
  ~Loop();
  void run_turn();
  void schedule_turn();
  void set_alarm();
  void alarm_rings();
  void wait_for_test(detail::TestClock& clock, Clock::time_point next);
  void cancel_alarm();
  void give_memory_back();
  void end_pause();

  boost::asio::io_context& context_;
  IntrusiveList<Ready> ready_;
  IntrusiveList<TurnEnd> turn_ends_;
  IntrusiveList<LoopEnd> ends_;
  std::shared_ptr<LoopMailbox> mailbox_ = std::make_shared<LoopMailbox>(*this);
  TimerQueue timers_;
  std::unique_ptr<Alarm> alarm_;
  LoopGroup* group_ = nullptr;
  Loop* self_ = this;
  std::unique_ptr<LoopGroup> own_group_;
  std::atomic<std::uint32_t> turn_ = 0;
  // Memory that a crowd has left behind goes back to the system bit by bit.
  MemberTimer<Loop, &Loop::give_memory_back> thrift_{*this};
  bool gave_memory_back_ = false;
  Counter times_blocked_;  // of the thread that watches
  LoopTraffic traffic_;
  std::atomic<const void*> last_thread_ = nullptr;  // that had a turn: the address of a variable of its own
  std::atomic<bool> in_turn_ = false;               // of the loop's thread; others look only by mistake
  bool turn_scheduled_ = false;
  IntrusiveList<Ready> paused_;
  MemberTimer<Loop, &Loop::end_pause> pause_{*this};
  bool ends_by_stop_ = false;
  IntrusiveList<TaskGroup> groups_;
  Loop* next_ = nullptr;  // of all loops of the process, for debuggers
};

}  // namespace tern

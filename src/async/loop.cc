#include "tern/async/loop.h"

#include <malloc.h>

#include <boost/asio/execution_context.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <cassert>
#include <chrono>
#include <stdexcept>
#include <string>
#include <utility>

#include "async/debug_root.h"
#include "async/ending_loop.h"
#include "async/loop_group.h"
#include "async/loops_of_process.h"
#include "async/turn_output.h"
#include "tern/async/executor.h"
#include "tern/async/task_group.h"
#include "tern/detail/recycler.h"

namespace tern {

namespace {

constinit thread_local Loop* current_loop = nullptr;
constinit thread_local const Loop* loop_at_its_end = nullptr;

// Coroutines that make each other ready without end must not keep the loop from its sockets.
constexpr int kResumptionsPerTurn = 4096;
// A thousand coroutines that wake together must not keep all that they write until the last has run: the peer can begin
// with the first of it meanwhile. With far fewer, each write carries too little.
constexpr int kResumptionsPerTurnEnd = 256;
// Nor must coroutines make long messages without end: the loop reads from its sockets in between, so that clients which
// take messages keep up with the handlers that make them, and the process holds fewer at once.
constexpr std::size_t kOutputPerTurn = std::size_t{1} << 20;

constinit thread_local std::size_t turn_output = 0;  // bytes

/// An address of this thread's own: compared, never read.
const void* this_thread() noexcept { return static_cast<const void*>(&current_loop); }

constexpr std::size_t kGivenBackAtOnce = std::size_t{1} << 20;
constexpr std::chrono::milliseconds kPauseBeforeGivingBack{1000};
constexpr std::chrono::milliseconds kPauseOfGivingBack{50};

}  // namespace

/// The one Asio timer under all timers, by the operating system's clock. It is set only for an earlier time than it
/// stands at: the usual deadline is removed long before, and costs no system call.
struct Loop::Alarm {
  explicit Alarm(boost::asio::io_context& context) : timer(context) {}
  boost::asio::steady_timer timer;
  Clock::time_point set_for = Clock::time_point::max();
};

/// Ties a Loop to its io_context: made on demand, destroyed with it.
class LoopService final : public boost::asio::execution_context::service {
 public:
  using key_type = LoopService;
  static boost::asio::execution_context::id id;  // NOLINT(readability-identifier-naming): Asio's name

  explicit LoopService(boost::asio::execution_context& context)
      : service(context), loop(static_cast<boost::asio::io_context&>(context)) {
    loops_of_process().add(loop.mailbox());
  }

  Loop loop;

 private:
  void shutdown() override {
    loops_of_process().remove(*loop.mailbox_);
    loop.mailbox_->close();
    const Loop* const outer = std::exchange(loop_at_its_end, &loop);
    while (!loop.ends_.empty()) loop.ends_.pop_front().loop_ended();
    loop_at_its_end = outer;
    if (loop.own_group_) loop.own_group_->close();
    loop.alarm_.reset();
  }
};

boost::asio::execution_context::id LoopService::id;

Loop::Loop(boost::asio::io_context& context) : context_(context), alarm_(std::make_unique<Alarm>(context)) {
  add_debug_loop(*this);
}
Loop::~Loop() { remove_debug_loop(*this); }

Loop& Loop::of(boost::asio::io_context& context) { return boost::asio::use_service<LoopService>(context).loop; }

Loop* Loop::current() noexcept { return current_loop; }
const Loop* ending_loop() noexcept { return loop_at_its_end; }

bool Loop::may_be_used_here() const noexcept {
  if (current_loop == this) return true;
  if (current_loop != nullptr || in_turn_.load(std::memory_order_relaxed)) return false;
  const void* const last = last_thread_.load(std::memory_order_relaxed);
  return last == nullptr || last == this_thread();
}

Loop& Loop::require_current(const char* what) {
  if (current_loop == nullptr) {
    throw std::logic_error(std::string{what} +
                           " needs an event loop: use it inside of a task given to tern::run or tern::co_spawn");
  }
  return *current_loop;
}

std::span<Loop* const> Loop::siblings() const noexcept {
  if (group_ == nullptr) return {&self_, 1};
  return group_->loops();
}

Executor& Loop::default_executor() {
  if (group_ != nullptr) return group_->executor();
  if (!own_group_) own_group_ = std::make_unique<LoopGroup>();
  return own_group_->executor();
}

void Loop::show(TaskGroup& group) { groups_.push_back(group); }

void Loop::make_ready(Ready& ready) {
  ready_.push_back(ready);
  schedule_turn();
}

void Loop::make_ready_after_pause(Ready& ready) {
  paused_.push_back(ready);
  if (!pause_.armed()) arm(pause_, Clock::now() + kCancellationPause);
}

void Loop::end_pause() {
  while (!paused_.empty()) make_ready(paused_.pop_front());
}

void Loop::when_turn_ends(TurnEnd& end) {
  if (end.linked()) return;
  turn_ends_.push_back(end);
  schedule_turn();
}

void Loop::schedule_turn() {
  if (in_turn_.load(std::memory_order_relaxed) || turn_scheduled_) return;
  turn_scheduled_ = true;
  boost::asio::post(context_, [this] {
    turn_scheduled_ = false;
    const Turn turn{*this};
  });
}

void Loop::post(std::function<void()> work) {
  boost::asio::post(context_, [this, work = std::move(work)] {
    const Turn turn{*this};
    work();
  });
}

bool LoopMailbox::post(std::function<void()> work) {
  const std::lock_guard lock{mutex_};
  if (loop_ == nullptr) return false;
  loop_->post(std::move(work));
  return true;
}

bool LoopMailbox::post_outside_of_turns(std::function<void(Loop&)> work) {
  const std::lock_guard lock{mutex_};
  if (loop_ == nullptr) return false;
  boost::asio::post(loop_->context(), [loop = loop_, work = std::move(work)] { work(*loop); });
  return true;
}

void LoopMailbox::close() noexcept {
  const std::lock_guard lock{mutex_};
  loop_ = nullptr;
}

void Loop::arm(Timer& timer, Clock::time_point when) {
  timers_.arm(timer, when);
  set_alarm();
}

void Loop::set_alarm() {
  auto next = timers_.next();
  if (!next || !alarm_) return;
  if (detail::TestClock* clock = detail::test_clock(); clock != nullptr) [[unlikely]] {
    if (clock->held()) return wait_for_test(*clock, *next);
    next = clock->to_real(*next);
  }
  if (*next >= alarm_->set_for) return;
  assert(timers_.size() > 0);
  alarm_->set_for = *next;
  alarm_->timer.expires_at(*next);
  alarm_->timer.async_wait([this](const boost::system::error_code& error) {
    if (!error) alarm_rings();  // else it was set for an earlier time
  });
}

void Loop::alarm_rings() {
  if (!alarm_) return;
  const Turn turn{*this};
  alarm_->set_for = Clock::time_point::max();
  timers_.expire(Clock::now());
  set_alarm();
}

// The test's clock rings when it moves the time. A timer that is due already rings without it.
void Loop::wait_for_test(detail::TestClock& clock, Clock::time_point next) {
  clock.timer_armed();
  if (next > clock.now() || alarm_->set_for == Clock::time_point::min()) return;
  alarm_->set_for = Clock::time_point::min();
  boost::asio::post(context_, [this] { alarm_rings(); });
}

// Otherwise run() would not return before a deadline that no longer matters.
void Loop::cancel_alarm() {
  if (!alarm_ || alarm_->set_for == Clock::time_point::max()) return;
  alarm_->set_for = Clock::time_point::max();
  alarm_->timer.cancel();
}

void Loop::trim_soon() {
  gave_memory_back_ = true;
  if (!thrift_.armed()) arm(thrift_, Clock::now() + kPauseBeforeGivingBack);
}

// Some at a time, so that nobody waits for it. What is in use again and again is not touched.
void Loop::give_memory_back() {
  if (recycler::give_back(kGivenBackAtOnce)) {
    gave_memory_back_ = true;
    return arm(thrift_, Clock::now() + kPauseOfGivingBack);
  }
  // The allocator has it now, and keeps it unless it is told not to.
  if (std::exchange(gave_memory_back_, false)) ::malloc_trim(0);
}

void count_turn_output(std::size_t bytes) noexcept { turn_output += bytes; }

void Loop::run_turn() {
  int left = kResumptionsPerTurn;
  turn_output = 0;
  while (left > 0 && turn_output < kOutputPerTurn && !(ready_.empty() && turn_ends_.empty())) {
    int part = kResumptionsPerTurnEnd;
    for (; part > 0 && left > 0 && turn_output < kOutputPerTurn && !ready_.empty(); --part, --left) {
      ready_.pop_front().run();
    }
    while (!turn_ends_.empty()) turn_ends_.pop_front().at_turn_end();
  }
}

namespace {

[[noreturn]] void throw_two_threads() {
  throw std::logic_error(
      "two threads run one io_context that tern uses, and tern has no locks: run it by one thread, or make an "
      "io_context for each thread and join them in a tern::ContextGroup");
}

}  // namespace

Loop::Turn::Turn(Loop& loop)
    : loop_(loop), outer_(current_loop), outermost_(!loop.in_turn_.load(std::memory_order_relaxed)) {
  if (outermost_) {
    loop_.in_turn_.store(true, std::memory_order_relaxed);
    loop_.last_thread_.store(this_thread(), std::memory_order_relaxed);
    loop_.turn_.store(loop_.turn() + 1, std::memory_order_relaxed);
  } else if (outer_ == nullptr) {
    throw_two_threads();
  }
  current_loop = &loop;
}

Loop::Turn::~Turn() {
  assert(current_loop == &loop_ && loop_.in_turn_);
  if (outermost_) {
    loop_.run_turn();
    loop_.in_turn_.store(false, std::memory_order_relaxed);
    loop_.turn_.store(loop_.turn() + 1, std::memory_order_relaxed);
    if (!loop_.ready_.empty() || !loop_.turn_ends_.empty()) loop_.schedule_turn();
    if (recycler::kept() > recycler::kKeptForGood && !loop_.thrift_.armed()) {
      loop_.arm(loop_.thrift_, Clock::now() + kPauseBeforeGivingBack);
    }
    if (!loop_.ends_by_stop_ && loop_.timers_.size() == 0) loop_.cancel_alarm();
  }
  current_loop = outer_;
}

}  // namespace tern

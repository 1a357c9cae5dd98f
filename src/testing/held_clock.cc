#include "testing/held_clock.h"

#include <algorithm>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <stdexcept>
#include <utility>
#include <vector>

#include "text/log.h"

namespace tern::testing {

namespace {

using SystemClock = std::chrono::steady_clock;

// Between two of them the loop has looked at its sockets once, and run what was posted.
constexpr int kPasses = 3;
// On a loop with sockets the last pass waits for this long: what the kernel has taken from one end is with the other.
constexpr std::chrono::milliseconds kKernelTime{2};

SystemClock::duration since_epoch(SystemClock::rep count) noexcept { return SystemClock::duration{count}; }

bool has_sockets(const Loop& loop) noexcept {
  const LoopTraffic& traffic = loop.traffic();
  return traffic.connections_opened.value() != traffic.connections_closed.value();
}

}  // namespace

/// On its way through one loop; its destruction is its answer, also where the loop ends before.
class HeldClock::Probe {
 public:
  Probe(HeldClock& clock, std::shared_ptr<LoopMailbox> mailbox) : mailbox_(std::move(mailbox)), clock_(clock) {}
  Probe(const Probe&) = delete;
  Probe& operator=(const Probe&) = delete;
  ~Probe() { clock_.take_answer(*this); }

  static void begin(const std::shared_ptr<Probe>& probe) {
    probe->mailbox_->post_outside_of_turns([probe](Loop& loop) {
      if (const auto next = LoopTimers::next(loop); next && *next <= probe->clock_.now()) LoopTimers::ring(loop);
      pass(loop, probe, kPasses);
    });
  }

  [[nodiscard]] const LoopMailbox* loop() const noexcept { return mailbox_.get(); }
  /// Nothing when the loop has ended.
  [[nodiscard]] std::optional<std::uint32_t> turn() const noexcept { return turn_; }
  [[nodiscard]] std::optional<Clock::time_point> next() const noexcept { return next_; }

 private:
  static void pass(Loop& loop, const std::shared_ptr<Probe>& probe, int left) {
    if (left > 0) return boost::asio::post(loop.context(), [&loop, probe, left] { pass(loop, probe, left - 1); });
    if (!has_sockets(loop)) return probe->arrive(loop);
    const auto timer = std::make_shared<boost::asio::steady_timer>(loop.context(), kKernelTime);
    timer->async_wait([&loop, probe, timer](const boost::system::error_code& error) {
      if (!error) boost::asio::post(loop.context(), [&loop, probe] { probe->arrive(loop); });
    });
  }
  void arrive(const Loop& loop) noexcept {
    turn_ = loop.turn();
    next_ = LoopTimers::next(loop);
  }

  std::shared_ptr<LoopMailbox> mailbox_;
  HeldClock& clock_;
  std::optional<std::uint32_t> turn_;
  std::optional<Clock::time_point> next_;
};

/// Holds the lock, and sends the probes of a new round after it: a loop that has ended answers at once.
class HeldClock::Entry {
 public:
  explicit Entry(HeldClock& clock) : clock_(clock) {}
  Entry(const Entry&) = delete;
  Entry& operator=(const Entry&) = delete;
  ~Entry() {
    std::vector<std::shared_ptr<Probe>> to_send = std::exchange(clock_.to_send_, {});
    lock_.unlock();
    for (std::shared_ptr<Probe>& probe : to_send) Probe::begin(std::exchange(probe, nullptr));
  }

 private:
  HeldClock& clock_;
  std::unique_lock<std::mutex> lock_{clock_.mutex_};
};

HeldClock& HeldClock::get() {
  static auto* const kClock = new HeldClock;
  return *kClock;
}

HeldClock::TimePoint HeldClock::now() const noexcept {
  if (held()) return TimePoint{since_epoch(now_.load(std::memory_order_acquire))};
  return SystemClock::now() + since_epoch(ahead_.load(std::memory_order_acquire));
}

HeldClock::TimePoint HeldClock::to_real(TimePoint when) const noexcept {
  const SystemClock::duration ahead = since_epoch(ahead_.load(std::memory_order_acquire));
  const bool fits = ahead.count() > 0 ? when > TimePoint::min() + ahead : when < TimePoint::max() + ahead;
  return fits ? when - ahead : when;
}

void HeldClock::take(bool automatic, Clock::duration limit) {
  const Entry entry{*this};
  if (held()) throw std::logic_error("there is a testing::Time already: a process has one time, and one Time at once");
  if (detail::listening_servers.load() > 0) {
    throw std::logic_error(
        "testing::Time cannot take the time of a server that listens: make the Time before the server");
  }
  const TimePoint begins = now();
  now_ = begins.time_since_epoch().count();
  automatic_ = automatic;
  at_limit_ = false;
  limit_ = limit > TimePoint::max() - begins ? TimePoint::max() : begins + limit;
  held_.store(true, std::memory_order_release);
  detail::installed_test_clock.store(this, std::memory_order_release);
  begin_probing();
}

void HeldClock::release() noexcept {
  std::function<void()> arrived;
  {
    const std::lock_guard lock{mutex_};
    ahead_ = (now() - SystemClock::now()).count();
    held_.store(false, std::memory_order_release);
    automatic_ = false;
    target_.reset();
    arrived = std::exchange(arrived_, {});
  }
  if (arrived) arrived();
  // Their timers wait for the system's clock again.
  for (const auto& mailbox : loops_of_process().all()) {
    mailbox->post_outside_of_turns([](Loop& loop) { LoopTimers::ring(loop); });
  }
}

std::uint64_t HeldClock::advance_to(Clock::time_point target, std::function<void()> arrived) {
  const Entry entry{*this};
  if (target_) throw std::logic_error("Time::advance() is running already: await the first before the second");
  target_ = target;
  arrived_ = std::move(arrived);
  begin_probing();
  return ++advances_;
}

void HeldClock::abandon_advance(std::uint64_t number) noexcept {
  const std::lock_guard lock{mutex_};
  if (number != advances_) return;
  target_.reset();
  arrived_ = {};
}

bool HeldClock::at_limit() const {
  const std::lock_guard lock{mutex_};
  return at_limit_;
}

std::string HeldClock::obstacle(std::uint64_t rounds_then) const {
  const std::lock_guard lock{mutex_};
  if (work_ > 0) {
    return "a function on an executor's thread, or the test's own thread, has been at work for so long; the time waits "
           "for it";
  }
  if (rounds() == rounds_then) {
    return "a loop has not come round for so long: a coroutine blocks it, or nobody runs its io_context";
  }
  return "the loops do not come to rest: a coroutine goes on for ever without waiting for anything";
}

void HeldClock::timer_armed() noexcept {
  const Entry entry{*this};
  if (automatic_) begin_probing();
}

void HeldClock::work_begun() noexcept {
  const std::lock_guard lock{mutex_};
  ++work_;
}

void HeldClock::work_ended() noexcept {
  const Entry entry{*this};
  if (work_ > 0) --work_;
  progress_.fetch_add(1, std::memory_order_relaxed);
  if (work_ == 0) begin_probing();
}

void HeldClock::begin_probing() {
  if (probing_ || !held() || !wants_to_move() || work_ > 0) return;
  probing_ = true;
  turns_.clear();
  begin_round();
}

void HeldClock::begin_round() {
  const std::vector<std::shared_ptr<LoopMailbox>> loops = loops_of_process().all();
  rounds_.fetch_add(1, std::memory_order_relaxed);
  moved_ = loops.size() != turns_.size();
  worked_ = work_ > 0;
  next_.reset();
  left_ = loops.size();
  if (loops.empty()) {
    probing_ = false;
    return;
  }
  for (const auto& mailbox : loops) to_send_.push_back(std::make_shared<Probe>(*this, mailbox));
}

void HeldClock::take_answer(const Probe& probe) {
  const Entry entry{*this};
  if (const auto turn = probe.turn()) {
    const auto [known, added] = turns_.try_emplace(probe.loop(), *turn);
    if (added || known->second != *turn) moved_ = true;
    known->second = *turn;
    if (probe.next() && (!next_ || *probe.next() < *next_)) next_ = probe.next();
  } else {
    turns_.erase(probe.loop());
    moved_ = true;
  }
  if (--left_ == 0) end_round();
}

void HeldClock::end_round() {
  if (!held() || !wants_to_move() || work_ > 0) {
    probing_ = false;  // until the next advance, timer or end of work
    return;
  }
  if (moved_ || worked_) return begin_round();
  move_on();
}

void HeldClock::move_on() {
  const TimePoint target = target_ ? *target_ : limit_;
  progress_.fetch_add(1, std::memory_order_relaxed);
  if (next_ && *next_ <= target) {
    now_ = std::max(now_.load(), next_->time_since_epoch().count());
    return begin_round();
  }
  probing_ = false;
  if (target_) {
    now_ = std::max(now_.load(), target.time_since_epoch().count());
    target_.reset();
    std::exchange(arrived_, {})();
  } else if (next_ && !std::exchange(at_limit_, true)) {
    log_error("testing", "testing::Time has reached its limit and stands: what the test waits for has not happened");
  }
}

}  // namespace tern::testing

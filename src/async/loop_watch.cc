#include "async/loop_watch.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <pthread.h>
#include <sys/types.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <boost/stacktrace/safe_dump_to.hpp>
#include <boost/stacktrace/stacktrace.hpp>
#include <condition_variable>
#include <csignal>
#include <cstring>
#include <ctime>
#include <mutex>
#include <stop_token>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "text/log.h"

namespace tern {

namespace {

using namespace std::chrono_literals;

// A thread is blocked for so long by the operating system's clock, also in a test that holds tern's.
using SystemTime = std::chrono::steady_clock;

// A blocked thread that does not take the signal by then is reported without its stack.
constexpr auto kSignalTime = 100ms;
// Not more reports than this of one loop; what is not reported is counted all the same.
constexpr auto kBetweenReports = 1s;

/// What the signal's handler finds out; one at a time in a process.
struct Snapshot {
  enum class State : int { kIdle, kWanted, kBeingTaken, kTaken };
  std::atomic<State> state = State::kIdle;
  // The handler's from kBeingTaken to kTaken; else the watching thread's.
  alignas(void*) std::array<std::byte, 64 * sizeof(void*)> frames{};
  std::array<char, 256> job{};  // its name
};
Snapshot snapshot;
std::mutex one_at_a_time;

// In the blocked thread, wherever it is: no locks, no memory.
void take_snapshot(int /*signal*/) {
  auto wanted = Snapshot::State::kWanted;
  if (!snapshot.state.compare_exchange_strong(wanted, Snapshot::State::kBeingTaken)) return;
  const Job* job = Job::current();
  const char* name = job != nullptr && job->inherited.name != nullptr ? job->inherited.name : "";
  std::strncpy(snapshot.job.data(), name, snapshot.job.size() - 1);
  boost::stacktrace::safe_dump_to(snapshot.frames.data(), snapshot.frames.size());
  snapshot.state.store(Snapshot::State::kTaken);
}

/// Returns false when the blocked thread has not taken the signal by `limit`: it then will not take it any more.
bool wait_for_snapshot(SystemTime::time_point limit) {
  for (;;) {
    auto wanted = Snapshot::State::kWanted;
    if (snapshot.state.load() == Snapshot::State::kTaken) return true;
    // The handler that has begun is waited for: it writes.
    if (SystemTime::now() >= limit && snapshot.state.compare_exchange_strong(wanted, Snapshot::State::kIdle))
      return false;
    std::this_thread::sleep_for(1ms);
  }
}

void install_handler() {
  static const bool kInstalled = [] {
    // What the unwinder needs it loads at its first use: not in a handler.
    alignas(void*) std::array<std::byte, 4 * sizeof(void*)> frames{};
    boost::stacktrace::safe_dump_to(frames.data(), frames.size());
    struct sigaction action{};
    action.sa_handler = take_snapshot;
    action.sa_flags = SA_RESTART;
    return sigaction(SIGURG, &action, nullptr) == 0;
  }();
  static_cast<void>(kInstalled);
}

/// The stack without the frames of the handler itself, and without those below the loop.
std::string stack_of(const boost::stacktrace::stacktrace& trace) {
  std::string text;
  bool inside = false;
  for (const boost::stacktrace::frame& frame : trace) {
    const std::string name = frame.name();
    if (name.find("Loop::run_turn") != std::string::npos) break;
    if (inside && !name.empty()) {
      text += "\n    " + name;
      if (frame.source_line() != 0) text += " at " + frame.source_file() + ":" + std::to_string(frame.source_line());
    }
    inside = inside || name.find("take_snapshot") != std::string::npos;
  }
  return text;
}

std::chrono::nanoseconds time_of(clockid_t clock) {
  timespec time{};
  if (clock_gettime(clock, &time) != 0) return {};
  return std::chrono::seconds{time.tv_sec} + std::chrono::nanoseconds{time.tv_nsec};
}

/// Whether the thread could run, if it had a core (proc(5): the field behind the name in parentheses). Allocates
/// nothing: it is asked often where a machine is overloaded.
bool is_runnable(pid_t thread) {
  std::array<char, 64> path{};
  *fmt::format_to_n(path.data(), path.size() - 1, "/proc/self/task/{}/stat", thread).out = '\0';
  const int file = open(path.data(), O_RDONLY | O_CLOEXEC);
  if (file < 0) return false;
  std::array<char, 256> buffer{};
  const ssize_t size = read(file, buffer.data(), buffer.size());
  close(file);
  const std::string_view text{buffer.data(), static_cast<std::size_t>(std::max<ssize_t>(size, 0))};
  const std::size_t name_ends = text.rfind(')');
  return name_ends != std::string_view::npos && name_ends + 2 < text.size() && text[name_ends + 2] == 'R';
}

}  // namespace

class LoopWatch::Watched {
 public:
  explicit Watched(Loop& loop) : loop_(loop) {
    loop.post([thread = thread_] {
      thread->handle = pthread_self();
      thread->id = gettid();
      pthread_getcpuclockid(thread->handle, &thread->clock);
      thread->known.store(true, std::memory_order_release);
    });
  }

  void look(SystemTime::duration threshold) {
    if (!thread_->known.load(std::memory_order_acquire)) return;
    const std::uint32_t turn = loop_.turn();
    const SystemTime::time_point now = SystemTime::now();
    if (turn != turn_) {
      turn_ = turn;
      since_ = now;
      cpu_since_ = time_of(thread_->clock);
      counted_ = false;
      return;
    }
    const SystemTime::duration stuck = now - since_;
    if (!Loop::inside(turn) || counted_ || stuck < threshold) return;
    // One that only gets no core is not at fault.
    const std::chrono::nanoseconds computed = time_of(thread_->clock) - cpu_since_;
    if (computed < std::min(stuck / 2, threshold) && is_runnable(thread_->id)) return;
    counted_ = true;
    loop_.count_blocked();
    if (now - reported_at_ < kBetweenReports) return;
    reported_at_ = now;
    report(stuck);
  }

 private:
  // Shared with what is posted, which may run when nobody watches any more.
  struct Thread {
    std::atomic<bool> known = false;
    pthread_t handle{};
    pid_t id = 0;
    clockid_t clock{};
  };

  void report(SystemTime::duration stuck) {
    const std::lock_guard lock{one_at_a_time};
    snapshot.job.fill('\0');
    snapshot.state.store(Snapshot::State::kWanted);
    pthread_kill(thread_->handle, SIGURG);
    const bool taken = wait_for_snapshot(SystemTime::now() + kSignalTime);
    // It came round in the meantime: whatever it does now is not what blocked it.
    if (loop_.turn() != turn_) return;
    const std::string job{snapshot.job.data()};
    const std::string stack =
        taken ? stack_of(boost::stacktrace::stacktrace::from_dump(snapshot.frames.data(), snapshot.frames.size())) : "";
    log_warning(
        "async",
        "an event loop has been blocked for {} ms{}{}; what blocks belongs into run_in_executor or a synchronous "
        "service{}{}",
        std::chrono::duration_cast<std::chrono::milliseconds>(stuck).count(), job.empty() ? "" : " by ", job,
        stack.empty() ? "" : ":", stack);
  }

  Loop& loop_;
  std::shared_ptr<Thread> thread_ = std::make_shared<Thread>();
  std::uint32_t turn_ = 0;
  SystemTime::time_point since_;
  std::chrono::nanoseconds cpu_since_{};
  SystemTime::time_point reported_at_;
  bool counted_ = false;
};

LoopWatch::LoopWatch(std::span<Loop* const> loops, Clock::duration threshold) {
  install_handler();
  std::vector<std::unique_ptr<Watched>> watched;
  watched.reserve(loops.size());
  for (Loop* loop : loops) watched.push_back(std::make_unique<Watched>(*loop));
  thread_ = std::jthread{[watched = std::move(watched), threshold](const std::stop_token& stop) {
    const auto pause = std::max<SystemTime::duration>(threshold / 4, 1ms);
    std::mutex mutex;
    std::condition_variable_any stopped;
    std::unique_lock lock{mutex};
    while (!stopped.wait_for(lock, stop, pause, [] { return false; }) && !stop.stop_requested()) {
      for (const auto& each : watched) each->look(threshold);
    }
  }};
}

LoopWatch::~LoopWatch() = default;

}  // namespace tern

// Limits of time for an awaitable. A late one is cancelled first, and has ended before the caller goes on.
//
//   User user = co_await tern::with_timeout(5s, stub.Get(request));          // late: throws TimedOut
//   (asyncio.wait_for) co_await tern::with_deadline(when, work());                              // asyncio.timeout_at
//   std::optional<Item> item = co_await tern::move_on_after(1s, queue.pop());  // late: empty (trio.move_on_after)
#pragma once

#include <chrono>
#include <optional>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <utility>

#include "tern/api.h"
#include "tern/async/awaitable.h"
#include "tern/async/run.h"
#include "tern/async/sleep.h"
#include "tern/async/task.h"
#include "tern/detail/inner_job.h"

namespace tern {

/// Thrown by the limit that has passed: of nested ones, each throws for its own only.
class TERN_API TimedOut : public std::runtime_error {
 public:
  TimedOut() : std::runtime_error("timed out") {}
  /// `limit` is when the time was up.
  explicit TimedOut(Clock::time_point limit) : std::runtime_error("timed out"), limit_(limit) {}

  /// When the time was up, to tell nested limits apart; empty for limits of the library's own.
  [[nodiscard]] std::optional<Clock::time_point> limit() const noexcept { return limit_; }

 private:
  std::optional<Clock::time_point> limit_;
};

namespace detail {
/// `duration` from now, rounded up to the clock's tick; the clock's last moment where it would be later than that.
template <class Rep, class Period>
Clock::time_point time_after(std::chrono::duration<Rep, Period> duration) {
  const Clock::time_point now = Clock::now();
  const std::chrono::duration<double> left = Clock::time_point::max() - now;
  if (std::chrono::duration<double>{duration} >= left) return Clock::time_point::max();
  return now + std::chrono::ceil<Clock::duration>(duration);
}
}  // namespace detail

/// Begins with its await. The awaitable's result; throws TimedOut if it has none at `when`, or what the awaitable
/// threw. Calls made inside of it inherit the deadline, or the job's own if that is earlier. A result that comes at the
/// last moment is kept, whether the time was up or the caller's job was cancelled meanwhile.
template <Awaitable A>
Task<AwaitResult<A>> with_deadline(Clock::time_point when, A awaitable) {
  std::optional<detail::Stored<A>> result;
  detail::TimedWait wait{when, detail::store_awaited(std::move(awaitable), result), detail::Droppable<A>};
  const bool in_time = co_await wait;
  if (!in_time) throw TimedOut{when};
  if constexpr (!std::is_void_v<AwaitResult<A>>) co_return *std::move(result);
}

/// The same, with a time that counts from the await.
template <class Rep, class Period, Awaitable A>
Task<AwaitResult<A>> with_timeout(std::chrono::duration<Rep, Period> timeout, A awaitable) {
  const Clock::time_point when = detail::time_after(timeout);
  std::optional<detail::Stored<A>> result;
  detail::TimedWait wait{when, detail::store_awaited(std::move(awaitable), result), detail::Droppable<A>};
  const bool in_time = co_await wait;
  if (!in_time) throw TimedOut{when};
  if constexpr (!std::is_void_v<AwaitResult<A>>) co_return *std::move(result);
}

/// Begins with its await. The awaitable's result, or nothing if it took longer; true or false for an awaitable of void.
/// Throws what the awaitable threw.
template <class Rep, class Period, Awaitable A>
auto move_on_after(std::chrono::duration<Rep, Period> timeout, A awaitable)
    -> Task<std::conditional_t<std::is_void_v<AwaitResult<A>>, bool, std::optional<detail::Stored<A>>>> {
  std::optional<detail::Stored<A>> result;
  const Clock::time_point when = detail::time_after(timeout);
  detail::TimedWait wait{when, detail::store_awaited(std::move(awaitable), result), detail::Droppable<A>};
  const bool in_time = co_await wait;
  if constexpr (std::is_void_v<AwaitResult<A>>) {
    co_return in_time;
  } else {
    if (!in_time) result.reset();
    co_return result;
  }
}

}  // namespace tern

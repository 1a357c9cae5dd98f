// shield: clean-up that awaits. In a cancelled job every await throws Cancelled, so that a lease could not be given
// back over the network; a shielded task runs to its end all the same, and the job stays until then. (asyncio.shield
// leaves the inner task without an owner; here the job waits for it.)
//
//   co_await tern::shield(release(lease), 5s);
#pragma once

#include <chrono>
#include <optional>
#include <type_traits>
#include <utility>

#include "tern/async/awaitable.h"
#include "tern/async/task.h"
#include "tern/async/with_timeout.h"
#include "tern/detail/inner_job.h"

namespace tern {

/// Begins with its await. The awaitable's result, or what it threw, also when the job is cancelled meanwhile or was
/// before: the next await outside throws Cancelled then. It runs as a job of its own, which inherits the context but
/// for the deadline, since that may be what has cancelled the job. A job that is destroyed rather than cancelled takes
/// it along.
template <Awaitable A>
Task<AwaitResult<A>> shield(A awaitable) {
  std::optional<detail::Stored<A>> result;
  detail::ShieldedWait wait{std::nullopt, detail::store_awaited(std::move(awaitable), result)};
  co_await wait;
  if constexpr (!std::is_void_v<AwaitResult<A>>) co_return *std::move(result);
}

/// The same, but the awaitable is cancelled when it runs on for `limit` after the job was cancelled. Throws Cancelled
/// then. The limit does not count before the cancellation.
template <class Rep, class Period, Awaitable A>
Task<AwaitResult<A>> shield(A awaitable, std::chrono::duration<Rep, Period> limit) {
  std::optional<detail::Stored<A>> result;
  detail::ShieldedWait wait{std::chrono::ceil<Clock::duration>(limit),
                            detail::store_awaited(std::move(awaitable), result)};
  co_await wait;
  if constexpr (!std::is_void_v<AwaitResult<A>>) co_return *std::move(result);
}

}  // namespace tern

// gather: waits for many at once, as asyncio.gather does. One that throws cancels the rest; when all have ended its
// exception is thrown. Results come in the order of the arguments. gather_results cancels nothing, and gives each
// exception in the place of its result.
//
//   std::vector<User> users = co_await tern::gather(std::move(calls));          // a vector of awaitables
//   auto [user, orders] = co_await tern::gather(find(id), orders_of(id));       // different ones
//   auto users = co_await tern::gather(ids | std::views::transform(find));      // a range that makes them
//   for (auto& outcome : co_await tern::gather_results(std::move(calls))) if (outcome) use(outcome.value());
#pragma once

#include <concepts>
#include <iterator>
#include <optional>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

#include "tern/async/awaitable.h"
#include "tern/async/outcome.h"
#include "tern/async/task.h"
#include "tern/detail/branches.h"

namespace tern {

/// A vector of awaitables of one type, which run beside each other as jobs of their own. For awaitables of void the
/// result is void. Cancelled, the job cancels them, waits until they have ended, and throws Cancelled; if all have
/// their results by then, it gives those.
template <Awaitable A>
  requires(!std::is_void_v<AwaitResult<A>>)
Task<std::vector<AwaitResult<A>>> gather(std::vector<A> awaitables) {
  std::vector<std::optional<AwaitResult<A>>> results(awaitables.size());
  detail::Branches branches{detail::Branches::CancelAfter::kFailure};
  for (std::size_t i = 0; i < awaitables.size(); ++i) {
    branches.add(detail::store_awaited(std::move(awaitables[i]), results[i]), detail::Droppable<A>);
  }
  co_await branches;
  std::vector<AwaitResult<A>> all;
  all.reserve(results.size());
  for (auto& result : results) all.push_back(*std::move(result));
  co_return all;
}

template <Awaitable A>
  requires(std::is_void_v<AwaitResult<A>>)
Task<void> gather(std::vector<A> awaitables) {
  std::vector<std::optional<std::monostate>> results(awaitables.size());
  detail::Branches branches{detail::Branches::CancelAfter::kFailure};
  for (std::size_t i = 0; i < awaitables.size(); ++i) {
    branches.add(detail::store_awaited(std::move(awaitables[i]), results[i]), detail::Droppable<A>);
  }
  co_await branches;
}

namespace detail {

template <class R>
using ElementOf = std::iter_value_t<decltype(std::ranges::begin(std::declval<R&>()))>;

/// A range whose elements are awaitables, other than a vector of them. (Without <ranges>, which is long to compile.)
template <class R>
concept AwaitableRange = requires(R& range) {
  { std::ranges::begin(range) } -> std::input_iterator;
  { std::ranges::end(range) } -> std::sentinel_for<decltype(std::ranges::begin(range))>;
} && Awaitable<ElementOf<R>> && !std::same_as<std::remove_cvref_t<R>, std::vector<ElementOf<R>>>;

template <AwaitableRange R>
std::vector<ElementOf<R>> made_by(R&& range) {
  std::vector<ElementOf<R>> awaitables;
  if constexpr (requires { std::ranges::size(range); }) awaitables.reserve(std::ranges::size(range));
  for (auto&& awaitable : range) awaitables.push_back(std::forward<decltype(awaitable)>(awaitable));
  return awaitables;
}

template <class... As, std::size_t... kIndex>
Task<std::tuple<Stored<As>...>> gather_pack(std::index_sequence<kIndex...> /*order*/, As... awaitables) {
  std::tuple<std::optional<Stored<As>>...> results;
  Branches branches{Branches::CancelAfter::kFailure};
  (branches.add(store_awaited(std::move(awaitables), std::get<kIndex>(results)), Droppable<As>), ...);
  co_await branches;
  co_return std::tuple<Stored<As>...>{*std::move(std::get<kIndex>(results))...};
}

template <class... As, std::size_t... kIndex>
Task<std::tuple<Outcome<AwaitResult<As>>...>> gather_results_pack(std::index_sequence<kIndex...> /*order*/,
                                                                  As... awaitables) {
  std::tuple<Outcome<AwaitResult<As>>...> outcomes;
  Branches branches{Branches::CancelAfter::kNothing};
  (branches.add(store_outcome(std::move(awaitables), std::get<kIndex>(outcomes)), Droppable<As>), ...);
  co_await branches;
  co_return outcomes;
}

}  // namespace detail

/// A range that makes awaitables, such as a std::views::transform. gather() reads it at once: it need not live until
/// the await.
template <detail::AwaitableRange R>
auto gather(R&& range) {
  return gather(detail::made_by(std::forward<R>(range)));
}

/// Different awaitables; a tuple of their results, std::monostate for void.
template <Awaitable... As>
  requires(sizeof...(As) > 0)
auto gather(As... awaitables) {
  return detail::gather_pack(std::index_sequence_for<As...>{}, std::move(awaitables)...);
}

/// Runs all to their ends, whatever some of them throw; how each ended, in the order of the vector. Throws Cancelled
/// only, after all have ended.
template <Awaitable A>
Task<std::vector<Outcome<AwaitResult<A>>>> gather_results(std::vector<A> awaitables) {
  std::vector<Outcome<AwaitResult<A>>> outcomes(awaitables.size());
  detail::Branches branches{detail::Branches::CancelAfter::kNothing};
  for (std::size_t i = 0; i < awaitables.size(); ++i) {
    branches.add(detail::store_outcome(std::move(awaitables[i]), outcomes[i]), detail::Droppable<A>);
  }
  co_await branches;
  co_return outcomes;
}

/// The same for a range that makes awaitables.
template <detail::AwaitableRange R>
auto gather_results(R&& range) {
  return gather_results(detail::made_by(std::forward<R>(range)));
}

/// The same for different awaitables; a tuple of Outcomes.
template <Awaitable... As>
  requires(sizeof...(As) > 0)
auto gather_results(As... awaitables) {
  return detail::gather_results_pack(std::index_sequence_for<As...>{}, std::move(awaitables)...);
}

}  // namespace tern

// gather: waits for many at once, as asyncio.gather does. One that throws cancels the rest; when all have ended its
// exception is thrown. Results come in the order of the arguments.
//
//   std::vector<User> users = co_await tern::gather(std::move(calls));          // a vector of awaitables
//   auto [user, orders] = co_await tern::gather(find(id), orders_of(id));       // different ones
#pragma once

#include <optional>
#include <tuple>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include "tern/async/task.h"
#include "tern/async/task_group.h"

namespace tern {

namespace detail {

template <class Awaitable>
auto awaiter_of(Awaitable&& awaitable) {
  if constexpr (requires { std::forward<Awaitable>(awaitable).operator co_await(); }) {
    return std::forward<Awaitable>(awaitable).operator co_await();
  } else {
    return std::forward<Awaitable>(awaitable);
  }
}

template <class Awaitable>
using AwaitedResult = decltype(awaiter_of(std::declval<Awaitable>()).await_resume());

/// void becomes monostate, so that it can stand in a tuple.
template <class Awaitable>
using GatheredResult = std::conditional_t<std::is_void_v<AwaitedResult<Awaitable>>, std::monostate,
                                          std::remove_cvref_t<AwaitedResult<Awaitable>>>;

template <class Awaitable>
Task<void> gather_one(Awaitable awaitable, std::optional<GatheredResult<Awaitable>>& result) {
  if constexpr (std::is_void_v<AwaitedResult<Awaitable>>) {
    co_await std::move(awaitable);
    result.emplace();
  } else {
    result.emplace(co_await std::move(awaitable));
  }
}

template <class... Awaitables, std::size_t... kIndex>
Task<std::tuple<GatheredResult<Awaitables>...>> gather_pack(std::index_sequence<kIndex...> /*order*/,
                                                            Awaitables... awaitables) {
  std::tuple<std::optional<GatheredResult<Awaitables>>...> results;
  TaskGroup group;
  (group.spawn(gather_one(std::move(awaitables), std::get<kIndex>(results))), ...);
  co_await group.join();
  co_return std::tuple<GatheredResult<Awaitables>...>{*std::move(std::get<kIndex>(results))...};
}

}  // namespace detail

/// A vector of awaitables of one type (Tasks, calls of a stub). For awaitables of void the result is void.
template <class Awaitable>
  requires(!std::is_void_v<detail::AwaitedResult<Awaitable>>)
Task<std::vector<detail::GatheredResult<Awaitable>>> gather(std::vector<Awaitable> awaitables) {
  std::vector<std::optional<detail::GatheredResult<Awaitable>>> results(awaitables.size());
  TaskGroup group;
  for (std::size_t i = 0; i < awaitables.size(); ++i) {
    group.spawn(detail::gather_one(std::move(awaitables[i]), results[i]));
  }
  co_await group.join();
  std::vector<detail::GatheredResult<Awaitable>> all;
  all.reserve(results.size());
  for (auto& result : results) all.push_back(*std::move(result));
  co_return all;
}

template <class Awaitable>
  requires(std::is_void_v<detail::AwaitedResult<Awaitable>>)
Task<void> gather(std::vector<Awaitable> awaitables) {
  std::vector<std::optional<std::monostate>> results(awaitables.size());
  TaskGroup group;
  for (std::size_t i = 0; i < awaitables.size(); ++i) {
    group.spawn(detail::gather_one(std::move(awaitables[i]), results[i]));
  }
  co_await group.join();
}

/// Different awaitables; a tuple of their results, std::monostate for void.
template <class... Awaitables>
  requires(sizeof...(Awaitables) > 0)
auto gather(Awaitables... awaitables) {
  return detail::gather_pack(std::index_sequence_for<Awaitables...>{}, std::move(awaitables)...);
}

}  // namespace tern

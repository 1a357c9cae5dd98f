// when_any: waits for the first of several to end. first_success: for the first that does not fail. The others are
// cancelled, and have ended when the result is there: nothing of them uses the caller's locals any more.
//
//   auto first = co_await tern::when_any(queue.pop(), tern::sleep(1s));
//   if (first.index == 0) use(first.get<0>());
#pragma once

#include <cstddef>
#include <optional>
#include <stdexcept>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

#include "tern/api.h"
#include "tern/async/awaitable.h"
#include "tern/async/task.h"
#include "tern/detail/branches.h"

namespace tern {

namespace detail {
[[noreturn]] TERN_API void throw_no_result(std::size_t index, std::size_t first);
[[noreturn]] TERN_API void throw_none_to_wait_for(const char* function);
}  // namespace detail

/// The first of different awaitables.
template <class... Ts>
struct [[nodiscard]] First {
  /// Which one it was, from 0.
  std::size_t index = 0;
  /// Its result, std::monostate for void. Where another one had its result before its cancellation reached it, that is
  /// here too: look at all if a result may not be lost (an item of a queue). The others' are empty.
  std::tuple<std::optional<Ts>...> results;

  /// The result of the awaitable `kIndex`; throws std::logic_error if it has none.
  template <std::size_t kIndex>
  [[nodiscard]] auto& get() {
    auto& result = std::get<kIndex>(results);
    if (!result) detail::throw_no_result(kIndex, index);
    return *result;
  }
};

/// The first of a vector of awaitables; the members are those of First.
template <class T>
struct [[nodiscard]] FirstOfMany {
  std::size_t index = 0;
  std::vector<std::optional<T>> results;

  /// The first one's result.
  [[nodiscard]] T& value() { return *results[index]; }
};

namespace detail {

template <class... As, std::size_t... kIndex>
Task<First<Stored<As>...>> first_of_pack(Branches::CancelAfter rule, std::index_sequence<kIndex...> /*order*/,
                                         As... awaitables) {
  First<Stored<As>...> first;
  Branches branches{rule};
  (branches.add(store_awaited(std::move(awaitables), std::get<kIndex>(first.results)), Droppable<As>), ...);
  co_await branches;
  first.index = branches.winner();
  co_return first;
}

template <class A>
Task<FirstOfMany<Stored<A>>> first_of_vector(Branches::CancelAfter rule, std::vector<A> awaitables,
                                             const char* function) {
  if (awaitables.empty()) throw_none_to_wait_for(function);
  FirstOfMany<Stored<A>> first;
  first.results.resize(awaitables.size());
  Branches branches{rule};
  for (std::size_t i = 0; i < awaitables.size(); ++i) {
    branches.add(store_awaited(std::move(awaitables[i]), first.results[i]), Droppable<A>);
  }
  co_await branches;
  first.index = branches.winner();
  co_return first;
}

}  // namespace detail

/// Runs the awaitables beside each other until one has ended; throws what that one threw, if it did. Exceptions of the
/// others are dropped. Where several are ready at once, each call begins with another one, so that none starves.
/// Cancelled, the job cancels all of them and throws Cancelled when they have ended; if one has a result by then, it
/// gives that.
template <Awaitable... As>
  requires(sizeof...(As) > 0)
auto when_any(As... awaitables) {
  return detail::first_of_pack(detail::Branches::CancelAfter::kFirst, std::index_sequence_for<As...>{},
                               std::move(awaitables)...);
}

/// The same for a vector of one type. Throws std::invalid_argument when it is empty.
template <Awaitable A>
auto when_any(std::vector<A> awaitables) {
  return detail::first_of_vector(detail::Branches::CancelAfter::kFirst, std::move(awaitables), "when_any()");
}

/// As when_any(), but an awaitable that throws is not waited for: the first that has a result counts. When all have
/// thrown, throws what the first of them threw. (JavaScript's Promise.any.)
template <Awaitable... As>
  requires(sizeof...(As) > 0)
auto first_success(As... awaitables) {
  return detail::first_of_pack(detail::Branches::CancelAfter::kSuccess, std::index_sequence_for<As...>{},
                               std::move(awaitables)...);
}

template <Awaitable A>
auto first_success(std::vector<A> awaitables) {
  return detail::first_of_vector(detail::Branches::CancelAfter::kSuccess, std::move(awaitables), "first_success()");
}

}  // namespace tern

// as_completed: results in the order in which they come, with a limit for how many run at once. (asyncio.as_completed.)
//
//   auto done = tern::as_completed(std::move(calls), {.at_once = 8});
//   while (auto one = co_await done.next()) show(one->index, one->value());
#pragma once

#include <coroutine>
#include <cstddef>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "tern/async/awaitable.h"
#include "tern/async/outcome.h"
#include "tern/async/task.h"
#include "tern/detail/completions.h"

namespace tern {

struct AsCompletedOptions {
  /// How many may run or have a result that was not taken yet. So many calls load a server, and so many results lie in
  /// memory when the reader is slow. Empty: all of them. 0 is std::invalid_argument.
  std::optional<std::size_t> at_once;
};

/// How one of them ended.
template <class T>
struct Completed {
  /// Which one it was: its place in the vector.
  std::size_t index = 0;
  Outcome<T> outcome;

  /// The result; throws what the awaitable threw.
  decltype(auto) value() { return outcome.value(); }
};

/// Made by as_completed(). Begins with the first next(). Destroys the awaitables that run where they stand when
/// dropped.
template <class T>
class [[nodiscard]] AsCompleted : private detail::Completions {
 public:
  template <Awaitable A>
  AsCompleted(std::vector<A> awaitables, const AsCompletedOptions& options)
      : Completions(awaitables.size(), options.at_once), outcomes_(awaitables.size()) {
    bodies_.reserve(awaitables.size());
    for (std::size_t i = 0; i < awaitables.size(); ++i) {
      bodies_.push_back(detail::store_outcome(std::move(awaitables[i]), outcomes_[i]));
    }
  }
  AsCompleted(const AsCompleted&) = delete;
  AsCompleted& operator=(const AsCompleted&) = delete;
  ~AsCompleted() override { destroy_running(); }

  class [[nodiscard]] Next final : public detail::Completions::NextWait {
   public:
    explicit Next(AsCompleted& all) noexcept : NextWait(all), all_(all) {}
    std::optional<Completed<T>> await_resume() {
      const std::optional<std::size_t> index = take();
      if (!index) return std::nullopt;
      return Completed<T>{*index, std::move(all_.outcomes_[*index])};
    }

   private:
    AsCompleted& all_;
  };

  /// Awaits the next one that ends; empty when all have been given. One at a time: a second one that waits throws
  /// std::logic_error. When the waiting job is cancelled, the others are cancelled, and Cancelled is thrown once
  /// they have ended.
  Next next() noexcept { return Next{*this}; }

 private:
  Task<void> body(std::size_t index) override { return std::move(bodies_[index]); }

  std::vector<Outcome<T>> outcomes_;
  std::vector<Task<void>> bodies_;
};

/// Runs a vector of awaitables beside each other, at most `at_once` of them.
template <Awaitable A>
AsCompleted<AwaitResult<A>> as_completed(std::vector<A> awaitables, const AsCompletedOptions& options = {}) {
  return AsCompleted<AwaitResult<A>>{std::move(awaitables), options};
}

}  // namespace tern

// SharedTask<T>: one run, many who wait for it: two requests for one id ask the database once.
//
//   tern::SharedTask<Order> order = tern::share(load(id));
//   const Order& loaded = co_await order;     // in any number of coroutines
#pragma once

#include <memory>
#include <optional>
#include <type_traits>
#include <utility>

#include "tern/async/awaitable.h"
#include "tern/async/task.h"
#include "tern/detail/recycler.h"
#include "tern/detail/shared_run.h"

namespace tern {

/// A handle that may be copied. The task begins when it is first awaited, and belongs to that coroutine's loop: awaited
/// on another one it throws std::logic_error.
/// The task inherits the context of the job that awaited it first, but for the deadline: the others may have more
/// time. When the last one that waits is cancelled, the task is cancelled, and that one stays until the task has ended.
/// Awaiting a task that was cancelled in this way throws TaskCancelled: share it anew. When the last handle goes while
/// nobody waits, the task is destroyed where it stands.
template <class T>
class [[nodiscard]] SharedTask {
 public:
  SharedTask() noexcept = default;

  /// The result, which lives as long as a handle; throws what the task threw, the same exception to all. May be awaited
  /// again after the end.
  auto operator co_await() const& noexcept { return Awaiting{run_}; }
  void operator co_await() && = delete;  // it would destroy the result before it is read: give the SharedTask a name

  /// False when it was moved from, or made without share().
  explicit operator bool() const noexcept { return run_ != nullptr; }
  /// Whether co_await gives the result or the exception at once.
  [[nodiscard]] bool done() const noexcept { return run_ != nullptr && run_->ended(); }
  /// Whether all who waited were cancelled. A cache shares such a task anew.
  [[nodiscard]] bool cancelled() const noexcept { return run_ != nullptr && run_->cancelled(); }

 private:
  template <Awaitable A>
  friend SharedTask<AwaitResult<A>> share(A awaitable);

  class Run final : public detail::SharedRun {
   public:
    template <Awaitable A>
    explicit Run(A awaitable) {
      set_body(detail::store_awaited(std::move(awaitable), result));
    }
    Run(const Run&) = delete;
    Run& operator=(const Run&) = delete;
    ~Run() { destroy(); }
    std::optional<detail::NotVoid<T>> result;
  };

  class [[nodiscard]] Awaiting final : public detail::SharedRun::Wait {
   public:
    explicit Awaiting(std::shared_ptr<Run> run) noexcept : Wait(run), typed_(run.get()) {}
    std::add_lvalue_reference_t<std::add_const_t<T>> await_resume() {
      check();
      if constexpr (!std::is_void_v<T>) return *typed_->result;
    }

   private:
    Run* typed_;
  };

  explicit SharedTask(std::shared_ptr<Run> run) noexcept : run_(std::move(run)) {}
  std::shared_ptr<Run> run_;
};

/// Makes an awaitable one that many can wait for. It begins with the first await.
template <Awaitable A>
SharedTask<AwaitResult<A>> share(A awaitable) {
  using Run = typename SharedTask<AwaitResult<A>>::Run;
  return SharedTask<AwaitResult<A>>{std::allocate_shared<Run>(RecyclingAllocator<Run>{}, std::move(awaitable))};
}

}  // namespace tern

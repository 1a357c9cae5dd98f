// BlockingBridge: how a synchronous handler, on its worker thread, reads and writes its call, which lives on a loop.
#pragma once

#include <condition_variable>
#include <exception>
#include <memory>
#include <mutex>
#include <optional>
#include <utility>

#include "tern/api.h"
#include "tern/async/loop.h"
#include "tern/async/run.h"
#include "tern/async/task.h"

namespace tern {

/// Shared by the call and its handler; the call closes it when it goes before its handler does, so that a handler that
/// waits for the loop never keeps the loop waiting for it.
class TERN_API BlockingBridge : public std::enable_shared_from_this<BlockingBridge> {
 public:
  explicit BlockingBridge(Loop& loop) noexcept;
  BlockingBridge(const BlockingBridge&) = delete;
  BlockingBridge& operator=(const BlockingBridge&) = delete;
  ~BlockingBridge();

  /// Worker: runs `task` on the loop and waits for it; its result, or what it threw. Throws Cancelled once closed, and
  /// std::logic_error while another thread of the handler waits here.
  template <class T>
  T run(Task<T> task) {
    // Shared with the loop, which may still be at it when the bridge is closed.
    const auto result = std::make_shared<std::optional<T>>();
    run_and_wait(keep_result(std::move(task), result));
    return **std::move(result);
  }

  /// Loop: ends what waits here, and destroys what it waited for.
  void close() noexcept;

 private:
  class Visit;
  template <class T>
  static Task<void> keep_result(Task<T> task, std::shared_ptr<std::optional<T>> result) {
    result->emplace(co_await std::move(task));
  }
  void run_and_wait(Task<void> task);
  void visit_ended(std::exception_ptr error);

  Loop& loop_;
  std::unique_ptr<Visit> visit_;  // of the loop's thread
  std::mutex mutex_;
  std::condition_variable changed_;
  detail::BlockedThread blocked_;  // the worker
  bool closed_ = false;
  bool busy_ = false;  // a thread waits
  bool ended_ = false;
  std::exception_ptr error_;
};

}  // namespace tern

// InterceptorParts: runs a call's interceptors, one inside of the other, around its innermost part: the handler on the
// server, the attempts on the client. Interceptors are the program's own code. Their next() may be called twice, too
// late, or from a task that outlives the interceptor. Such a next() fails, the call ends with INTERNAL, and nothing is
// used that has gone.
//
//   part 0 --next()--> part 1 --next()--> ... --next()--> innermost part
//   Each part begins once, while the part before it runs, and ends before that one does.
#pragma once

#include <cstddef>
#include <exception>
#include <memory>
#include <string_view>

#include "tern/async/task.h"
#include "tern/detail/intrusive_list.h"
#include "tern/rpc/status.h"

namespace tern {

class Loop;

/// Shared by the call and by each next() that its interceptors keep, which may outlive the call. All on the call's
/// loop.
class InterceptorParts : public std::enable_shared_from_this<InterceptorParts> {
 public:
  InterceptorParts(const InterceptorParts&) = delete;
  InterceptorParts& operator=(const InterceptorParts&) = delete;
  virtual ~InterceptorParts() = default;

  /// Runs part `index` with all that it contains, and gives its status. INTERNAL when the part may not begin: it has
  /// begun before, or the part around it has ended, or this is another loop. Throws nothing but Cancelled.
  /// When a part ends, the parts inside of it that another job still runs are destroyed.
  static Task<Status> run(std::shared_ptr<InterceptorParts> parts, std::size_t index);

  /// OK, or the error of the first next() that could not begin its part. The call then ends with it.
  [[nodiscard]] const Status& mistake() const noexcept { return mistake_; }

 protected:
  explicit InterceptorParts(Loop& loop) noexcept : loop_(loop) {}

 private:
  class Part;

  /// Part `index`: an interceptor's coroutine, or the innermost part. May throw.
  virtual Task<Status> part(std::size_t index) = 0;
  /// The status that an exception of a part, other than Cancelled, stands for.
  virtual Status status_of(const std::exception_ptr& error) = 0;
  /// The call's method, for the log.
  [[nodiscard]] virtual std::string_view method() const noexcept = 0;

  Status reject(std::size_t index);
  void part_ended(std::size_t index) noexcept;
  [[nodiscard]] Part* running_inside(std::size_t index) noexcept;

  Loop& loop_;
  IntrusiveList<Part> running_;  // the outermost first
  std::size_t begun_ = 0;
  bool ending_ = false;  // a part has ended, so that no other begins
  bool over_ = false;    // part 0 has ended: the call may be gone
  Status mistake_;
};

}  // namespace tern

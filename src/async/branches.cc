// A branch that ends does two things: it is noted, by which the rule may cancel the others; and when it is the last,
// the waiting coroutine is woken. A cancelled branch goes on until its clean-up has ended, since it may use what the
// combinator's caller owns; a result that it has in spite of its cancellation is kept. A droppable branch has no
// clean-up: while it waits it is destroyed on the spot, which spares the loser of a when_any() an exception and a
// resumption.
#include "tern/detail/branches.h"

#include <memory>
#include <utility>

#include "tern/async/loop.h"
#include "tern/detail/recycler.h"

namespace tern::detail {

namespace {

// Of several branches that are ready at once the first to run wins. Each when_any() begins with another one, so that
// none of two busy queues starves.
constinit thread_local std::size_t rotation = 0;

}  // namespace

class Branches::Branch final : public Job, public ListNode<Branch>, public Recycled {
 public:
  Branch(Branches& all, Loop& loop, Task<void> body, bool droppable)
      : Job(loop, Job::current()), all_(all), index_(all.count_), body_(std::move(body)), droppable_(droppable) {}
  void begin() { start(std::move(body_)); }
  [[nodiscard]] std::size_t index() const noexcept { return index_; }
  /// One that was woken is cancelled as others are: it may have its result.
  [[nodiscard]] bool may_be_dropped() const noexcept { return droppable_ && innermost() != nullptr; }

 private:
  void finished(std::exception_ptr error) override { all_.ended(*this, std::move(error)); }
  Branches& all_;
  std::size_t index_;
  Task<void> body_;
  bool droppable_;
};

Branches::~Branches() {
  while (!branches_.empty()) delete &branches_.pop_front();
}

void Branches::add(Task<void> body, bool droppable) {
  if (!body) throw_no_task();
  Loop& loop = Loop::require_current("a combinator of tasks");
  auto branch = std::make_unique<Branch>(*this, loop, std::move(body), droppable);
  branches_.push_back(*branch.release());
  ++count_;
}

void Branches::begin(std::coroutine_handle<> caller, Job& job) {
  if (!begin_wait(caller, job)) return;
  started_ = true;
  if (rule_ == CancelAfter::kFirst || rule_ == CancelAfter::kSuccess) {
    for (std::size_t left = rotation++ % count_; left > 0; --left) branches_.push_back(branches_.pop_front());
  }
  branches_.for_each([](Branch& branch) { branch.begin(); });
}

void Branches::ended(Branch& branch, std::exception_ptr error) noexcept {
  const std::size_t index = branch.index();
  delete &branch;
  note(index, std::move(error));
  if (branches_.empty()) wake();
}

void Branches::note(std::size_t index, std::exception_ptr error) noexcept {
  const bool was_cancelled = cancelling_ && is_cancelled(error);
  if (error) lacks_one_ = true;
  switch (rule_) {
    case CancelAfter::kNothing:
      return;
    case CancelAfter::kFailure:
      if (!error || was_cancelled || error_) return;
      error_ = std::move(error);
      return cancel_all();
    case CancelAfter::kFirst:
      if (was_cancelled || won_) return;
      won_ = true;
      winner_ = index;
      error_ = std::move(error);
      return cancel_all();
    case CancelAfter::kSuccess:
      if (error) {
        if (!was_cancelled && !error_) error_ = std::move(error);
      } else if (!won_) {
        won_ = true;
        winner_ = index;
        cancel_all();
      }
  }
}

void Branches::cancel() noexcept {
  cancel_all();
  if (branches_.empty()) wake();
}

// What the destructor of a dropped branch's value does may come back here: it finds the others alone in the list.
void Branches::cancel_all() noexcept {
  cancelling_ = true;
  IntrusiveList<Branch> dropped;
  branches_.for_each([&dropped](Branch& branch) {
    if (!branch.may_be_dropped()) return branch.cancel();
    static_cast<ListNode<Branch>&>(branch).unlink();
    dropped.push_back(branch);
  });
  if (!dropped.empty()) lacks_one_ = true;
  while (!dropped.empty()) delete &dropped.pop_front();
}

bool Branches::has_result() const noexcept {
  switch (rule_) {
    case CancelAfter::kNothing:
    case CancelAfter::kFailure:
      return started_ && !lacks_one_;
    case CancelAfter::kFirst:
      return won_ && !error_;
    case CancelAfter::kSuccess:
      return won_;
  }
  return false;
}

void Branches::await_resume() const {
  if (has_result()) return;
  resumed();
  if (error_) std::rethrow_exception(error_);
}

bool Branches::held_elsewhere() noexcept {
  bool held = false;
  branches_.for_each([&held](const Branch& branch) { held = branch.held_elsewhere() || held; });
  return held;
}

void Branches::orphan() noexcept {
  branches_.for_each([](Branch& branch) { branch.orphan(); });
}

}  // namespace tern::detail

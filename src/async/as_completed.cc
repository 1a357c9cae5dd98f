#include "tern/async/as_completed.h"

#include <memory>
#include <stdexcept>
#include <utility>

#include "tern/async/loop.h"
#include "tern/detail/recycler.h"

namespace tern::detail {

class Completions::Running final : public Job, public ListNode<Running>, public Recycled {
 public:
  Running(Completions& all, Loop& loop, std::size_t index) : Job(loop, Job::current()), all_(all), index_(index) {}
  [[nodiscard]] std::size_t index() const noexcept { return index_; }

 private:
  void finished(std::exception_ptr /*noted*/) override { all_.ended(*this); }
  Completions& all_;
  std::size_t index_;
};

Completions::Completions(std::size_t count, std::optional<std::size_t> at_once)
    : count_(count), at_once_(at_once.value_or(count)) {
  if (at_once == 0U) {
    throw std::invalid_argument("as_completed() with at_once = 0 would run nothing: leave it empty for no limit");
  }
  order_.reserve(count);
}

void Completions::destroy_running() noexcept {
  while (!running_.empty()) delete &running_.pop_front();
}

void Completions::start_more() {
  while (started_ < count_ && in_work_ + ended_unread_ < at_once_ && !cancelling_) {
    auto job = std::make_unique<Running>(*this, Loop::require_current("as_completed()"), started_);
    job->start(body(started_));
    running_.push_back(*job.release());
    ++started_;
    ++in_work_;
  }
}

void Completions::ended(Running& running) noexcept {
  order_.push_back(running.index());  // reserved
  delete &running;
  --in_work_;
  ++ended_unread_;
  if (reader_ != nullptr && (!cancelling_ || in_work_ == 0)) reader_->wake();
}

void Completions::cancel_all() noexcept {
  cancelling_ = true;
  running_.for_each([](Running& running) { running.cancel(); });
}

bool Completions::NextWait::await_ready() {
  if (all_.reader_ != nullptr) {
    throw std::logic_error("next() of as_completed() while another next() waits: let one coroutine read");
  }
  all_.start_more();
  return all_.ended_unread_ > 0 || all_.in_work_ == 0;
}

void Completions::NextWait::begin(std::coroutine_handle<> caller, Job& job) {
  if (job.cancelled()) all_.cancel_all();
  suspend_to_the_end(caller, job);
  all_.reader_ = this;
}

std::optional<std::size_t> Completions::NextWait::take() {
  if (all_.reader_ == this) all_.reader_ = nullptr;
  resumed();
  if (all_.ended_unread_ == 0) return std::nullopt;
  return all_.order_[all_.order_.size() - all_.ended_unread_--];
}

bool Completions::NextWait::held_elsewhere() noexcept {
  bool held = false;
  all_.running_.for_each([&held](const Running& running) { held = running.held_elsewhere() || held; });
  return held;
}

void Completions::NextWait::orphan() noexcept {
  all_.running_.for_each([](Running& running) { running.orphan(); });
}

}  // namespace tern::detail

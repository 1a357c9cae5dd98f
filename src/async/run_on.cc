// The task goes to the other loop in a job that lives there (OnLoop). Its notice comes back when it is destroyed,
// whether the job has ended, or its loop has, or the loop never took it: in each case the waiting coroutine is woken
// and finds out by RemoteState what happened.
#include "tern/async/run_on.h"

#include <exception>
#include <memory>
#include <utility>

#include "async/on_loop.h"

namespace tern::detail {

struct RemoteState {
  RemoteWait* waiting = nullptr;  // of the waiting loop's thread
  // Written by the other loop, before the notice.
  bool ended = false;
  std::exception_ptr error;
};

class RemoteJob final : public Job {
 public:
  /// `context` was copied on the loop of the job that waits.
  RemoteJob(Loop& loop, JobContext context, std::shared_ptr<RemoteState> state, std::shared_ptr<void> notice)
      : Job(loop), state_(std::move(state)), notice_(std::move(notice)) {
    inherited = std::move(context);
  }

 private:
  void finished(std::exception_ptr error) override {
    state_->error = std::move(error);
    state_->ended = true;
    notice_.reset();
  }
  std::shared_ptr<RemoteState> state_;
  std::shared_ptr<void> notice_;
};

struct RemoteWait::Remote {
  std::shared_ptr<RemoteState> state = std::make_shared<RemoteState>();
  std::optional<OnLoop<RemoteJob>> job;
};

RemoteWait::RemoteWait(Loop& loop, Task<void> task) : loop_(loop), task_(std::move(task)) {}

RemoteWait::~RemoteWait() {
  if (remote_ != nullptr) remote_->state->waiting = nullptr;
}

void RemoteWait::begin(std::coroutine_handle<> caller, Job& job) {
  if (!begin_wait(caller, job)) return;
  remote_ = std::make_unique<Remote>();
  remote_->state->waiting = this;
  // Not a pointer to anything: what counts is the deleter.
  std::shared_ptr<void> notice{nullptr, [state = remote_->state, home = job.loop().mailbox()](void*) {
                                 home->post([state] {
                                   if (state->waiting != nullptr) state->waiting->wake();
                                 });
                               }};
  auto body = std::make_shared<Task<void>>(std::move(task_));
  remote_->job.emplace(loop_, [&loop = loop_, body = std::move(body), state = remote_->state, context = job.inherited,
                               notice = std::move(notice)] {
    auto remote = std::make_unique<RemoteJob>(loop, context, state, notice);
    remote->start(std::move(*body));
    return remote;
  });
}

void RemoteWait::cancel() noexcept {
  remote_->job->post([](RemoteJob& job) { job.cancel(); });
}

void RemoteWait::await_resume() const {
  if (remote_ != nullptr && remote_->state->ended && !remote_->state->error) return;
  resumed();
  if (!remote_->state->ended) throw LoopEnded{};
  std::rethrow_exception(remote_->state->error);
}

}  // namespace tern::detail

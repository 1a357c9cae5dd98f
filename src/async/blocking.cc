#include "tern/async/blocking.h"

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <future>
#include <stdexcept>
#include <thread>

#include "async/broken_pipes.h"
#include "async/own_context.h"

namespace tern {

namespace detail {

namespace {

/// On the waiting thread's stack; begins and ends on the loop.
class AwaitedJob final : public Job {
 public:
  explicit AwaitedJob(Loop& loop) noexcept : Job(loop) {}
  void start(Task<void> body) {
    blocked_.begin(clock_);
    Job::start(std::move(body));
  }
  void wait() { done_.get_future().get(); }

 private:
  void finished(std::exception_ptr error) override {
    blocked_.end();
    if (error) {
      done_.set_exception(std::move(error));
    } else {
      done_.set_value();
    }
  }
  TestClock* clock_ = counts_this_thread;  // of the waiting thread, which makes the job
  BlockedThread blocked_;
  std::promise<void> done_;
};

}  // namespace

void require_no_loop() {
  if (Loop::current() != nullptr) {
    throw std::logic_error("a blocking call on an event loop's thread would stop the loop: use the asynchronous one");
  }
}

void wait_on_loop(Loop& loop, Task<void> task) {
  require_no_loop();
  // Shared with the loop, whose last step into the job may come after the waiting thread has been released.
  auto job = std::make_shared<AwaitedJob>(loop);
  auto body = std::make_shared<Task<void>>(std::move(task));
  loop.post([job, body] { job->start(std::move(*body)); });
  std::exception_ptr error;
  try {
    job->wait();
  } catch (...) {
    error = std::current_exception();
  }
  std::promise<void> left;
  loop.post([&] {
    job.reset();
    left.set_value();
  });
  left.get_future().get();
  if (error) std::rethrow_exception(error);
}

}  // namespace detail

struct LoopThread::State {
  boost::asio::io_context context{kOneThread};
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work{context.get_executor()};
  Loop& loop = Loop::of(context);
  std::thread thread{[this] {
    loop.ends_by_stop();
    context.run();
  }};
};

LoopThread::LoopThread() : state_(std::make_unique<State>()) { ignore_broken_pipes(); }

LoopThread::~LoopThread() {
  state_->context.stop();
  state_->thread.join();
}

Loop& LoopThread::loop() const noexcept { return state_->loop; }

}  // namespace tern

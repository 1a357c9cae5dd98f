// OneShot and ThreadOneShot: a result that a callback brings, on this loop or on another thread.
#include <cstdio>
#include <functional>
#include <string>
#include <thread>
#include <utility>

#include "tern/async.h"

using Callback = std::function<void(std::string)>;

// A driver that answers from its own thread.
class Driver {
 public:
  ~Driver() {
    if (thread_.joinable()) thread_.join();
  }
  void start(std::string question, Callback callback) {
    thread_ = std::thread{[question = std::move(question), callback = std::move(callback)] {
      if (!question.empty()) callback("the answer to " + question);
    }};
  }

 private:
  std::thread thread_;
};

tern::Task<std::string> ask(std::string question) {
  Driver driver;
  tern::ThreadOneShot<std::string> done;
  driver.start(std::move(question), [setter = done.setter()](std::string answer) { setter.set(std::move(answer)); });
  co_return co_await done.wait();
}

tern::Task<void> run() {
  std::string question = "everything";
  const std::string answer = co_await ask(std::move(question));
  std::printf("%s\n", answer.c_str());
  try {
    std::string nothing;
    const std::string never = co_await ask(std::move(nothing));  // the driver forgets its callback
  } catch (const tern::SetterDropped& error) {
    std::printf("%s\n", error.what());
  }

  // A callback of this loop.
  tern::OneShot<int> posted;
  tern::Loop::current()->post([setter = posted.setter()] { setter.set(42); });
  const int number = co_await posted.wait();
  std::printf("%d\n", number);
}

int main() { return tern::run(run()); }

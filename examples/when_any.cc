// The first of several: when_any, first_success, as_completed, and errors as values.
#include <cstdio>
#include <stdexcept>
#include <vector>

#include "tern/tern.h"

using namespace std::chrono_literals;

tern::Task<int> replica(int number, std::chrono::milliseconds delay) {
  co_await tern::sleep(delay);
  if (number == 0) throw std::runtime_error("replica 0 is down");
  co_return number;
}

std::vector<tern::Task<int>> replicas() {
  std::vector<tern::Task<int>> tasks;
  tasks.push_back(replica(0, 1ms));
  tasks.push_back(replica(1, 50ms));
  tasks.push_back(replica(2, 10s));
  return tasks;
}

tern::Task<void> run() {
  // The first that answers; one that fails is passed over, and the slow one is cancelled.
  auto answer = co_await tern::first_success(replicas());
  std::printf("replica %d answered\n", answer.value());

  // The first of two awaitables of different kinds.
  auto first = co_await tern::when_any(replica(1, 10s), tern::sleep(10ms));
  std::printf("%s\n", first.index == 0 ? "an answer" : "nothing for 10 ms");

  // Each as it comes, at most two at once; the exception in the place of the result.
  std::vector<tern::Task<int>> calls;
  for (int i = 0; i < 3; ++i) calls.push_back(replica(i, 20ms * (i + 1)));
  auto done = tern::as_completed(std::move(calls), {.at_once = 2});
  while (auto one = co_await done.next()) {
    std::printf("call %zu %s\n", one->index, one->outcome ? "succeeded" : "failed");
  }

  // All of them, errors as values.
  const auto [down, up] = co_await tern::gather_results(replica(0, 1ms), replica(1, 1ms));
  std::printf("replica 0 %s, replica 1 gave %d\n", down.ok() ? "is up" : "is down", up.value());
}

int main() { return tern::run(run()); }

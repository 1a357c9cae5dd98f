// Jobs through a queue to several workers; a limit on how many run at once.
#include <fmt/core.h>

#include <numeric>

#include "tern/async.h"

using namespace std::chrono_literals;

tern::Task<void> worker(tern::Queue<int>& queue, tern::Semaphore& limit, std::vector<int>& results) {
  while (const auto job = co_await queue.pop()) {
    const auto unit = co_await limit.acquire();
    co_await tern::sleep(1ms);
    results.push_back(*job * *job);
  }
}

tern::Task<void> produce(tern::Queue<int>& queue) {
  for (int job = 1; job <= 20; ++job) co_await queue.push(job);
  queue.close();
}

tern::Task<std::string> answer_after(tern::Clock::duration time, std::string text) {
  co_await tern::sleep(time);
  co_return text;
}

tern::Task<void> run() {
  tern::Queue<int> queue{4};
  tern::Semaphore limit{2};
  std::vector<int> results;
  tern::TaskGroup group;
  group.spawn(produce(queue));
  for (int i = 0; i < 3; ++i) group.spawn(worker(queue, limit, results));
  co_await group.join();
  fmt::print("{} results, sum {}\n", results.size(), std::accumulate(results.begin(), results.end(), 0));

  std::vector<tern::Task<std::string>> tasks;
  tasks.push_back(answer_after(200ms, "slow"));
  tasks.push_back(answer_after(100ms, "quick"));
  auto done = tern::as_completed(std::move(tasks));
  while (auto answer = co_await done.next()) fmt::print("{}\n", answer->value());
}

int main() { return tern::run(run()); }

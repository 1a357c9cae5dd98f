// Many at once: gather, TaskGroup, with_timeout.
#include <cstdio>
#include <vector>

#include "tern/tern.h"

using namespace std::chrono_literals;

tern::Task<int> fetch(int id) {
  co_await tern::sleep(10ms);
  co_return id* id;
}

tern::Task<void> print_square(int id) {
  const int square = co_await fetch(id);
  std::printf("%d\n", square);
}

tern::Task<void> run() {
  // Ten waits of 10 ms take 10 ms, and come back in order.
  std::vector<tern::Task<int>> tasks;
  for (int id = 1; id <= 10; ++id) tasks.push_back(fetch(id));
  int sum = 0;
  for (const int square : co_await tern::gather(std::move(tasks))) sum += square;
  std::printf("sum of squares: %d\n", sum);

  // Different ones.
  const auto [four, nothing] = co_await tern::gather(fetch(2), print_square(3));
  std::printf("%d\n", four);

  // One that takes too long is cancelled.
  try {
    co_await tern::with_timeout(1ms, fetch(4));
  } catch (const tern::TimedOut& error) {
    std::printf("%s\n", error.what());
  }
}

int main() { return tern::run(run()); }

// CPU work and blocking libraries go to a pool of threads; the loop goes on meanwhile.
#include <cstdint>
#include <cstdio>

#include "tern/tern.h"

using namespace std::chrono_literals;

std::uint64_t slow_sum(std::uint64_t count) {
  std::uint64_t sum = 0;
  for (std::uint64_t i = 1; i <= count; ++i) sum += i;
  return sum;
}

tern::Task<void> compute(tern::Executor& pool, std::uint64_t count) {
  const std::uint64_t sum = co_await tern::run_in_executor(pool, [count] { return slow_sum(count); });
  std::printf("sum: %llu\n", static_cast<unsigned long long>(sum));
}

tern::Task<void> run() {
  // The default pool has a thread for each core.
  const std::uint64_t sum = co_await tern::run_in_executor([] { return slow_sum(1000); });
  std::printf("sum: %llu\n", static_cast<unsigned long long>(sum));

  // A pool of one's own bounds what runs at once.
  tern::Executor pool{1};
  co_await tern::gather(compute(pool, 10), compute(pool, 100));
}

int main() { return tern::run(run()); }

// primitives [OPERATIONS]: what each primitive of tern/async.h costs beside what a program on Asio's coroutines has in
// its place. Both sides take turns in one process that is pinned to one core (to two, where two threads take part); the
// best round of each counts. Prints a table in Markdown.
#include <sched.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <limits>

#include "primitives/comparison.h"

namespace primitives {

namespace {

constexpr int kRounds = 9;

double nanoseconds(const std::function<void()>& work) {
  const auto begin = std::chrono::steady_clock::now();
  work();
  return std::chrono::duration<double, std::nano>(std::chrono::steady_clock::now() - begin).count();
}

// The first cores that the process may use, so that a round is not moved between two of them.
void pin(int cores) {
  static const cpu_set_t kAllowed = [] {
    cpu_set_t allowed;
    CPU_ZERO(&allowed);
    sched_getaffinity(0, sizeof allowed, &allowed);
    return allowed;
  }();
  cpu_set_t chosen;
  CPU_ZERO(&chosen);
  for (int core = CPU_SETSIZE - 1; core >= 0 && cores > 0; --core) {
    if (!CPU_ISSET(core, &kAllowed)) continue;
    CPU_SET(core, &chosen);
    --cores;
  }
  sched_setaffinity(0, sizeof chosen, &chosen);
}

}  // namespace

void compare(const char* name, int count, const std::function<void()>& with_tern,
             const std::function<void()>& with_asio) {
  double ours = std::numeric_limits<double>::max();
  double theirs = ours;
  for (int round = 0; round < kRounds; ++round) {
    ours = std::min(ours, nanoseconds(with_tern));
    theirs = std::min(theirs, nanoseconds(with_asio));
  }
  std::printf("| %s | %.0f | %.0f | %.2f |\n", name, ours / count, theirs / count, ours / theirs);
  std::fflush(stdout);
}

}  // namespace primitives

int main(int argc, char** argv) {
  const int count = argc > 1 ? std::max(1'000, std::atoi(argv[1])) : 100'000;
  std::printf("| | tern, ns | Asio, ns | ratio |\n| --- | ---: | ---: | ---: |\n");
  primitives::pin(1);
  primitives::compare_waiting(count);
  primitives::compare_tasks(count);
  primitives::pin(2);
  primitives::compare_loops(count);
}

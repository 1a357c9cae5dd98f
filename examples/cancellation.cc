// Cancelling tasks: limits of time, clean-up that awaits, work off the loop, members of a
// group.
#include <cstdio>
#include <stop_token>
#include <string>

#include "tern/tern.h"

using namespace std::chrono_literals;

tern::Task<void> release(const std::string& lease) {
  co_await tern::sleep(1ms);  // a call to the server that gave the lease, say
  std::printf("released %s\n", lease.c_str());
}

// Every await of a cancelled task throws. A shielded one runs to its end all the same.
tern::Task<void> work_under_a_lease(std::string lease) {
  bool cancelled = false;
  try {
    co_await tern::sleep(1h);
  } catch (const tern::Cancelled&) {
    cancelled = true;
  }
  co_await tern::shield(release(lease), 5s);
  if (cancelled) throw tern::Cancelled{};
}

tern::Task<int> primes_below(int limit) {
  co_return co_await tern::run_in_executor([limit](std::stop_token stop) {
    int found = 0;
    for (int candidate = 2; candidate < limit && !stop.stop_requested(); ++candidate) {
      bool prime = true;
      for (int divisor = 2; divisor * divisor <= candidate && prime; ++divisor) prime = candidate % divisor != 0;
      if (prime) ++found;
    }
    return found;
  });
}

tern::Task<void> listen() {
  tern::OnCancel guard{[] { std::printf("listen() is cancelled\n"); }};
  co_await tern::sleep(1h);
}

tern::Task<std::string> load(int id, int& loads) {
  ++loads;
  co_await tern::sleep(1ms);
  co_return "order " + std::to_string(id);
}
tern::Task<std::string> read(tern::SharedTask<std::string> order) { co_return co_await order; }

tern::Task<void> run() {
  // Late: cancelled, cleaned up, and only then over.
  const bool in_time = co_await tern::move_on_after(1ms, work_under_a_lease("lease 7"));
  std::printf("%s\n", in_time ? "in time" : "late");

  // A member of a group may be cancelled alone, and gives its result.
  tern::TaskGroup group;
  auto primes = group.spawn(primes_below(100));
  auto listener = group.spawn(listen());
  const int found = co_await primes;
  std::printf("%d primes below 100\n", found);
  listener.cancel();
  co_await group.join();

  // Work on a thread is asked to stop.
  co_await tern::move_on_after(50ms, primes_below(2'000'000'000));
  std::printf("the computation was stopped\n");

  // One load for all who ask.
  int loads = 0;
  const tern::SharedTask<std::string> order = tern::share(load(7, loads));
  const auto [one, two] = co_await tern::gather(read(order), read(order));
  std::printf("%s and %s, loaded %d time\n", one.c_str(), two.c_str(), loads);
}

int main() { return tern::run(run(), {.threads = 2}); }

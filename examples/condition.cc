// Event, Latch and Condition: waiting until something has happened, so many times, or is true.
#include <cstdio>

#include "tern/async.h"

using namespace std::chrono_literals;

tern::Task<void> start(tern::Latch& started, tern::Event& go, int& running) {
  started.count_down();
  co_await go.wait();
  ++running;
}

tern::Task<void> withdraw(int& balance, tern::Condition& changed, int amount) {
  co_await changed.wait([&balance, amount] { return balance >= amount; });
  balance -= amount;
  std::printf("withdrew %d, %d left\n", amount, balance);
}

tern::Task<void> deposit(int& balance, tern::Condition& changed) {
  for (int i = 0; i < 3; ++i) {
    co_await tern::sleep(1ms);
    balance += 10;
    changed.notify_all();
  }
}

tern::Task<void> run() {
  tern::Latch started{2};
  tern::Event go;
  int running = 0;
  tern::TaskGroup group;
  group.spawn(start(started, go, running));
  group.spawn(start(started, go, running));
  co_await started.wait();
  std::printf("%d run before the event\n", running);
  go.set();
  co_await group.join();
  std::printf("%d after it\n", running);

  int balance = 0;
  tern::Condition changed;
  co_await tern::gather(withdraw(balance, changed, 20), withdraw(balance, changed, 5), deposit(balance, changed));
}

int main() { return tern::run(run()); }

// PerLoop and Counter: each loop counts for itself, and any thread may add up. No loop waits for another.
#include <cstdint>
#include <cstdio>

#include "tern/async.h"

class Shop {
 public:
  tern::Task<void> order(int pieces) {
    Counts& counts = counts_.here();  // this loop's own
    if (pieces > 0) {
      counts.accepted.add();
    } else {
      counts.rejected.add();
    }
    co_return;
  }
  void show() const {
    std::uint64_t accepted = 0;
    std::uint64_t rejected = 0;
    for (const Counts* counts : counts_.all()) {
      accepted += counts->accepted.value();
      rejected += counts->rejected.value();
    }
    std::printf("%d accepted, %d rejected\n", static_cast<int>(accepted), static_cast<int>(rejected));
  }

 private:
  struct Counts {
    tern::Counter accepted;
    tern::Counter rejected;
  };
  tern::PerLoop<Counts> counts_;
};

tern::Task<void> run() {
  Shop shop;
  for (tern::Loop* loop : tern::Loop::current()->siblings()) {
    co_await tern::run_on(*loop, shop.order(2));
    co_await tern::run_on(*loop, shop.order(1));
    co_await tern::run_on(*loop, shop.order(0));
  }
  shop.show();
}

int main() { return tern::run(run(), {.threads = 2}); }

// Gate: a cache that must not be destroyed while somebody uses it.
#include <cstdio>

#include "tern/async.h"

using namespace std::chrono_literals;

class Cache {
 public:
  tern::Task<void> use(int id) {
    const tern::Gate::Pass pass = gate_.enter();  // throws GateClosed after close()
    co_await tern::sleep(1ms);
    std::printf("%d has used it\n", id);
  }
  tern::Task<void> close() {
    co_await gate_.close();  // nobody enters any more; waits for those inside
    std::printf("nobody uses it\n");
  }

 private:
  tern::Gate gate_;
};

tern::Task<void> run() {
  Cache cache;
  co_await tern::gather(cache.use(1), cache.use(2), cache.close());
  try {
    co_await cache.use(3);
  } catch (const tern::GateClosed& error) {
    std::printf("%s\n", error.what());
  }
}

int main() { return tern::run(run()); }

// Semaphore and Mutex: at most so many at once, and one at a time.
#include <algorithm>
#include <cstdio>
#include <vector>

#include "tern/async.h"

using namespace std::chrono_literals;

struct Load {
  int now = 0;
  int most = 0;
};

tern::Task<void> fetch(tern::Semaphore& limit, Load& load) {
  const tern::Semaphore::Units unit = co_await limit.acquire();
  load.most = std::max(load.most, ++load.now);
  co_await tern::sleep(1ms);
  --load.now;
}  // the unit is given back, however this ends

tern::Task<void> add_one(tern::Mutex& mutex, int& stored) {
  const tern::Mutex::Lock lock = co_await mutex.lock();
  const int read = stored;
  co_await tern::sleep(0ms);  // others run here, and must not change `stored`
  stored = read + 1;
}

tern::Task<void> run() {
  tern::Semaphore limit{3};
  Load load;
  std::vector<tern::Task<void>> fetches;
  for (int i = 0; i < 10; ++i) fetches.push_back(fetch(limit, load));
  co_await tern::gather(std::move(fetches));
  std::printf("at most %d at once\n", load.most);

  tern::Mutex mutex;
  int stored = 0;
  std::vector<tern::Task<void>> adders;
  for (int i = 0; i < 10; ++i) adders.push_back(add_one(mutex, stored));
  co_await tern::gather(std::move(adders));
  std::printf("%d\n", stored);
}

int main() { return tern::run(run()); }

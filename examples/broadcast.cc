// Broadcast and Watch: every value for all listeners, and the newest value only.
#include <cstdio>
#include <memory>
#include <optional>
#include <utility>

#include "tern/async.h"

tern::Task<void> listen(tern::Broadcast<int>::Listener listener, const char* name) {
  while (const std::shared_ptr<const int> value = co_await listener.next()) {
    const auto missed = static_cast<int>(listener.missed());
    if (missed > 0) std::printf("%s missed %d\n", name, missed);
    std::printf("%s: %d\n", name, *value);
  }
}

tern::Task<void> run() {
  tern::Broadcast<int> values{2};
  tern::Broadcast<int>::Listener first = values.subscribe();
  tern::Broadcast<int>::Listener second = values.subscribe();
  for (int i = 1; i <= 4; ++i) values.publish(i);  // nobody has listened: two are lost to each
  values.close();
  co_await listen(std::move(first), "first");
  co_await listen(std::move(second), "second");

  tern::Watch<int> level{0};
  tern::Watch<int>::View view = level.subscribe();
  for (int i = 1; i <= 4; ++i) level.set(i);
  const std::optional<int> newest = co_await view.changed();
  std::printf("level %d\n", *newest);
}

int main() { return tern::run(run()); }

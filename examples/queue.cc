// Queue and pipe: producers and consumers that wait for each other.
#include <cstdio>
#include <optional>
#include <utility>

#include "tern/async.h"

tern::Task<void> produce(tern::Queue<int>& queue, int from) {
  for (int i = from; i < from + 5; ++i) {
    const bool added = co_await queue.push(i);  // waits while two are in the queue
    if (!added) co_return;                      // nobody pops any more
  }
}

tern::Task<void> produce_all(tern::Queue<int>& queue) {
  co_await tern::gather(produce(queue, 10), produce(queue, 20));
  queue.close();  // pop() gives the values that are left, and then empty
}

tern::Task<int> consume(tern::Queue<int>& queue) {
  int sum = 0;
  while (const std::optional<int> next = co_await queue.pop()) sum += *next;
  co_return sum;
}

tern::Task<void> count(tern::PipeWriter<int> writer) {
  for (int i = 1; i <= 3; ++i) {
    const bool written = co_await writer.write(i);
    if (!written) co_return;
  }
}  // the writer's end closes the pipe

tern::Task<void> run() {
  tern::Queue<int> queue{2};
  const auto [nothing, first, second] = co_await tern::gather(produce_all(queue), consume(queue), consume(queue));
  std::printf("two consumers: %d\n", first + second);

  auto [reader, writer] = tern::pipe<int>(1);
  tern::TaskGroup group;
  group.spawn(count(std::move(writer)));
  while (const std::optional<int> next = co_await reader.read()) std::printf("read %d\n", *next);
  co_await group.join();
}

int main() { return tern::run(run()); }

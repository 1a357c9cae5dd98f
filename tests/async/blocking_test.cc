// Plain threads that call coroutines.
#include "tern/async/blocking.h"

#include <gtest/gtest.h>

#include <stdexcept>

#include "tern/async/sleep.h"

namespace tern {
namespace {

using namespace std::chrono_literals;

Task<int> double_of(int number) {
  co_await sleep(0ms);
  if (number < 0) throw std::invalid_argument("negative");
  co_return 2 * number;
}

TEST(BlockOnLoop, GivesTheResultOrWhatWasThrown) {
  const LoopThread thread;
  for (int i = 0; i < 200; ++i) {
    EXPECT_EQ(block_on_loop(thread.loop(), double_of(i)), 2 * i);
    EXPECT_THROW(static_cast<void>(block_on_loop(thread.loop(), double_of(-1))), std::invalid_argument);
  }
}

Task<void> block_inside(const LoopThread& thread) {
  EXPECT_THROW(static_cast<void>(block_on_loop(thread.loop(), double_of(1))), std::logic_error);
  co_return;
}

TEST(BlockOnLoop, IsRefusedOnALoop) {
  const LoopThread thread;
  block_on(block_inside(thread));
}

}  // namespace
}  // namespace tern

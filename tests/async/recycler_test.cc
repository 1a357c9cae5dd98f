#include "tern/detail/recycler.h"

#include <gtest/gtest.h>

#include <chrono>
#include <cstring>
#include <thread>
#include <vector>

#include "tern/async.h"

namespace tern {
namespace {

TEST(Recycler, GivesBlocksOfEverySize) {
  for (const std::size_t size : {0UL, 1UL, 63UL, 64UL, 65UL, 8192UL, 8193UL, 1UL << 20}) {
    void* block = recycler::allocate(size);
    std::memset(block, 0xAB, size);
    recycler::deallocate(block, size);
  }
}

TEST(Recycler, ABlockMayBeFreedOnAnotherThread) {
  void* block = recycler::allocate(100);
  std::thread{[block] { recycler::deallocate(block, 100); }}.join();
}

TEST(Recycler, UsesAFreedBlockAgain) {
  if (!recycler::kRecycles) GTEST_SKIP() << "under AddressSanitizer every block is new";
  void* first = recycler::allocate(200);
  recycler::deallocate(first, 200);
  void* second = recycler::allocate(250);
  EXPECT_EQ(first, second) << "200 and 250 bytes are of one class";
  recycler::deallocate(second, 250);
}

/// Takes `count` blocks of `size` bytes, and lets them go.
void crowd(std::size_t count, std::size_t size) {
  std::vector<void*> blocks(count);
  for (void*& block : blocks) block = recycler::allocate(size);
  for (void* block : blocks) recycler::deallocate(block, size);
}

TEST(Recycler, GivesBackWhatWasNotNeededMeanwhile) {
  if (!recycler::kRecycles) GTEST_SKIP() << "under AddressSanitizer every block is new";
  std::thread{[] {
    crowd(4096, 1024);
    EXPECT_EQ(recycler::kept(), std::size_t{4} << 20);
    // It was needed a moment ago.
    EXPECT_FALSE(recycler::give_back(1 << 20));
    EXPECT_EQ(recycler::kept(), std::size_t{4} << 20);
    // Half of it is needed again and again.
    crowd(2048, 1024);
    EXPECT_TRUE(recycler::give_back(1 << 20));
    crowd(2048, 1024);
    EXPECT_FALSE(recycler::give_back(1 << 20));
    EXPECT_EQ(recycler::kept(), std::size_t{2} << 20);
    while (recycler::give_back(1 << 10)) {
    }
    EXPECT_EQ(recycler::kept(), recycler::kKeptForGood);
  }}.join();
}

Task<void> wait_until_given_back() {
  crowd(4096, 1024);
  while (recycler::kept() > recycler::kKeptForGood) co_await sleep(std::chrono::milliseconds{10});
}

TEST(Recycler, ALoopGivesBackWhatACrowdLeft) { block_on(wait_until_given_back()); }

}  // namespace
}  // namespace tern

#include "tern/async/recycler.h"

#include <gtest/gtest.h>

#include <cstring>
#include <thread>

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

}  // namespace
}  // namespace tern

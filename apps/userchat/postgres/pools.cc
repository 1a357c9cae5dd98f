#include "postgres/pools.h"

namespace userchat::postgres {

Pool& Pools::here() {
  tern::Loop& loop = tern::Loop::require_current("a statement for the database");
  const std::lock_guard lock{mutex_};
  std::unique_ptr<Pool>& pool = pools_[&loop];
  if (!pool) pool = std::make_unique<Pool>(options_, statements_);
  return *pool;
}

tern::Task<void> Pools::close() {
  for (auto& [loop, pool] : pools_) {
    tern::ThreadOneShot<> ended;
    loop->post([&pool, setter = ended.setter()] {
      pool.reset();
      setter.set();
    });
    co_await ended.wait();
  }
}

}  // namespace userchat::postgres

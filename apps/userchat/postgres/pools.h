// Pools: the connections of a program to one database, a pool for each of its loops.
#pragma once

#include <memory>
#include <mutex>
#include <unordered_map>
#include <vector>

#include "postgres/pool.h"

namespace userchat::postgres {

/// From any loop.
class Pools {
 public:
  Pools(Options options, std::vector<Statement> statements)
      : options_(std::move(options)), statements_(std::move(statements)) {}

  /// The pool of the loop that runs now, made at the first call. Throws std::logic_error outside of a loop.
  Pool& here();

  /// Ends the pools, each on its loop. Before this is destroyed, when no statement is under way.
  tern::Task<void> close();

 private:
  Options options_;
  std::vector<Statement> statements_;
  std::mutex mutex_;
  std::unordered_map<tern::Loop*, std::unique_ptr<Pool>> pools_;
};

}  // namespace userchat::postgres

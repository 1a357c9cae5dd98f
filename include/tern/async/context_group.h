// ContextGroup: several io_contexts of the program's own, each run by one thread, over which a Server spreads its
// connections. A program with a single io_context needs none.
//
//   std::vector<std::unique_ptr<asio::io_context>> contexts = …;      // one for each thread
//   tern::ContextGroup group{contexts};
//   tern::co_spawn(*contexts.front(), serve(), asio::detached);       // serves on all of them
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <vector>

#include "tern/api.h"

namespace boost::asio {
class io_context;
}

namespace tern {

struct ContextGroupOptions {
  /// As RunOptions::blocked_after: logs a loop that has been in one turn for this long, with the call that blocks it
  /// and its stack, which a signal takes (SIGURG). Default: std::nullopt, no loop is watched.
  std::optional<std::chrono::milliseconds> blocked_after = std::nullopt;
};

/// Made before the contexts run. Destroyed when no thread runs them any more, and before they are; it waits for what
/// run_in_executor() has running on the group's pool.
class TERN_API ContextGroup {
 public:
  /// Throws std::invalid_argument for an empty list or a time that is not longer than 0, and std::logic_error for a
  /// context that is in a group already.
  explicit ContextGroup(const std::vector<boost::asio::io_context*>& contexts, ContextGroupOptions options = {});
  explicit ContextGroup(const std::vector<std::unique_ptr<boost::asio::io_context>>& contexts,
                        ContextGroupOptions options = {});
  ContextGroup(const ContextGroup&) = delete;
  ContextGroup& operator=(const ContextGroup&) = delete;
  ~ContextGroup();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace tern

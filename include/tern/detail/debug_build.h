// A build with TERN_DEBUG=1 (CMake: -DTERN_DEBUG=ON) reports tasks that nobody awaited and groups
// that nobody joined. The library and all that includes its headers must agree on TERN_DEBUG, since it changes the size
// of coroutine frames: the CMake targets pass it on.
#pragma once

#include <array>
#include <cstddef>
#include <source_location>

#include "tern/api.h"

#ifndef TERN_DEBUG
#define TERN_DEBUG 0
#endif

namespace tern::detail {

inline constexpr bool kDebugBuild = TERN_DEBUG != 0;

/// The stack that made a Task, as addresses: a function's name is looked up only when it is reported.
class TERN_API MadeAt {
 public:
  /// By the coroutine that is being made.
  void note() noexcept;
  /// Logs that the Task was never awaited, with its coroutine and the line that made it; nothing when an exception
  /// passes by, which may have come before the co_await.
  void report_unawaited() const noexcept;

 private:
  std::array<const void*, 8> frames_{};
};

/// In its place in other builds.
struct NotNoted {
  void note() const noexcept {}
  void report_unawaited() const noexcept {}
};

/// Logs that `running` tasks of a group that nobody joined were destroyed, or that their errors were lost; nothing when
/// an exception passes by.
TERN_API void report_unjoined(const std::source_location& made_at, std::size_t running) noexcept;

}  // namespace tern::detail

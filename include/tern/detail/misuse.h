// A program's misuse of the library: a std::logic_error whose sentence names the mistake and the remedy.
// docs/mistakes.md lists the sentences. Invariants of the library itself are assert()s, which no program and no peer
// can break.
#pragma once

#include "tern/api.h"

namespace tern::detail {

/// Throws std::logic_error. Out of line: the callers' way pays for a comparison only.
[[noreturn]] TERN_API void throw_misuse(const char* sentence);

[[noreturn]] TERN_API void throw_two_reads();
[[noreturn]] TERN_API void throw_two_writes();
/// A typed call owns its call until it is awaited or moved from.
[[noreturn]] TERN_API void throw_moved_from();
/// A call that its task still awaits was destroyed.
[[noreturn]] TERN_API void throw_call_destroyed();
/// A call is used on a loop that is not its own.
[[noreturn]] TERN_API void throw_other_loop();

}  // namespace tern::detail

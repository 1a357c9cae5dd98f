// Finds the function, the file and the line of an address of the program's code. File and line need debug information.
// The first call reads that information, which may take a second: not on a loop.
#pragma once

#include <string>

namespace tern {

struct CodeLocation {
  /// Demangled; empty where it is unknown.
  std::string function;
  /// Empty without debug information.
  std::string file;
  unsigned line = 0;
};

/// Any thread.
[[nodiscard]] CodeLocation locate_code(const void* address);

/// A coroutine's function as people write it, from the name of the function that resumes it: compilers call it
/// "load(load(int)::_Z4loadi.Frame*) [clone .actor]" and "load(int) [clone .resume]".
[[nodiscard]] std::string coroutine_name(std::string function);

/// "load(int) at orders.cc:31", as much of it as is known.
[[nodiscard]] std::string to_string(const CodeLocation& location);

}  // namespace tern

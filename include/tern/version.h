// The version of tern, as of semver.org. CMake, packages and man pages read it here.
#pragma once

#include <string_view>

#define TERN_VERSION "0.1.0"
// The number in libtern.so.1 and of the package libtern1. A release that breaks programs built with the one before
// raises it: each 0.x.0 may, a 0.x.y never does (docs/versions.md).
#define TERN_ABI_VERSION 1

namespace tern {

inline constexpr std::string_view kVersion = TERN_VERSION;
/// How a client of tern introduces itself.
inline constexpr std::string_view kUserAgent = "tern/" TERN_VERSION;

}  // namespace tern

// The version of tern, as of semver.org.
#pragma once

#include <string_view>

namespace tern {

inline constexpr std::string_view kVersion = "0.1.0";
/// How a client of tern introduces itself.
inline constexpr std::string_view kUserAgent = "tern/0.1.0";

}  // namespace tern

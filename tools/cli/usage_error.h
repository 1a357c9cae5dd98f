// UsageError: what the user gave cannot be used.
#pragma once

#include <stdexcept>

namespace tern::tool {

/// what() says why, and what would do.
class UsageError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

}  // namespace tern::tool

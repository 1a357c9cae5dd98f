// The text of an exception, for logs and statuses, whatever type it has.
#pragma once

#include <exception>
#include <string>

#include "tern/api.h"

namespace tern {

/// what() of a std::exception; for anything else that can be thrown, a text that says so. `error` is not null.
[[nodiscard]] TERN_API std::string error_text(const std::exception_ptr& error);

}  // namespace tern

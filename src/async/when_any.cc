#include "tern/async/when_any.h"

#include <fmt/format.h>

namespace tern::detail {

void throw_no_result(std::size_t index, std::size_t first) {
  throw std::logic_error(
      fmt::format("First::get<{}>(): awaitable {} ended first and has the result: compare "
                  "First::index before",
                  index, first));
}

void throw_none_to_wait_for(const char* function) {
  throw std::invalid_argument(fmt::format("{} of an empty vector would wait for ever", function));
}

}  // namespace tern::detail

#include "tern/detail/debug_build.h"

#include <algorithm>
#include <boost/stacktrace/safe_dump_to.hpp>
#include <cstddef>
#include <exception>
#include <string>
#include <string_view>

#include "async/code_location.h"
#include "text/log.h"

namespace tern::detail {

namespace {

/// tern's own functions between the coroutine and the place that notes the stack.
bool is_part_of_making(std::string_view function) {
  return function.find("MadeAt::note") != std::string_view::npos ||
         function.find("get_return_object") != std::string_view::npos ||
         function.find("boost::stacktrace") != std::string_view::npos;
}

}  // namespace

void MadeAt::note() noexcept { boost::stacktrace::safe_dump_to(static_cast<void*>(frames_.data()), sizeof(frames_)); }

void MadeAt::report_unawaited() const noexcept try {
  if (std::uncaught_exceptions() > 0) return;
  CodeLocation coroutine;
  CodeLocation caller;
  for (const void* address : frames_) {
    if (address == nullptr) break;
    // The address belongs to the instruction behind the call.
    const CodeLocation location = locate_code(static_cast<const char*>(address) - 1);
    if (is_part_of_making(location.function)) continue;
    if (!coroutine.function.empty()) {
      caller = location;
      break;
    }
    coroutine = location;
  }
  log_warning("async",
              "a Task of {} was destroyed and never awaited, so that its coroutine never ran; made by {}: co_await it",
              coroutine.function.empty() ? "a coroutine without a name" : coroutine.function, to_string(caller));
} catch (...) {
  return;  // no memory for a report
}

void report_unjoined(const std::source_location& made_at, std::size_t running) noexcept try {
  if (std::uncaught_exceptions() > 0) return;
  log_warning("async",
              "the TaskGroup of {}:{} was destroyed and never joined: {} running tasks were destroyed where they "
              "stood, and the errors of others are lost; co_await group.join()",
              made_at.file_name(), made_at.line(), running);
} catch (...) {
  return;
}

}  // namespace tern::detail

#include "async/code_location.h"

#include <boost/stacktrace/frame.hpp>
#include <map>
#include <mutex>
#include <string_view>

namespace tern {

namespace {

CodeLocation look_up(const void* address) {
  const boost::stacktrace::frame frame{address};
  return {.function = frame.name(), .file = frame.source_file(), .line = static_cast<unsigned>(frame.source_line())};
}

}  // namespace

// Each thread that asks reads the program's debug information for itself, and libbacktrace frees nothing of it. Hence a
// function is looked up once.
CodeLocation locate_code(const void* address) {
  static std::mutex mutex;
  static std::map<const void*, CodeLocation> known;
  const std::lock_guard lock{mutex};
  const auto [found, is_new] = known.try_emplace(address);
  if (is_new) found->second = look_up(address);
  return found->second;
}

namespace {

/// Where the parenthesis that closes text[open] stands.
std::size_t closing_of(std::string_view text, std::size_t open) {
  int depth = 0;
  for (std::size_t at = open; at < text.size(); ++at) {
    if (text[at] == '(') ++depth;
    if (text[at] == ')' && --depth == 0) return at;
  }
  return std::string_view::npos;
}

}  // namespace

// g++ gives the frame as the only parameter, and the function's own signature inside of the frame's name.
std::string coroutine_name(std::string function) {
  if (const std::size_t clone = function.find(" [clone "); clone != std::string::npos) function.resize(clone);
  const std::size_t frame = function.find(".Frame*)");
  if (frame == std::string::npos) return function;
  // "load(load(int)::_Z4loadi.Frame*)": the signature begins behind the outermost parenthesis that the frame is in.
  for (std::size_t open = function.find('('); open != std::string::npos && open < frame;
       open = function.find('(', open + 1)) {
    if (closing_of(function, open) < frame) continue;
    const std::size_t end = function.rfind("::_Z", frame);
    if (end != std::string::npos && end > open) return function.substr(open + 1, end - open - 1);
  }
  return function;
}

std::string to_string(const CodeLocation& location) {
  std::string text = location.function.empty() ? "a function without a name" : location.function;
  if (!location.file.empty()) text += " at " + location.file + ":" + std::to_string(location.line);
  return text;
}

}  // namespace tern

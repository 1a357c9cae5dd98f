// ProgressLine: how far something has come, in one line on the terminal that is written anew, and gone at its end.
#pragma once

#include <functional>
#include <string>
#include <thread>

namespace tern::tool {

class ProgressLine {
 public:
  /// Shows what `text` says, several times a second, from a thread of its own; nothing where stderr is no terminal or
  /// `wanted` is false.
  ProgressLine(bool wanted, std::function<std::string()> text);
  ProgressLine(const ProgressLine&) = delete;
  ProgressLine& operator=(const ProgressLine&) = delete;
  ~ProgressLine() = default;

 private:
  std::jthread thread_;
};

}  // namespace tern::tool

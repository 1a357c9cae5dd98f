// Captures the library's log, in place of its usual sink.
#pragma once

#include <memory>
#include <mutex>
#include <string>
#include <utility>

#include "tern/log.h"

namespace tern::test {

/// From its making to its end.
class CapturedLog {
 public:
  CapturedLog()
      : before_(set_log_sink([lines = lines_](const LogRecord& record) {
          const std::lock_guard lock{lines->mutex};
          lines->text += log_line(record) + '\n';
        })) {}
  CapturedLog(const CapturedLog&) = delete;
  CapturedLog& operator=(const CapturedLog&) = delete;
  ~CapturedLog() { set_log_sink(std::move(before_)); }

  /// Any thread.
  [[nodiscard]] std::string text() const {
    const std::lock_guard lock{lines_->mutex};
    return lines_->text;
  }
  /// How often `part` was logged. Any thread.
  [[nodiscard]] int count(const std::string& part) const {
    const std::string all = text();
    int found = 0;
    for (std::size_t at = all.find(part); at != std::string::npos; at = all.find(part, at + 1)) ++found;
    return found;
  }

 private:
  struct Lines {
    std::mutex mutex;
    std::string text;
  };

  std::shared_ptr<Lines> lines_ = std::make_shared<Lines>();
  LogSink before_;
};

}  // namespace tern::test

#include "call/notify.h"

#include <atomic>
#include <chrono>
#include <cstdint>
#include <exception>

#include "async/error_text.h"
#include "tern/async/job.h"
#include "text/log.h"

namespace tern {

namespace {

// Code that fails at every call would fill the log.
constexpr std::chrono::seconds kBetweenLines{1};

std::atomic<Clock::rep> next_line = Clock::time_point::min().time_since_epoch().count();
std::atomic<std::uint64_t> left_out = 0;

/// True for one caller in kBetweenLines.
bool may_log() noexcept {
  const Clock::duration now = Clock::now().time_since_epoch();
  Clock::rep due = next_line.load(std::memory_order_relaxed);
  return now.count() >= due && next_line.compare_exchange_strong(due, (now + kBetweenLines).count());
}

}  // namespace

void log_thrown_by(const char* code) noexcept {
  if (!may_log()) {
    left_out.fetch_add(1, std::memory_order_relaxed);
    return;
  }
  try {
    log_error("call", "{} threw an exception, which is ignored: {} ({} more since the last such line)", code,
              error_text(std::current_exception()), left_out.exchange(0, std::memory_order_relaxed));
  } catch (...) {
    left_out.fetch_add(1, std::memory_order_relaxed);  // no memory for the text
  }
}

}  // namespace tern

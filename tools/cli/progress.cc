#include "cli/progress.h"

#include <fmt/format.h>
#include <unistd.h>

#include <chrono>
#include <condition_variable>
#include <cstdio>
#include <mutex>
#include <stop_token>
#include <utility>

namespace tern::tool {

namespace {

void show_until_stopped(const std::stop_token& stop, const std::function<std::string()>& text) {
  std::mutex mutex;
  std::condition_variable_any changed;
  std::unique_lock lock{mutex};
  const auto begin = std::chrono::steady_clock::now();
  while (!changed.wait_for(lock, stop, std::chrono::milliseconds{200}, [&stop] { return stop.stop_requested(); })) {
    const std::chrono::duration<double> time = std::chrono::steady_clock::now() - begin;
    fmt::print(stderr, "\r\x1b[K{:.1f} s: {}", time.count(), text());
    std::fflush(stderr);
  }
  fmt::print(stderr, "\r\x1b[K");
}

}  // namespace

ProgressLine::ProgressLine(bool wanted, std::function<std::string()> text) {
  if (!wanted || isatty(STDERR_FILENO) == 0) return;
  thread_ = std::jthread{[text = std::move(text)](const std::stop_token& stop) { show_until_stopped(stop, text); }};
}

}  // namespace tern::tool

#include "tern/server/service_manager.h"

#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <ctime>
#include <functional>
#include <utility>
#include <vector>

#include "async/run_on_loops.h"
#include "tern/async/loop.h"
#include "tern/async/sleep.h"
#include "text/log.h"
#include "text/number.h"
#include "transport/notify_socket.h"

namespace tern {

namespace {

std::string_view variable(const char* name) {
  const char* value = std::getenv(name);
  return value != nullptr ? value : "";
}

/// Returns 0 when the variable is not a number.
std::int64_t number_in(const char* name) {
  const std::string_view text = variable(name);
  if (const auto number = text::number_of<std::int64_t>(text)) return *number;
  if (!text.empty()) log_warning("server", "{}=\"{}\" is not a number, and is ignored", name, text);
  return 0;
}

std::string monotonic_microseconds() {
  timespec now{};
  ::clock_gettime(CLOCK_MONOTONIC, &now);
  return std::to_string(std::int64_t{now.tv_sec} * 1'000'000 + now.tv_nsec / 1000);
}

}  // namespace

ServiceManager ServiceManager::from_environment() {
  ServiceManager manager;
  manager.socket_ = variable("NOTIFY_SOCKET");
  const std::int64_t watched = number_in("WATCHDOG_PID");
  if (watched == 0 || watched == ::getpid()) {
    manager.interval_ = std::chrono::microseconds{std::max<std::int64_t>(number_in("WATCHDOG_USEC"), 0) / 2};
  }
  return manager;
}

void ServiceManager::ready(std::string_view status) const { send("READY=1", status); }

void ServiceManager::reloading(std::string_view status) const {
  send("RELOADING=1\nMONOTONIC_USEC=" + monotonic_microseconds(), status);
}

void ServiceManager::stopping(std::string_view status) const { send("STOPPING=1", status); }

// In one datagram: the service manager accepts nothing more of this process once it knows the other one.
void ServiceManager::main_process_is(int pid, std::string_view status) const {
  send("MAINPID=" + std::to_string(pid) + "\nREADY=1", status);
}

void ServiceManager::send(std::string text, std::string_view status) const {
  if (!present()) return;
  if (!status.empty()) {
    text += "\nSTATUS=";
    // A line is a variable.
    std::ranges::replace_copy(status, std::back_inserter(text), '\n', ' ');
  }
  const std::string failure = transport::send_to_notify_socket(socket_, text);
  if (!failure.empty()) {
    log_warning("server", "cannot tell the service manager \"{}\" (NOTIFY_SOCKET={}): {}",
                text.substr(0, text.find('\n')), socket_, failure);
  }
}

// A loop that sleeps does not turn by itself, so each one is asked to; one that is blocked does not answer.
Task<void> ServiceManager::keep_watchdog() const {
  if (!present() || interval_.count() == 0) co_return;
  const std::span<Loop* const> loops = Loop::require_current("the watchdog").siblings();
  for (;;) {
    const Clock::time_point next = Clock::now() + interval_;
    std::function<void(std::size_t)> nothing = [](std::size_t) {};
    std::vector<Loop*> all{loops.begin(), loops.end()};
    co_await run_on_loops(std::move(all), std::move(nothing));
    send("WATCHDOG=1", {});
    const auto left = std::max<Clock::duration>(next - Clock::now(), Clock::duration::zero());
    co_await sleep(left);
  }
}

}  // namespace tern

// Messages to a service manager: the datagrams of sd_notify(3), read from a socket as systemd's.
#include "tern/server/service_manager.h"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cstdlib>
#include <string>
#include <thread>
#include <vector>

#include "support/captured_log.h"
#include "tern/async.h"

namespace tern::test {
namespace {

using namespace std::chrono_literals;

/// The environment of a service; as before at the end.
class Variables {
 public:
  void set(const char* name, const std::string& value) {
    ::setenv(name, value.c_str(), 1);
    names_.push_back(name);
  }
  Variables() = default;
  Variables(const Variables&) = delete;
  Variables& operator=(const Variables&) = delete;
  ~Variables() {
    for (const char* name : names_) ::unsetenv(name);
  }

 private:
  std::vector<const char*> names_;
};

class NotifySocket {
 public:
  NotifySocket() {
    address_.sun_family = AF_UNIX;
    std::ranges::copy(path_, address_.sun_path);
    EXPECT_EQ(::bind(socket_, reinterpret_cast<const sockaddr*>(&address_), sizeof address_), 0);
    variables_.set("NOTIFY_SOCKET", path_);
  }
  NotifySocket(const NotifySocket&) = delete;
  NotifySocket& operator=(const NotifySocket&) = delete;
  ~NotifySocket() {
    ::close(socket_);
    ::unlink(path_.c_str());
  }

  /// "" when none comes within that.
  [[nodiscard]] std::string next(std::chrono::milliseconds within = 10s) const {
    const timeval limit{.tv_sec = within.count() / 1000, .tv_usec = within.count() % 1000 * 1000};
    ::setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    std::array<char, 4096> buffer{};
    const ssize_t size = ::recv(socket_, buffer.data(), buffer.size(), 0);
    return size < 0 ? std::string{} : std::string{buffer.data(), static_cast<std::size_t>(size)};
  }
  void watchdog(std::chrono::microseconds time) { variables_.set("WATCHDOG_USEC", std::to_string(time.count())); }
  void set(const char* name, const std::string& value) { variables_.set(name, value); }

 private:
  std::string path_ = ::testing::TempDir() + "tern_notify_" + std::to_string(::getpid()) + ".sock";
  sockaddr_un address_{};
  int socket_ = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  Variables variables_;
};

TEST(ServiceManager, GetsOneDatagramForEachState) {
  const NotifySocket socket;
  const ServiceManager manager = ServiceManager::from_environment();
  EXPECT_TRUE(manager.present());
  manager.ready();
  EXPECT_EQ(socket.next(), "READY=1");
  manager.ready("serving\n2 ports");
  EXPECT_EQ(socket.next(), "READY=1\nSTATUS=serving 2 ports");
  manager.stopping();
  EXPECT_EQ(socket.next(), "STOPPING=1");
  manager.main_process_is(42, "replaced");
  EXPECT_EQ(socket.next(), "MAINPID=42\nREADY=1\nSTATUS=replaced");
  manager.reloading();
  const std::string reloading = socket.next();
  EXPECT_TRUE(reloading.starts_with("RELOADING=1\nMONOTONIC_USEC=")) << reloading;
}

TEST(ServiceManager, GetsNothingWithoutASocket) {
  const CapturedLog log;
  const ServiceManager manager = ServiceManager::from_environment();
  EXPECT_FALSE(manager.present());
  manager.ready();
  block_on(manager.keep_watchdog());
  EXPECT_EQ(log.text(), "");
}

TEST(ServiceManager, HasNoWatchdogForAnotherProcessOrAWrongTime) {
  NotifySocket socket;
  EXPECT_EQ(ServiceManager::from_environment().watchdog_interval(), 0ns);
  socket.set("WATCHDOG_USEC", "3000000");
  EXPECT_EQ(ServiceManager::from_environment().watchdog_interval(), 1500ms);
  socket.set("WATCHDOG_PID", std::to_string(::getpid()));
  EXPECT_EQ(ServiceManager::from_environment().watchdog_interval(), 1500ms);
  socket.set("WATCHDOG_PID", "1");
  EXPECT_EQ(ServiceManager::from_environment().watchdog_interval(), 0ns);
  socket.set("WATCHDOG_PID", "");
  for (const char* wrong : {"", "soon", "-5", "3s"}) {
    socket.set("WATCHDOG_USEC", wrong);
    EXPECT_EQ(ServiceManager::from_environment().watchdog_interval(), 0ns) << wrong;
  }
}

/// Blocks one of two loops, and looks what the service manager hears in the meantime.
void expect_silence_while_blocked(std::size_t which) {
  NotifySocket socket;
  socket.watchdog(100ms);
  std::atomic<bool> released = false;
  std::atomic<bool> blocked = false;
  std::atomic<bool> seen = false;
  const auto body = [](std::atomic<bool>& is_blocked, std::atomic<bool>& is_released, std::atomic<bool>& is_seen,
                       std::size_t index) -> Task<void> {
    const ServiceManager manager = ServiceManager::from_environment();
    TaskGroup watchdog;
    watchdog.spawn(manager.keep_watchdog());
    co_await sleep(1ms);
    Loop* const loop = Loop::current()->siblings()[index];
    loop->post([&is_blocked, &is_released] {
      is_blocked = true;
      is_blocked.notify_all();
      is_released.wait(false);
    });
    co_await run_in_executor([&is_seen] { is_seen.wait(false); });
    watchdog.cancel();
  };
  std::jthread program{
      [&] { block_on(body(blocked, released, seen, which), {.threads = 2, .blocked_after = std::nullopt}); }};
  blocked.wait(false);
  // The last message may be on its way. After it, none comes within twenty intervals.
  while (!socket.next(1s).empty()) continue;
  released = true;
  released.notify_all();
  EXPECT_EQ(socket.next(), "WATCHDOG=1");
  seen = true;
  seen.notify_all();
}

TEST(ServiceManager, HearsNothingWhileTheServersLoopIsBlocked) { expect_silence_while_blocked(0); }
TEST(ServiceManager, HearsNothingWhileAnotherLoopIsBlocked) { expect_silence_while_blocked(1); }

}  // namespace
}  // namespace tern::test

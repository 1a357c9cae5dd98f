#include "server/child_process.h"

#include <spawn.h>
#include <sys/wait.h>

#include <cassert>
#include <chrono>
#include <csignal>
#include <cstring>
#include <stdexcept>
#include <utility>
#include <vector>

#include "tern/async/loop.h"
#include "tern/async/sleep.h"

namespace tern {

namespace {

// A program that starts or ends takes longer than this.
constexpr std::chrono::milliseconds kBetweenLooks{10};

/// For posix_spawn(), which changes nothing of it. `texts` must outlive it.
std::vector<char*> pointers_to(std::span<const std::string> texts) {
  std::vector<char*> pointers;
  pointers.reserve(texts.size() + 1);
  for (const std::string& text : texts) pointers.push_back(const_cast<char*>(text.c_str()));
  pointers.push_back(nullptr);
  return pointers;
}

/// Settings of the child between fork and exec.
class SpawnSettings {
 public:
  explicit SpawnSettings(int kept) {
    ::posix_spawn_file_actions_init(&actions_);
    ::posix_spawnattr_init(&attributes_);
    // Onto itself: it is open in the program, although it is CLOEXEC here.
    ::posix_spawn_file_actions_adddup2(&actions_, kept, kept);
    sigset_t none;
    ::sigemptyset(&none);
    ::posix_spawnattr_setsigmask(&attributes_, &none);
    ::posix_spawnattr_setflags(&attributes_, POSIX_SPAWN_SETSIGMASK);
  }
  SpawnSettings(const SpawnSettings&) = delete;
  SpawnSettings& operator=(const SpawnSettings&) = delete;
  ~SpawnSettings() {
    ::posix_spawn_file_actions_destroy(&actions_);
    ::posix_spawnattr_destroy(&attributes_);
  }

  [[nodiscard]] const posix_spawn_file_actions_t* actions() const noexcept { return &actions_; }
  [[nodiscard]] const posix_spawnattr_t* attributes() const noexcept { return &attributes_; }

 private:
  posix_spawn_file_actions_t actions_{};
  posix_spawnattr_t attributes_{};
};

std::string describe(int status) {
  if (WIFSIGNALED(status)) return "was killed by signal " + std::to_string(WTERMSIG(status));
  return "ended with status " + std::to_string(WEXITSTATUS(status));
}

}  // namespace

ChildProcess::ChildProcess(const std::string& program, std::span<const std::string> arguments,
                           std::span<const std::string> environment, int kept) {
  const SpawnSettings settings{kept};
  const std::vector<char*> argv = pointers_to(arguments);
  const std::vector<char*> envp = pointers_to(environment);
  const int error =
      ::posix_spawn(&id_, program.c_str(), settings.actions(), settings.attributes(), argv.data(), envp.data());
  if (error != 0) {
    id_ = -1;
    throw std::runtime_error("cannot start " + program + ": " + std::strerror(error));
  }
}

ChildProcess::~ChildProcess() {
  if (id_ <= 0) return;
  ::kill(id_, SIGKILL);
  ::waitpid(id_, nullptr, 0);
}

Task<std::string> ChildProcess::end(Clock::time_point limit) {
  bool killed = false;
  for (;;) {
    assert(id_ > 0);
    int status = 0;
    const pid_t ended = ::waitpid(id_, &status, WNOHANG);
    if (ended != 0) {
      id_ = -1;
      // Where the program ignores SIGCHLD, nobody learns how a child ended.
      co_return ended > 0 ? describe(status) : std::string{"ended"};
    }
    if (!killed && Clock::now() >= limit) {
      killed = true;
      ::kill(id_, SIGKILL);
    }
    co_await sleep(kBetweenLooks);
  }
}

}  // namespace tern

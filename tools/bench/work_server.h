// WorkServer: a process of its own that serves Work (bench/protos) twice, by plain handlers and by coroutines.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <optional>

namespace tern::tool {

class WorkServer {
 public:
  struct Options {
    /// Threads of the synchronous service.
    std::size_t workers = 10;
    /// Event loops of both.
    std::size_t loops = 1;
    /// The only processor that it may use.
    std::optional<int> processor;
  };
  /// Forks: to be made while this process has one thread. Throws std::runtime_error when the server does not come up.
  explicit WorkServer(const Options& options);
  WorkServer(const WorkServer&) = delete;
  WorkServer& operator=(const WorkServer&) = delete;
  /// Ends the process.
  ~WorkServer();

  [[nodiscard]] std::uint16_t sync_port() const noexcept { return ports_.sync; }
  [[nodiscard]] std::uint16_t async_port() const noexcept { return ports_.async; }

 private:
  struct Ports {
    std::uint16_t sync = 0;
    std::uint16_t async = 0;
  };
  friend struct WorkProcess;
  pid_t process_ = -1;
  Ports ports_;
};

/// Keeps this thread, and those that it starts from now on, on one processor; nothing: on all that there are.
void use_processor(std::optional<int> processor);
/// How many processors this process may use.
int processors();

}  // namespace tern::tool

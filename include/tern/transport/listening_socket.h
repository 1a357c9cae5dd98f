// ListeningSocket: a listening socket under a name, on its way to a server or from one: handed over by the process
// before this one, or opened by systemd (InheritedSockets, hand_over()).
#pragma once

#include <memory>
#include <string>

#include "tern/api.h"

namespace tern {

namespace transport {
class UnixSocketFile;
}

/// Owns its descriptor. No program that this process starts inherits it. May be used on any thread, by one at a time.
class TERN_API ListeningSocket {
 public:
  /// Takes `descriptor` over. `file` is a unix socket's file, when a process of this program made it; otherwise null.
  /// Throws std::runtime_error, and closes the descriptor, when it is not a listening stream socket.
  ListeningSocket(std::string name, int descriptor, std::shared_ptr<transport::UnixSocketFile> file = nullptr);
  ListeningSocket(ListeningSocket&& other) noexcept;
  ListeningSocket& operator=(ListeningSocket&& other) noexcept;
  /// Closes the descriptor.
  ~ListeningSocket();

  /// ListenOptions::name, or systemd's FileDescriptorName=.
  [[nodiscard]] const std::string& name() const noexcept { return name_; }
  [[nodiscard]] int descriptor() const noexcept { return descriptor_; }
  /// The caller closes the descriptor from now on.
  [[nodiscard]] int release() noexcept;
  /// "ipv4:127.0.0.1:50051", "unix:/path".
  [[nodiscard]] std::string address() const;
  /// Null where the program has no file to remove.
  [[nodiscard]] const std::shared_ptr<transport::UnixSocketFile>& file() const noexcept { return file_; }

  /// True for a stream socket that listens.
  static bool listens(int descriptor) noexcept;

 private:
  void close() noexcept;

  std::string name_;
  int descriptor_;
  std::shared_ptr<transport::UnixSocketFile> file_;
};

}  // namespace tern

// UnixSocketFile: the file of a unix socket that this process listens on. It is removed at the end only where it is
// still the same file: another process may have replaced it, and a fork of this one does not own it. A process that
// hands its sockets over leaves the file to the next one.
#pragma once

#include <sys/types.h>

#include <atomic>
#include <string>

namespace tern::transport {

class UnixSocketFile {
 public:
  /// Owns nothing.
  UnixSocketFile() = default;
  /// `path` was just bound by this process. An abstract name, which begins with a zero byte, has no file.
  explicit UnixSocketFile(std::string path);
  UnixSocketFile(UnixSocketFile&& other) noexcept;
  UnixSocketFile& operator=(UnixSocketFile&&) = delete;
  /// Removes the file if it is the one that was bound, by this process, and owned.
  ~UnixSocketFile();

  /// Keeps the file at the end: another process listens on it, or owns it. Any thread.
  void leave() noexcept { left_ = true; }
  /// Undoes leave(): this process removes the file at the end. Any thread.
  void own() noexcept { left_ = false; }
  [[nodiscard]] bool owned() const noexcept { return !path_.empty() && !left_; }

  /// Removes a socket's file that no process listens on, as one that was killed leaves behind. Does not block, also
  /// where the process that listens accepts nothing.
  static void remove_stale(const std::string& path);

 private:
  std::string path_;
  dev_t device_ = 0;
  ino_t inode_ = 0;
  pid_t owner_ = 0;
  std::atomic<bool> left_ = false;
};

}  // namespace tern::transport

#include "transport/unix_socket_file.h"

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

namespace tern::transport {

namespace {

bool is_abstract(const std::string& path) { return path.starts_with('\0'); }

/// True if nobody listens on the path's socket. A listener whose queue is full makes a blocking connect() wait for it;
/// this one fails with EAGAIN, and the listener is there.
bool is_refused(const std::string& path) {
  sockaddr_un address{};
  if (path.size() >= sizeof address.sun_path) return false;
  address.sun_family = AF_UNIX;
  std::ranges::copy(path, address.sun_path);
  const int probe = ::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (probe < 0) return false;
  const bool refused =
      ::connect(probe, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 && errno == ECONNREFUSED;
  ::close(probe);
  return refused;
}

}  // namespace

UnixSocketFile::UnixSocketFile(std::string path) : path_(std::move(path)), owner_(::getpid()) {
  struct stat status{};
  if (is_abstract(path_) || ::stat(path_.c_str(), &status) != 0) {
    path_.clear();
    return;
  }
  device_ = status.st_dev;
  inode_ = status.st_ino;
}

UnixSocketFile::UnixSocketFile(UnixSocketFile&& other) noexcept
    : path_(std::exchange(other.path_, {})),
      device_(other.device_),
      inode_(other.inode_),
      owner_(other.owner_),
      left_(other.left_.load()) {}

UnixSocketFile::~UnixSocketFile() {
  struct stat status{};
  if (!owned() || ::getpid() != owner_ || ::stat(path_.c_str(), &status) != 0) return;
  if (status.st_dev == device_ && status.st_ino == inode_) ::unlink(path_.c_str());
}

void UnixSocketFile::remove_stale(const std::string& path) {
  struct stat status{};
  if (is_abstract(path) || ::stat(path.c_str(), &status) != 0 || !S_ISSOCK(status.st_mode)) return;
  if (is_refused(path)) ::unlink(path.c_str());
}

}  // namespace tern::transport

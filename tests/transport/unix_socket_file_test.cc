// The file of a unix socket: who removes it, and that looking whether it is stale never blocks.
#include "transport/unix_socket_file.h"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <string>
#include <vector>

namespace tern::transport {
namespace {

class UnixSocketFiles : public ::testing::Test {
 protected:
  UnixSocketFiles() { std::ranges::copy(path_, address_.sun_path); }
  ~UnixSocketFiles() override {
    for (const int descriptor : opened_) ::close(descriptor);
    ::unlink(path_.c_str());
  }

  int open(int flags = 0) {
    opened_.push_back(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | flags, 0));
    return opened_.back();
  }
  int bind_new() {
    const int descriptor = open();
    EXPECT_EQ(::bind(descriptor, generic(), sizeof address_), 0);
    return descriptor;
  }
  [[nodiscard]] bool exists() const { return ::access(path_.c_str(), F_OK) == 0; }
  [[nodiscard]] const sockaddr* generic() const { return reinterpret_cast<const sockaddr*>(&address_); }

  std::string path_ = ::testing::TempDir() + "tern_file_" + std::to_string(::getpid()) + ".sock";
  sockaddr_un address_{.sun_family = AF_UNIX, .sun_path = {}};
  std::vector<int> opened_;
};

TEST_F(UnixSocketFiles, AreRemovedAtTheEnd) {
  bind_new();
  {
    UnixSocketFile file{path_};
    const UnixSocketFile moved{std::move(file)};
    EXPECT_TRUE(exists());
  }
  EXPECT_FALSE(exists());
}

TEST_F(UnixSocketFiles, StayWhenAnotherProcessHasReplacedThem) {
  bind_new();
  {
    const UnixSocketFile file{path_};
    ::unlink(path_.c_str());
    bind_new();
  }
  EXPECT_TRUE(exists());
}

TEST_F(UnixSocketFiles, StayWhenTheyAreLeftToAnotherProcess) {
  bind_new();
  {
    UnixSocketFile file{path_};
    file.leave();
    EXPECT_FALSE(file.owned());
  }
  EXPECT_TRUE(exists());
}

TEST_F(UnixSocketFiles, AreRemovedWhenTheyAreOwnedAgain) {
  bind_new();
  {
    UnixSocketFile file{path_};
    file.leave();
    file.own();
    EXPECT_TRUE(file.owned());
  }
  EXPECT_FALSE(exists());
}

TEST_F(UnixSocketFiles, StayWhenAForkEnds) {
  bind_new();
  const UnixSocketFile file{path_};
  const pid_t child = ::fork();
  if (child == 0) {
    file.~UnixSocketFile();
    ::_exit(0);
  }
  ::waitpid(child, nullptr, 0);
  EXPECT_TRUE(exists());
}

TEST_F(UnixSocketFiles, AreStaleWhenNobodyListens) {
  bind_new();
  UnixSocketFile::remove_stale(path_);
  EXPECT_FALSE(exists());
}

TEST_F(UnixSocketFiles, AreNotStaleWhenTheListenerAcceptsNothing) {
  ASSERT_EQ(::listen(bind_new(), 0), 0);
  // Its queue is full when a connection would have to wait.
  while (::connect(open(SOCK_NONBLOCK), generic(), sizeof address_) == 0) continue;
  ASSERT_EQ(errno, EAGAIN);
  UnixSocketFile::remove_stale(path_);
  EXPECT_TRUE(exists());
}

}  // namespace
}  // namespace tern::transport

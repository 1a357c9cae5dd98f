// Messages between two processes over a unix socket that keeps their boundaries (SOCK_SEQPACKET), with descriptors
// (SCM_RIGHTS): the receiver gets descriptors of its own for the very same sockets, with the connections that wait in
// them.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace tern::transport {

/// Linux passes no more of them in one message (SCM_MAX_FD).
inline constexpr std::size_t kMostDescriptors = 253;
inline constexpr std::size_t kLongestDescriptorMessage = std::size_t{64} * 1024;

/// A descriptor that is closed with this object.
class OwnedDescriptor {
 public:
  explicit OwnedDescriptor(int descriptor = -1) noexcept : descriptor_(descriptor) {}
  OwnedDescriptor(OwnedDescriptor&& other) noexcept : descriptor_(other.release()) {}
  OwnedDescriptor& operator=(OwnedDescriptor&& other) noexcept;
  ~OwnedDescriptor() { close(); }

  [[nodiscard]] int get() const noexcept { return descriptor_; }
  [[nodiscard]] bool open() const noexcept { return descriptor_ >= 0; }
  /// The caller closes it from now on.
  [[nodiscard]] int release() noexcept { return std::exchange(descriptor_, -1); }
  void close() noexcept;

 private:
  int descriptor_;
};

struct DescriptorMessage {
  std::string text;
  std::vector<OwnedDescriptor> descriptors;
};

/// Two connected sockets for such messages, which no other program inherits. Throws std::runtime_error.
std::pair<OwnedDescriptor, OwnedDescriptor> descriptor_socket_pair();

/// Sends at once; the descriptors stay the caller's. Throws std::runtime_error, also when the other end is closed or
/// its queue is full.
void send_message(int socket, std::string_view text, std::span<const int> descriptors = {});

/// Receives the next message; empty when none has arrived. A message without text: the other end is closed. The
/// descriptors are CLOEXEC. Throws std::runtime_error, also for a message that is too long.
std::optional<DescriptorMessage> receive_message(int socket);

}  // namespace tern::transport

#include "transport/descriptor_message.h"

#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <stdexcept>

namespace tern::transport {

namespace {

[[noreturn]] void fail(const char* what, int error) {
  throw std::runtime_error(std::string{what} + ": " + std::strerror(error));
}

/// Room for the control data of the most descriptors.
struct ControlData {
  alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(int) * kMostDescriptors)> bytes{};
};

std::vector<OwnedDescriptor> descriptors_of(msghdr& message) {
  std::vector<OwnedDescriptor> descriptors;
  for (cmsghdr* part = CMSG_FIRSTHDR(&message); part != nullptr; part = CMSG_NXTHDR(&message, part)) {
    if (part->cmsg_level != SOL_SOCKET || part->cmsg_type != SCM_RIGHTS) continue;
    const std::size_t count = (part->cmsg_len - CMSG_LEN(0)) / sizeof(int);
    for (std::size_t i = 0; i < count; ++i) {
      int descriptor = -1;
      std::memcpy(&descriptor, CMSG_DATA(part) + i * sizeof(int), sizeof descriptor);
      descriptors.emplace_back(descriptor);
    }
  }
  return descriptors;
}

}  // namespace

OwnedDescriptor& OwnedDescriptor::operator=(OwnedDescriptor&& other) noexcept {
  if (this == &other) return *this;
  close();
  descriptor_ = other.release();
  return *this;
}

void OwnedDescriptor::close() noexcept {
  if (open()) ::close(release());
}

std::pair<OwnedDescriptor, OwnedDescriptor> descriptor_socket_pair() {
  std::array<int, 2> ends{};
  if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends.data()) != 0) {
    fail("cannot make a pair of sockets", errno);
  }
  return {OwnedDescriptor{ends[0]}, OwnedDescriptor{ends[1]}};
}

void send_message(int socket, std::string_view text, std::span<const int> descriptors) {
  if (descriptors.size() > kMostDescriptors || text.size() > kLongestDescriptorMessage) {
    throw std::runtime_error(std::to_string(descriptors.size()) + " sockets with " + std::to_string(text.size()) +
                             " bytes of names are more than one message carries (" + std::to_string(kMostDescriptors) +
                             " sockets, 64 KiB)");
  }
  iovec bytes{.iov_base = const_cast<char*>(text.data()), .iov_len = text.size()};
  msghdr message{};
  message.msg_iov = &bytes;
  message.msg_iovlen = 1;
  ControlData control;
  if (!descriptors.empty()) {
    message.msg_control = control.bytes.data();
    message.msg_controllen = CMSG_SPACE(descriptors.size_bytes());
    cmsghdr* part = CMSG_FIRSTHDR(&message);
    part->cmsg_level = SOL_SOCKET;
    part->cmsg_type = SCM_RIGHTS;
    part->cmsg_len = CMSG_LEN(descriptors.size_bytes());
    std::memcpy(CMSG_DATA(part), descriptors.data(), descriptors.size_bytes());
  }
  if (::sendmsg(socket, &message, MSG_DONTWAIT | MSG_NOSIGNAL) < 0) fail("cannot send to the other process", errno);
}

std::optional<DescriptorMessage> receive_message(int socket) {
  DescriptorMessage received;
  received.text.resize(kLongestDescriptorMessage);
  iovec bytes{.iov_base = received.text.data(), .iov_len = received.text.size()};
  ControlData control;
  msghdr message{};
  message.msg_iov = &bytes;
  message.msg_iovlen = 1;
  message.msg_control = control.bytes.data();
  message.msg_controllen = control.bytes.size();
  const ssize_t size = ::recvmsg(socket, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
  if (size < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR)) return std::nullopt;
  // A process that ended with a message unread resets the connection.
  if (size < 0 && errno == ECONNRESET) return DescriptorMessage{};
  if (size < 0) fail("cannot receive from the other process", errno);
  received.descriptors = descriptors_of(message);
  if ((message.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) != 0) {
    throw std::runtime_error("a message of the other process is too long, or this process has no more descriptors");
  }
  received.text.resize(static_cast<std::size_t>(size));
  return received;
}

}  // namespace tern::transport

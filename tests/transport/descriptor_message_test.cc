// Descriptors on their way to another process.
#include "transport/descriptor_message.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include <array>
#include <stdexcept>
#include <string>
#include <vector>

namespace tern::transport {
namespace {

bool same_file(int one, int other) {
  struct stat first{};
  struct stat second{};
  return ::fstat(one, &first) == 0 && ::fstat(other, &second) == 0 && first.st_ino == second.st_ino;
}

TEST(DescriptorMessage, BringsTheVerySameSocketsClosedInOtherPrograms) {
  const auto [one, other] = descriptor_socket_pair();
  const auto [sent, unused] = descriptor_socket_pair();
  send_message(one.get(), "names", std::array{sent.get(), unused.get()});
  const std::optional<DescriptorMessage> message = receive_message(other.get());
  ASSERT_TRUE(message);
  EXPECT_EQ(message->text, "names");
  ASSERT_EQ(message->descriptors.size(), 2U);
  EXPECT_TRUE(same_file(message->descriptors[0].get(), sent.get()));
  EXPECT_TRUE(same_file(message->descriptors[1].get(), unused.get()));
  for (const OwnedDescriptor& each : message->descriptors) EXPECT_EQ(::fcntl(each.get(), F_GETFD), FD_CLOEXEC);
}

TEST(DescriptorMessage, BringsAsManyDescriptorsAsTheKernelPasses) {
  const auto [one, other] = descriptor_socket_pair();
  const std::vector<int> most(kMostDescriptors, one.get());
  send_message(one.get(), "most", most);
  EXPECT_EQ(receive_message(other.get())->descriptors.size(), kMostDescriptors);
  const std::vector<int> too_many(kMostDescriptors + 1, one.get());
  EXPECT_THROW(send_message(one.get(), "too many", too_many), std::runtime_error);
}

TEST(DescriptorMessage, IsEmptyWhileNothingIsThere) {
  const auto [one, other] = descriptor_socket_pair();
  EXPECT_FALSE(receive_message(other.get()));
}

TEST(DescriptorMessage, HasNoTextWhenTheOtherEndIsClosed) {
  auto [one, other] = descriptor_socket_pair();
  one.close();
  EXPECT_EQ(receive_message(other.get())->text, "");
  EXPECT_THROW(send_message(other.get(), "anybody"), std::runtime_error);
}

TEST(DescriptorMessage, HasNoTextWhenTheOtherEndWasClosedWithAMessageUnread) {
  auto [one, other] = descriptor_socket_pair();
  send_message(other.get(), "unread");
  one.close();
  EXPECT_EQ(receive_message(other.get())->text, "");
}

}  // namespace
}  // namespace tern::transport

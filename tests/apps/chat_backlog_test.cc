// A room's messages in every order of talking and reading, by a clock of the test's.
#include "chat_backlog.h"

#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <string>
#include <vector>

namespace userchat {
namespace {

using namespace std::chrono_literals;
using Time = ChatBacklog::Time;
using Texts = std::vector<std::string>;

constexpr std::size_t kKilobyte = 1000;
constexpr ChatRoomLimits kFiveKilobytes{.most_bytes = 5 * (kKilobyte + 300), .patience = 2s};

ChatBacklog::Message message(int number) {
  auto text = std::make_shared<chat::v1::ChatMessage>();
  text->set_content(std::to_string(number) + ":" + std::string(kKilobyte, 'x'));
  return text;
}

class ChatBacklogTest : public ::testing::Test {
 protected:
  void append(int number) { EXPECT_EQ(backlog.append(message(number), now), std::nullopt) << number; }
  void append_all(int first, int last) {
    for (int number = first; number <= last; ++number) append(number);
  }
  /// From the next message on.
  void join(ChatBacklog::Reader& reader) { backlog.join(reader, backlog.end(), now); }
  /// The numbers of what `reader` reads; "lost N" before those after a gap.
  std::vector<std::string> take_all(ChatBacklog::Reader& reader) {
    std::vector<std::string> read;
    while (const std::optional<ChatBacklog::Taken> taken = backlog.take(reader, now)) {
      if (taken->lost > 0) read.push_back("lost " + std::to_string(taken->lost));
      read.push_back(taken->message->content().substr(0, taken->message->content().find(':')));
    }
    return read;
  }

  ChatBacklog backlog{kFiveKilobytes};
  Time now{1h};
  ChatBacklog::Reader fast;
  ChatBacklog::Reader slow;
};

TEST_F(ChatBacklogTest, KeepsTheNewestMessagesWithoutReaders) {
  append_all(1, 100);
  EXPECT_LE(backlog.bytes(), kFiveKilobytes.most_bytes);
  EXPECT_EQ(backlog.end() - backlog.first(), 5U);
}

TEST_F(ChatBacklogTest, GivesAReaderThatComesBackWhatItMissed) {
  append_all(0, 9);
  backlog.join(fast, 7, now);
  EXPECT_EQ(take_all(fast), (Texts{"7", "8", "9"}));
  backlog.join(slow, 2, now);
  EXPECT_EQ(take_all(slow), (Texts{"lost 3", "5", "6", "7", "8", "9"}));
}

TEST_F(ChatBacklogTest, GivesAReaderNothingBeforeTheMessageThatItWants) {
  backlog.join(fast, 3, now);
  append_all(0, 2);
  EXPECT_EQ(take_all(fast), Texts{});
  append(3);
  EXPECT_EQ(take_all(fast), Texts{"3"});
}

TEST_F(ChatBacklogTest, PutsMessagesAndWaitsForNobody) {
  join(slow);
  for (int number = 0; number < 10; ++number) backlog.put(message(number), static_cast<std::uint64_t>(number), now);
  EXPECT_LE(backlog.bytes(), kFiveKilobytes.most_bytes);
  EXPECT_TRUE(backlog.behind(slow));
  EXPECT_EQ(backlog.first(), 5U);
}

TEST_F(ChatBacklogTest, DropsWhatIsBeforeAGap) {
  append_all(0, 2);
  join(fast);
  backlog.put(message(7), 7, now);
  EXPECT_EQ(backlog.first(), 7U);
  EXPECT_EQ(take_all(fast), (Texts{"lost 4", "7"}));
}

TEST_F(ChatBacklogTest, GivesTheMessagesAfterARestartToReadersOfLaterOnes) {
  append_all(0, 4);
  join(fast);
  backlog.join(slow, 1, now);
  backlog.restart(3);
  backlog.put(message(3), 3, now);
  EXPECT_EQ(take_all(fast), Texts{"3"});
  EXPECT_EQ(take_all(slow), (Texts{"lost 2", "3"}));
}

TEST_F(ChatBacklogTest, SharesOneCopyAmongReaders) {
  join(fast);
  join(slow);
  const ChatBacklog::Message said = message(1);
  EXPECT_EQ(backlog.append(said, now), std::nullopt);
  EXPECT_EQ(backlog.take(fast, now)->message.get(), said.get());
  EXPECT_EQ(backlog.take(slow, now)->message.get(), said.get());
  EXPECT_LT(backlog.bytes(), 2 * kKilobyte);
}

TEST_F(ChatBacklogTest, GivesAReaderWhatIsSaidAfterItHasJoined) {
  join(slow);
  append(1);
  join(fast);
  append(2);
  EXPECT_EQ(take_all(fast), Texts{"2"});
  EXPECT_EQ(take_all(slow), (Texts{"1", "2"}));
}

TEST_F(ChatBacklogTest, WaitsForReadersThatStillRead) {
  join(fast);
  append_all(1, 5);
  EXPECT_TRUE(backlog.holds_oldest(fast));
  now += 1s;
  EXPECT_EQ(backlog.append(message(6), now), now + 1s) << "two seconds after the first message";
  EXPECT_TRUE(backlog.take(fast, now));
  append(6);
  EXPECT_EQ(take_all(fast), (Texts{"2", "3", "4", "5", "6"}));
}

TEST_F(ChatBacklogTest, PushesOutWhatASlowReaderHasNotRead) {
  join(fast);
  join(slow);
  append_all(1, 5);
  EXPECT_EQ(take_all(fast), (Texts{"1", "2", "3", "4", "5"}));
  EXPECT_NE(backlog.append(message(6), now), std::nullopt);
  now += 2s;
  append_all(6, 8);
  EXPECT_LE(backlog.bytes(), kFiveKilobytes.most_bytes);
  EXPECT_EQ(take_all(fast), (Texts{"6", "7", "8"}));
  EXPECT_EQ(take_all(slow), (Texts{"lost 3", "4", "5", "6", "7", "8"}));
}

TEST_F(ChatBacklogTest, WaitsAgainForAReaderThatReadsAgain) {
  join(slow);
  append_all(1, 5);
  now += 2s;
  append(6);
  EXPECT_EQ(backlog.take(slow, now)->lost, 1U);
  append(7);
  EXPECT_EQ(backlog.append(message(8), now), now + 2s);
}

TEST_F(ChatBacklogTest, CountsTheTimeFromTheFirstMessageThatWaits) {
  join(slow);
  now += 1h;
  append_all(1, 5);
  EXPECT_EQ(backlog.append(message(6), now), now + 2s) << "silence before it is not the reader's";
}

TEST_F(ChatBacklogTest, DoesNotWaitForAReaderThatHasLeft) {
  join(fast);
  join(slow);
  append_all(1, 5);
  EXPECT_EQ(take_all(fast).size(), 5U);
  backlog.leave(slow);
  append_all(6, 10);
  EXPECT_EQ(take_all(fast).size(), 5U);
}

TEST_F(ChatBacklogTest, KeepsAMessageBeyondTheBoundAlone) {
  ChatBacklog small{{.most_bytes = kKilobyte, .patience = 2s}};
  small.join(slow, small.end(), now);
  EXPECT_EQ(small.append(message(1), now), std::nullopt);
  EXPECT_EQ(small.append(message(2), now), now + 2s);
  now += 2s;
  EXPECT_EQ(small.append(message(2), now), std::nullopt);
  EXPECT_EQ(small.take(slow, now)->lost, 1U);
  EXPECT_EQ(small.end() - small.first(), 1U);
}

}  // namespace
}  // namespace userchat

// A room of one server, in memory.
#include "chat_room.h"

#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "room_server.h"

namespace userchat {
namespace {

using namespace std::chrono_literals;
using Texts = std::vector<std::string>;
using chat::v1::ChatMessage;

/// Runs body(server) on a loop.
template <class Body>
void with_room(Body body, ChatRoomLimits limits = {}) {
  const auto run = [](Body its_body, ChatRoomLimits its_limits) -> tern::Task<void> {
    RoomServer server{std::make_unique<ChatRoomService>(its_limits)};
    co_await its_body(server);
    co_await server.stop();
  };
  tern::block_on(run(body, limits));
}

TEST(ChatRoom, NumbersMessagesWithoutGaps) {
  with_room([](RoomServer& server) -> tern::Task<void> {
    RoomServer::Listening listening = co_await server.listen();
    const ChatMessage first = co_await server.say("one");
    const ChatMessage second = co_await server.say("two");
    EXPECT_EQ(second.number(), first.number() + 2);
    EXPECT_EQ(first.number(), server.first_of_last_listener() + 1) << "the message comes before its reply";
    const Texts read = co_await RoomServer::read(listening, 4);
    EXPECT_EQ(read, (Texts{"one", "Echo: one", "two", "Echo: two"}));
  });
}

TEST(ChatRoom, GivesAListenerThatComesBackWhatItMissed) {
  with_room([](RoomServer& server) -> tern::Task<void> {
    const ChatMessage first = co_await server.say("one");
    const ChatMessage second = co_await server.say("two");
    RoomServer::Listening listening = co_await server.listen(first.number() + 1);
    co_await server.say("three");
    const Texts read = co_await RoomServer::read(listening, 4);
    EXPECT_EQ(read, (Texts{"two", "Echo: two", "three", "Echo: three"}));
    RoomServer::Listening all = co_await server.listen(1);
    const Texts from_the_first = co_await RoomServer::read(all, 2);
    EXPECT_EQ(from_the_first, (Texts{"one", "Echo: one"})) << "1 asks for all that there are";
    RoomServer::Listening later = co_await server.listen(second.number() + 1'000'000);
    co_await server.say("four");
    const Texts after_the_last = co_await RoomServer::read(later, 2);
    EXPECT_EQ(after_the_last, (Texts{"four", "Echo: four"})) << "a number of another room";
  });
}

TEST(ChatRoom, SaysHowManyMessagesAListenerMissedForGood) {
  constexpr ChatRoomLimits kFourMessages{.most_bytes = 4 * 700, .patience = 0ms};
  with_room(
      [](RoomServer& server) -> tern::Task<void> {
        const std::string long_text(390, 'x');
        const ChatMessage first = co_await server.say(long_text);
        for (int i = 0; i < 9; ++i) co_await server.say(long_text);
        RoomServer::Listening listening = co_await server.listen(first.number() + 1);
        const Texts read = co_await RoomServer::read(listening, 1);
        EXPECT_EQ(read.at(0), "lost 14") << "of 18 four are kept";
      },
      kFourMessages);
}

TEST(ChatRoom, TellsAMessageThatIsSaidAgainOnce) {
  with_room([](RoomServer& server) -> tern::Task<void> {
    RoomServer::Listening listening = co_await server.listen();
    const ChatMessage reply = co_await server.say("one", "id 1");
    const ChatMessage again = co_await server.say("one", "id 1");
    EXPECT_EQ(again.SerializeAsString(), reply.SerializeAsString());
    const tern::Result<ChatMessage> other = co_await server.try_to_say("other", "id 1");
    EXPECT_EQ(other.status().code(), tern::StatusCode::kAlreadyExists);
    co_await server.say("two", "id 2");
    const Texts read = co_await RoomServer::read(listening, 4);
    EXPECT_EQ(read, (Texts{"one", "Echo: one", "two", "Echo: two"}));
  });
}

TEST(ChatRoom, RejectsWhatItDoesNotStore) {
  with_room([](RoomServer& server) -> tern::Task<void> {
    const tern::Result<ChatMessage> empty = co_await server.try_to_say("");
    EXPECT_EQ(empty.status().details(), "A message needs content");
    const tern::Result<ChatMessage> long_id = co_await server.try_to_say("one", std::string(65, 'x'));
    EXPECT_EQ(long_id.status().details(), "message_id has 65 bytes; at most 64 are allowed");
    RoomServer::Listening negative = co_await server.listen(-1);
    const tern::Status ended = co_await negative.status();
    EXPECT_EQ(ended.code(), tern::StatusCode::kInvalidArgument);
  });
}

TEST(ChatRoom, BeginsAboveTheNumbersOfTheRoomBeforeARestart) {
  std::int64_t last = 0;
  for (int i = 0; i < 2; ++i) {
    with_room([&last](RoomServer& server) -> tern::Task<void> {
      const ChatMessage reply = co_await server.say("one");
      EXPECT_GT(reply.number(), last);
      last = reply.number();
      co_await tern::sleep(1ms);
    });
  }
}

}  // namespace
}  // namespace userchat

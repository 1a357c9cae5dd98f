// The room of all servers on one PostgreSQL database: each test has two servers, in one process.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "chat_room.h"
#include "postgres_database.h"
#include "room_server.h"

namespace userchat {
namespace {

using namespace std::chrono_literals;
using Texts = std::vector<std::string>;
using chat::v1::ChatMessage;

/// Runs `sql` as the superuser; the last result's first value.
tern::Task<std::string> in_database(std::string url, std::string sql) {
  postgres::CancelRequests cancels;
  const auto connection = co_await postgres::Connection::open(postgres::Options{std::move(url)}, cancels);
  const postgres::Result result = co_await connection->script(std::move(sql));
  co_return result.rows() > 0 ? std::string{result.text(0, 0)} : std::string{};
}

struct Two {
  RoomServer& one;
  RoomServer& other;
  const std::string& url;
};

/// Runs body(two servers) on a loop.
template <class Body>
void with_two_servers(Body body, ChatRoomLimits limits = {}, ChatTableLimits table = {}) {
  const auto run = [](std::string url, Body its_body, ChatRoomLimits its_limits,
                      ChatTableLimits its_table) -> tern::Task<void> {
    const postgres::Options database{url};
    RoomServer one{co_await ChatRoomService::open(database, its_limits, its_table)};
    RoomServer other{co_await ChatRoomService::open(database, its_limits, its_table)};
    co_await its_body(Two{one, other, url});
    co_await one.stop();
    co_await other.stop();
  };
  tern::block_on(run(new_database(), body, limits, table));
}

TEST(PostgresRooms, TellEachMessageOnEachServerInOneOrder) {
  with_two_servers([](Two servers) -> tern::Task<void> {
    RoomServer::Listening here = co_await servers.one.listen();
    RoomServer::Listening there = co_await servers.other.listen();
    constexpr int kEach = 50;
    tern::TaskGroup sayers;
    const auto say = [](RoomServer& server, std::string who) -> tern::Task<void> {
      for (int i = 0; i < kEach; ++i) {
        std::string text = fmt::format("{} {}", who, i);
        co_await server.say(std::move(text));
      }
    };
    for (int i = 0; i < 4; ++i) sayers.spawn(say(i % 2 == 0 ? servers.one : servers.other, std::to_string(i)));
    co_await sayers.join();
    const Texts read_here = co_await RoomServer::read(here, 2 * 4 * kEach);
    const Texts read_there = co_await RoomServer::read(there, 2 * 4 * kEach);
    EXPECT_EQ(read_here, read_there);
    EXPECT_EQ(read_here.size(), 2U * 4 * kEach) << "in order: nothing is added to the contents";
  });
}

TEST(PostgresRooms, StoreAMessageThatIsSaidAgainOnce) {
  with_two_servers([](Two servers) -> tern::Task<void> {
    RoomServer::Listening listening = co_await servers.one.listen();
    const ChatMessage reply = co_await servers.one.say("one", "id 1");
    const ChatMessage again = co_await servers.other.say("one", "id 1");
    EXPECT_EQ(again.SerializeAsString(), reply.SerializeAsString());
    const tern::Result<ChatMessage> other = co_await servers.other.try_to_say("other", "id 1");
    EXPECT_EQ(other.status().code(), tern::StatusCode::kAlreadyExists);
    co_await servers.other.say("two");
    const Texts read = co_await RoomServer::read(listening, 4);
    EXPECT_EQ(read, (Texts{"one", "Echo: one", "two", "Echo: two"}));
  });
}

TEST(PostgresRooms, StoreAMessageThatIsSaidAtOnceOnTwoServersOnce) {
  with_two_servers([](Two servers) -> tern::Task<void> {
    RoomServer::Listening listening = co_await servers.one.listen();
    std::vector<std::int64_t> numbers;
    const auto say = [](RoomServer& server, std::string id,
                        std::vector<std::int64_t>& its_numbers) -> tern::Task<void> {
      const ChatMessage reply = co_await server.say("text", std::move(id));
      its_numbers.push_back(reply.number());
    };
    constexpr int kRounds = 30;
    for (int i = 0; i < kRounds; ++i) {
      tern::TaskGroup sayers;
      for (int j = 0; j < 4; ++j) {
        sayers.spawn(say(j % 2 == 0 ? servers.one : servers.other, fmt::format("id {}", i), numbers));
      }
      co_await sayers.join();
      EXPECT_EQ(numbers, std::vector<std::int64_t>(4, 2 * i + 2));
      numbers.clear();
    }
    const Texts read = co_await RoomServer::read(listening, 2 * kRounds);
    EXPECT_EQ(read.size(), 2U * kRounds);
    const std::string stored = co_await in_database(servers.url, "SELECT count(*) FROM chat_messages");
    EXPECT_EQ(stored, std::to_string(2 * kRounds));
  });
}

TEST(PostgresRooms, GiveAListenerThatComesBackToAnotherServerWhatItMissed) {
  with_two_servers([](Two servers) -> tern::Task<void> {
    const ChatMessage first = co_await servers.one.say("one");
    EXPECT_EQ(first.number(), 2);
    co_await servers.one.say("two");
    RoomServer::Listening listening = co_await servers.other.listen(first.number() + 1);
    EXPECT_EQ(servers.other.first_of_last_listener(), 3);
    co_await servers.one.say("three");
    const Texts read = co_await RoomServer::read(listening, 4);
    EXPECT_EQ(read, (Texts{"two", "Echo: two", "three", "Echo: three"}));
    // The listener may have messages that its next server has yet to read.
    const ChatMessage last = co_await servers.one.say("four");
    RoomServer::Listening later = co_await servers.other.listen(last.number() + 1);
    co_await servers.one.say("five");
    const Texts after = co_await RoomServer::read(later, 2);
    EXPECT_EQ(after, (Texts{"five", "Echo: five"}));
  });
}

// Each message is longer than a stream's window.
constexpr std::size_t kLong = 300'000;
constexpr ChatRoomLimits kShortBacklog{.most_bytes = 4 * kLong, .patience = 0ms};

tern::Task<void> say_long_texts(RoomServer& server, int count) {
  for (int i = 0; i < count; ++i) co_await server.say(fmt::format("{:<{}}", i, kLong));
}

TEST(PostgresRooms, LetASlowListenerReadOnFromTheTable) {
  with_two_servers(
      [](Two servers) -> tern::Task<void> {
        RoomServer::Listening slow = co_await servers.other.listen();
        constexpr int kCount = 20;
        co_await say_long_texts(servers.one, kCount);
        const Texts read = co_await RoomServer::read(slow, 2 * kCount);
        EXPECT_EQ(read.size(), 2U * kCount) << "none is lost";
        EXPECT_EQ(read.back().substr(0, 9), "Echo: 19 ");
      },
      kShortBacklog);
}

TEST(PostgresRooms, DropASlowListenerThatWantsToBeDropped) {
  with_two_servers(
      [](Two servers) -> tern::Task<void> {
        RoomServer::Listening slow = co_await servers.other.listen(0, chat::v1::WHEN_SLOW_END);
        RoomServer::Listening fast = co_await servers.other.listen(0, chat::v1::WHEN_SLOW_END);
        constexpr int kCount = 20;
        for (int i = 0; i < kCount; ++i) {
          co_await say_long_texts(servers.one, 1);
          const Texts read = co_await RoomServer::read(fast, 2);
          EXPECT_EQ(read.size(), 2U);
        }
        while (co_await slow.read()) {
        }
        const tern::Status ended = co_await slow.status();
        EXPECT_EQ(ended.code(), tern::StatusCode::kResourceExhausted) << ended.details();
      },
      kShortBacklog);
}

TEST(PostgresRooms, CountWhatAListenerLostToTheLimitsOfTheTable) {
  with_two_servers(
      [](Two servers) -> tern::Task<void> {
        for (int i = 0; i < 20; ++i) co_await servers.one.say(std::to_string(i));
        std::string stored;
        while (stored != "6") stored = co_await in_database(servers.url, "SELECT count(*) FROM chat_messages");
        RoomServer third{co_await ChatRoomService::open(postgres::Options{servers.url})};
        RoomServer::Listening listening = co_await third.listen(5);
        const Texts read = co_await RoomServer::read(listening, 6);
        EXPECT_EQ(read, (Texts{"lost 30", "17", "Echo: 17", "18", "Echo: 18", "19", "Echo: 19"}));
        co_await third.stop();
      },
      {}, {.messages = 6, .pause = 20ms});
}

TEST(PostgresRooms, BoundTheTableInBytes) {
  with_two_servers(
      [](Two servers) -> tern::Task<void> {
        for (int i = 0; i < 20; ++i) co_await servers.one.say(std::string(994, 'x'));
        std::string bytes;
        // Each message has 1002 bytes with its sender's name, and each reply 1006: five have 5000 at least.
        while (bytes != "5022") {
          bytes = co_await in_database(servers.url, "SELECT sum(length(user_id) + length(content)) FROM chat_messages");
        }
      },
      {}, {.bytes = 5000, .pause = 20ms});
}

TEST(PostgresRooms, GoOnWhenAllConnectionsAreLost) {
  with_two_servers([](Two servers) -> tern::Task<void> {
    RoomServer::Listening here = co_await servers.one.listen();
    RoomServer::Listening there = co_await servers.other.listen();
    constexpr int kRounds = 5;
    Texts expected;
    for (int i = 0; i < kRounds; ++i) {
      co_await in_database(
          servers.url,
          "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND "
          "datname = current_database()");
      co_await servers.one.say(std::to_string(i));
      expected.push_back(std::to_string(i));
      expected.push_back("Echo: " + expected.back());
    }
    const Texts read_here = co_await RoomServer::read(here, 2 * kRounds);
    const Texts read_there = co_await RoomServer::read(there, 2 * kRounds);
    EXPECT_EQ(read_here, expected);
    EXPECT_EQ(read_there, expected);
  });
}

TEST(PostgresRooms, TellNewMessagesAfterTheDatabaseHasLostSome) {
  with_two_servers([](Two servers) -> tern::Task<void> {
    RoomServer::Listening listening = co_await servers.one.listen();
    co_await servers.one.say("one");
    const ChatMessage last = co_await servers.one.say("two");
    const Texts before = co_await RoomServer::read(listening, 4);
    EXPECT_EQ(before.size(), 4U);
    // As after the promotion of a replica that was behind; connections are lost then, too.
    co_await in_database(servers.url,
                         "UPDATE chat_rooms SET last_number = 2; DELETE FROM chat_messages WHERE number > 2; SELECT "
                         "pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND datname = "
                         "current_database()");
    const ChatMessage new_message = co_await servers.other.say("new");
    EXPECT_EQ(new_message.number(), 4);
    const Texts after = co_await RoomServer::read(listening, 2);
    EXPECT_EQ(after, (Texts{"new", "Echo: new"}));
    RoomServer::Listening late = co_await servers.one.listen(last.number() + 1000);
    EXPECT_EQ(servers.one.first_of_last_listener(), 5);
  });
}

TEST(PostgresRooms, NeedNoMoreThanTheseRights) {
  const auto body = [](std::string url) -> tern::Task<void> {
    const std::string owner = url;
    RoomServer founder{co_await ChatRoomService::open(postgres::Options{owner})};
    co_await in_database(
        owner,
        "DROP ROLE IF EXISTS chatter; CREATE ROLE chatter LOGIN; GRANT SELECT, INSERT ON chat_messages TO "
        "chatter; GRANT SELECT, UPDATE ON chat_rooms TO chatter");
    const std::string as_chatter = url.replace(url.find("tern@"), 4, "chatter");
    RoomServer server{co_await ChatRoomService::open(postgres::Options{as_chatter})};
    RoomServer::Listening listening = co_await founder.listen();
    co_await server.say("one");
    const Texts read = co_await RoomServer::read(listening, 2);
    EXPECT_EQ(read, (Texts{"one", "Echo: one"}));
    co_await server.stop();
    co_await founder.stop();
    co_await in_database(owner, "DROP OWNED BY chatter");
    std::string said;
    try {
      co_await ChatRoomService::open(postgres::Options{as_chatter});
    } catch (const postgres::Error& error) {
      said = error.what();
    }
    EXPECT_EQ(
        said,
        "the role chatter may not read the chat's tables: GRANT SELECT, INSERT, DELETE ON chat_messages TO chatter; "
        "GRANT SELECT, UPDATE ON chat_rooms TO chatter");
    co_await in_database(owner, "DROP ROLE chatter");
  };
  tern::block_on(body(new_database()));
}

}  // namespace
}  // namespace userchat

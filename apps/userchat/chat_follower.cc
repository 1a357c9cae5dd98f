#include "chat_follower.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <optional>
#include <string>
#include <utility>

#include "postgres_chat_store.h"

namespace userchat {

namespace {

using namespace std::chrono_literals;

// Between two looks at the table while notifications come.
constexpr std::chrono::milliseconds kSafetyPause{5'000};
// Behind a pooler, where none come.
constexpr std::chrono::milliseconds kPollingPause{200};
constexpr std::chrono::milliseconds kFirstPauseBeforeConnecting{50};
constexpr std::chrono::milliseconds kLongestPauseBeforeConnecting{1'000};
// A database that answers a short read so late hangs; another connection may lead to another server.
constexpr std::chrono::milliseconds kLongestReading{10'000};

}  // namespace

ChatFollower::ChatFollower(postgres::Options options, std::int64_t next, ChatFollowing following)
    : options_(std::move(options)),
      next_(next),
      following_(std::move(following)),
      loop_(tern::Loop::require_current("following the chat")) {
  options_.longest_silence = kLongestReading;
}

void ChatFollower::nudge() {
  loop_.post([nudged = nudged_] { nudged->set(); });
}

tern::Task<void> ChatFollower::run() {
  std::chrono::milliseconds pause = kFirstPauseBeforeConnecting;
  for (;;) {
    std::optional<postgres::Error> problem;
    try {
      co_await follow();
    } catch (const postgres::Error& error) {
      problem = error;
    }
    if (!std::exchange(away_, true)) {
      pause = kFirstPauseBeforeConnecting;
      spdlog::warn("the chat waits for the database: {}", problem->what());
    }
    co_await tern::sleep(pause);
    pause = std::min(2 * pause, kLongestPauseBeforeConnecting);
  }
}

/// Ends with an error only.
tern::Task<void> ChatFollower::follow() {
  const std::unique_ptr<postgres::Connection> connection = co_await postgres::Connection::open(options_, cancels_);
  const bool listens = !connection->pooled();
  // Before the first read: what is committed after that is notified of.
  if (listens) co_await connection->script("LISTEN userchat_chat");
  co_await look_for_lost_messages(*connection);
  say_how_it_stands(*connection);
  for (;;) {
    nudged_->clear();
    co_await read_on(*connection);
    if (listens) {
      const bool notified = co_await connection->wait_for_notification(kSafetyPause);
      if (!notified && !connection->lost()) co_await look_for_lost_messages(*connection);
    } else {
      co_await nudged_->wait(tern::Clock::now() + kPollingPause);
    }
    if (connection->lost()) {
      throw postgres::Error(postgres::kNoConnection, "the connection to the database was lost");
    }
  }
}

void ChatFollower::say_how_it_stands(const postgres::Connection& connection) {
  if (connection.pooled() && !std::exchange(told_of_pooler_, true)) {
    spdlog::warn("the database is behind a pooler, where sessions cannot LISTEN: the chat reads its table every {} ms",
                 kPollingPause.count());
  }
  if (std::exchange(away_, false)) spdlog::warn("the chat has the database again");
}

tern::Task<void> ChatFollower::read_on(postgres::Connection& connection) {
  for (;;) {
    std::string sql = sql_of_reading_chat(std::to_string(next_));
    const postgres::Result result = co_await connection.script(std::move(sql));
    std::vector<chat::v1::ChatMessage> messages = chat_messages_of(result);
    if (messages.empty()) co_return;
    next_ = messages.back().number() + 1;
    following_.messages(std::move(messages));
  }
}

tern::Task<void> ChatFollower::look_for_lost_messages(postgres::Connection& connection) {
  const postgres::Result result = co_await connection.script(kSqlOfLastChatNumber);
  const std::int64_t last = result.integer(0, 0);
  if (last + 1 >= next_) co_return;
  spdlog::warn("the database has lost chat messages: the last one is {}, and was {}", last, next_ - 1);
  next_ = last + 1;
  following_.restarted(next_);
}

}  // namespace userchat

#include "chat_follower.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <exception>
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
// To find the last one that the database still has, when it has lost some.
constexpr std::size_t kMostRemembered = 500;
// A database that answers a short read so late hangs; another connection may lead to another server.
constexpr std::chrono::milliseconds kLongestReading{10'000};

}  // namespace

ChatFollower::ChatFollower(postgres::Options options, std::int64_t next, ChatFollowing following)
    : options_(std::move(options)), next_(next), following_(std::move(following)) {
  options_.longest_silence = kLongestReading;
}

void ChatFollower::nudge() { nudged_.set(); }

tern::Task<void> ChatFollower::run() {
  std::chrono::milliseconds pause = kFirstPauseBeforeConnecting;
  for (;;) {
    std::string problem;
    try {
      co_await follow();
    } catch (const std::exception& error) {
      problem = error.what();
    }
    if (!std::exchange(away_, true)) {
      pause = kFirstPauseBeforeConnecting;
      spdlog::warn("the chat waits for the database: {}", problem);
    }
    co_await tern::sleep(pause);
    pause = std::min(2 * pause, kLongestPauseBeforeConnecting);
  }
}

/// Ends with an error only.
tern::Task<void> ChatFollower::follow() {
  const std::unique_ptr<postgres::Connection> connection = co_await postgres::Connection::open(options_, cancels_);
  const bool listens = !connection->pooled();
  // Before the first read, so that each later commit sends a notification.
  if (listens) co_await connection->script("LISTEN userchat_chat");
  co_await look_for_lost_messages(*connection);
  say_how_it_stands(*connection);
  for (;;) {
    nudged_.clear();
    co_await read_on(*connection);
    if (listens) {
      co_await connection->wait_for_notification(kSafetyPause);
    } else {
      co_await nudged_.wait(tern::Clock::now() + kPollingPause);
    }
    if (connection->lost()) {
      throw postgres::Error(postgres::kNoConnection, "the connection to the database was lost");
    }
    // A pooler may lead to another server by now.
    if (tern::Clock::now() > last_look_ + kSafetyPause) co_await look_for_lost_messages(*connection);
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
    for (const chat::v1::ChatMessage& message : messages) {
      if (message.number() != next_) newest_.clear();
      newest_.push_back({.number = message.number(), .timestamp = message.timestamp()});
      if (newest_.size() > kMostRemembered) newest_.pop_front();
      next_ = message.number() + 1;
    }
    following_.messages(std::move(messages));
  }
}

// A replica that is promoted may lack the last messages, and give their numbers to others before this server is
// connected again. So the last number alone does not tell.
tern::Task<void> ChatFollower::look_for_lost_messages(postgres::Connection& connection) {
  last_look_ = tern::Clock::now();
  const std::int64_t from = newest_.empty() ? next_ : newest_.front().number;
  std::string sql =
      fmt::format("SELECT number, timestamp FROM chat_messages WHERE number >= {} AND number < {} ORDER BY number DESC",
                  from, next_);
  const postgres::Result rows = co_await connection.script(std::move(sql));
  const postgres::Result counter = co_await connection.script(kSqlOfLastChatNumber);
  const std::int64_t last = counter.integer(0, 0);
  if (rows.rows() == 0) {
    // The table's limits have taken them.
    if (last >= next_ - 1) co_return;
    restart(std::min(from, last + 1));
    co_return;
  }
  for (std::size_t row = 0; row < rows.rows(); ++row) {
    const std::int64_t number = rows.integer(row, 0);
    if (newest_[static_cast<std::size_t>(number - from)].timestamp != rows.integer(row, 1)) continue;
    if (number + 1 < next_) restart(number + 1);
    co_return;
  }
  restart(from);
}

void ChatFollower::restart(std::int64_t next) {
  spdlog::warn("the database has lost {} chat messages, from number {} on", next_ - next, next);
  while (!newest_.empty() && newest_.back().number >= next) newest_.pop_back();
  next_ = next;
  following_.restarted(next);
}

}  // namespace userchat

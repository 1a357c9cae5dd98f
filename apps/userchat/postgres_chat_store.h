// The chat room's messages in a PostgreSQL database, numbered without gaps in the order in which they are committed.
//
// The table chat_rooms has one row for the room, with the last message's number. A transaction that stores messages
// first updates that row, and so holds its lock until it is committed: the next one gets its numbers only then. A
// reader that sees message n therefore sees all before n, and reading "all after n" misses none. A sequence would not
// do: a later number may be committed before an earlier one. The same transaction sends the notification (NOTIFY
// userchat_chat).
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "chat/v1/chat.pb.h"
#include "postgres/pools.h"

namespace userchat {

/// The table keeps the newest messages, at least as many as both limits allow. A server deletes older ones after each
/// pause.
struct ChatTableLimits {
  std::int64_t messages = 100'000;
  /// Of user ids and contents.
  std::int64_t bytes = std::int64_t{1024} * 1024 * 1024;
  std::chrono::milliseconds pause{60'000};
};

/// From any loop, unless a function says otherwise.
class PostgresChatStore {
 public:
  /// Connects once, and creates the tables if they are missing. Throws postgres::Error, which says which rights the
  /// role lacks.
  static tern::Task<std::unique_ptr<PostgresChatStore>> open(postgres::Options options);

  /// The number of the last message when the store was opened. 0 when there was none.
  [[nodiscard]] std::int64_t last_at_start() const noexcept { return last_at_start_; }

  /// Stores `message` and `reply`, one behind the other, and sets their numbers and timestamps when they are committed.
  /// Where a message with this message_id is stored already, nothing is stored again, and they get the numbers and
  /// timestamps of that time. Repeats itself when its answer was lost. Throws tern::AbortError: ALREADY_EXISTS when
  /// another message has this message_id, and as PostgresUserRepository does.
  tern::Task<void> say(chat::v1::ChatMessage& message, chat::v1::ChatMessage& reply);

  /// Returns messages from number `next` on, in order: one, and as many more as fit into 256 KiB. Empty when there are
  /// none. Throws postgres::Error.
  tern::Task<std::vector<chat::v1::ChatMessage>> read(std::int64_t next);

  /// Returns the number of the last message that is committed. Throws postgres::Error.
  tern::Task<std::int64_t> last();

  /// Deletes what exceeds the limits, again and again until it is cancelled, or the role turns out to have no right to.
  tern::Task<void> prune(ChatTableLimits limits);

  /// Before it is destroyed, when no call is under way.
  tern::Task<void> close() { return pools_.close(); }

 private:
  PostgresChatStore(postgres::Options options, std::int64_t last_at_start);
  tern::Task<postgres::Result> execute(std::size_t statement, std::vector<std::string> parameters);

  postgres::Pools pools_;
  std::int64_t last_at_start_;
};

/// The statement of PostgresChatStore::read, where `next` is SQL.
std::string sql_of_reading_chat(const std::string& next);
std::vector<chat::v1::ChatMessage> chat_messages_of(const postgres::Result& result);
inline constexpr const char* kSqlOfLastChatNumber =
    "SELECT coalesce((SELECT last_number FROM chat_rooms WHERE room = 1), 0)";

}  // namespace userchat

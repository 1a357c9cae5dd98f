#include "postgres_chat_store.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "postgres_status.h"
#include "tern/server/server_context.h"
#include "tern/telemetry/log_text.h"

namespace userchat {

using chat::v1::ChatMessage;

namespace {

// Of one loop. The users have connections of their own, so that slow statements of one do not hold up the other. More
// would only wait for the room's lock.
constexpr std::size_t kMostChatConnections = 2;

constexpr const char* kCreateChatTables =
    "BEGIN; SELECT pg_advisory_xact_lock(50051); "
    "CREATE TABLE IF NOT EXISTS chat_rooms (room smallint PRIMARY KEY, last_number bigint NOT NULL, total_bytes bigint "
    "NOT NULL); "
    "INSERT INTO chat_rooms VALUES (1, 0, 0) ON CONFLICT DO NOTHING; "
    "CREATE TABLE IF NOT EXISTS chat_messages (number bigint PRIMARY KEY, message_id text UNIQUE, user_id text NOT "
    "NULL, "
    "content text NOT NULL, timestamp bigint NOT NULL, total_bytes bigint NOT NULL); "
    "COMMIT";

// $1 to $3: the message's id, user and content. $4 and $5: the reply's user and content. A message that is being stored
// elsewhere at the same time is not known yet: then the unique message_id fails the statement (23505), which stores
// nothing. The database's clock is read under the row's lock, so that timestamps are in order, too.
constexpr const char* kSay =
    "WITH known AS (SELECT number, timestamp, user_id = $2::text AND content = $3::text AS same FROM chat_messages "
    "WHERE message_id = $1::text), "
    "counter AS (UPDATE chat_rooms SET last_number = last_number + 2, total_bytes = total_bytes + "
    "octet_length($2::text) + octet_length($3::text) + octet_length($4::text) + octet_length($5::text) "
    "WHERE room = 1 AND NOT EXISTS (SELECT FROM known) "
    "RETURNING last_number, total_bytes, (extract(epoch FROM clock_timestamp()) * 1000)::bigint AS now), "
    "stored AS (INSERT INTO chat_messages (number, message_id, user_id, content, timestamp, total_bytes) "
    "SELECT last_number - 1, $1::text, $2::text, $3::text, now, "
    "total_bytes - octet_length($4::text) - octet_length($5::text) FROM counter UNION ALL "
    "SELECT last_number, NULL, $4::text, $5::text, now, total_bytes FROM counter) "
    "SELECT number, timestamp, same FROM known UNION ALL "
    "SELECT last_number - 1, now, true FROM counter, pg_notify('userchat_chat', '')";

enum ChatStatements : std::size_t { kSayBoth, kReadOn, kLast, kPrune };
std::vector<postgres::Statement> chat_statements() {
  return {{.sql = kSay, .repeatable = true},
          {.sql = sql_of_reading_chat("$1::text::bigint"), .repeatable = true},
          {.sql = kSqlOfLastChatNumber, .repeatable = true},
          {.sql = "DELETE FROM chat_messages WHERE "
                  "number <= (SELECT last_number - $1::text::bigint FROM chat_rooms WHERE room = 1) OR "
                  "total_bytes <= (SELECT total_bytes - $2::text::bigint FROM chat_rooms WHERE room = 1)",
           .repeatable = true}};
}

struct ChatTables {
  bool complete = false;
  std::string role;
};

tern::Task<ChatTables> look_for_chat(postgres::Connection& connection) {
  const postgres::Result found = co_await connection.script(
      "SELECT to_regclass('chat_messages') IS NOT NULL AND to_regclass('chat_rooms') IS NOT NULL, "
      "quote_ident(current_user)");
  ChatTables tables;
  tables.complete = found.is_true(0, 0);
  tables.role = found.text(0, 1);
  co_return tables;
}

tern::Task<void> create_chat_tables(postgres::Connection& connection, const std::string& role) {
  std::optional<postgres::Error> problem;
  try {
    co_await connection.script(kCreateChatTables);
  } catch (const postgres::Error& error) {
    problem = error;
  }
  if (!problem) co_return;
  if (problem->sqlstate() != postgres::kNotAllowed) throw postgres::Error{*problem};
  throw postgres::Error(
      problem->sqlstate(),
      fmt::format("{}; the chat's tables are missing: start userchat once with a role that may create "
                  "tables, or GRANT CREATE ON SCHEMA public TO {}",
                  problem->what(), role));
}

/// Says at the start what the calls would fail with later.
tern::Task<void> check_chat_rights(postgres::Connection& connection, const std::string& role) {
  const postgres::Result rights = co_await connection.script(
      "SELECT has_table_privilege('chat_messages', 'SELECT') AND has_table_privilege('chat_rooms', 'SELECT'), "
      "has_table_privilege('chat_messages', 'INSERT') AND has_table_privilege('chat_rooms', 'UPDATE'), "
      "has_table_privilege('chat_messages', 'DELETE')");
  const std::string advice = fmt::format(
      "GRANT SELECT, INSERT, DELETE ON chat_messages TO {0}; GRANT SELECT, UPDATE ON chat_rooms TO {0}", role);
  if (!rights.is_true(0, 0)) {
    throw postgres::Error(postgres::kNotAllowed,
                          fmt::format("the role {} may not read the chat's tables: {}", role, advice));
  }
  if (!rights.is_true(0, 1)) {
    spdlog::warn("the role {} may not write to the chat's tables, so Say will fail: {}", role, advice);
  } else if (!rights.is_true(0, 2)) {
    spdlog::warn("the role {} may not delete chat messages, so the table chat_messages will grow: {}", role, advice);
  }
}

}  // namespace

// Messages of one page are next to each other by number. Without that bound the whole rest of the table would be looked
// at for each page.
std::string sql_of_reading_chat(const std::string& next) {
  return fmt::format(
      "WITH first AS (SELECT number, total_bytes FROM chat_messages WHERE number >= {} ORDER BY number LIMIT 1) "
      "SELECT message.number, message.user_id, message.content, message.timestamp, message.message_id "
      "FROM first, chat_messages message WHERE message.number >= first.number AND message.number < first.number + 500 "
      "AND message.total_bytes <= first.total_bytes + 262144 ORDER BY message.number",
      next);
}

std::vector<ChatMessage> chat_messages_of(const postgres::Result& result) {
  using tern::telemetry::valid_utf8;
  std::vector<ChatMessage> messages(result.rows());
  for (std::size_t row = 0; row < messages.size(); ++row) {
    ChatMessage& message = messages[row];
    message.set_number(result.integer(row, 0));
    message.set_user_id(valid_utf8(result.text(row, 1)));
    message.set_content(valid_utf8(result.text(row, 2)));
    message.set_timestamp(result.integer(row, 3));
    message.set_message_id(valid_utf8(result.text(row, 4)));
  }
  return messages;
}

tern::Task<std::unique_ptr<PostgresChatStore>> PostgresChatStore::open(postgres::Options options) {
  postgres::CancelRequests cancels;
  const std::unique_ptr<postgres::Connection> connection = co_await postgres::Connection::open(options, cancels);
  const ChatTables tables = co_await look_for_chat(*connection);
  if (!tables.complete) co_await create_chat_tables(*connection, tables.role);
  co_await check_chat_rights(*connection, tables.role);
  const postgres::Result last = co_await connection->script(kSqlOfLastChatNumber);
  options.connections = std::min(options.connections, kMostChatConnections);
  co_return std::unique_ptr<PostgresChatStore>{new PostgresChatStore{std::move(options), last.integer(0, 0)}};
}

PostgresChatStore::PostgresChatStore(postgres::Options options, std::int64_t last_at_start)
    : pools_(std::move(options), chat_statements()), last_at_start_(last_at_start) {}

tern::Task<postgres::Result> PostgresChatStore::execute(std::size_t statement, std::vector<std::string> parameters) {
  return pools_.here().execute(statement, std::move(parameters));
}

tern::Task<void> PostgresChatStore::say(ChatMessage& message, ChatMessage& reply) {
  const std::vector<std::string> parameters{message.message_id(), message.user_id(), message.content(), reply.user_id(),
                                            reply.content()};
  std::optional<postgres::Result> said;
  std::optional<postgres::Error> problem;
  // The second time the message that another call has stored meanwhile is known.
  for (int attempts = 0; !said && attempts < 3; ++attempts) {
    try {
      std::vector<std::string> copy = parameters;
      said.emplace(co_await execute(kSayBoth, std::move(copy)));
    } catch (const postgres::Error& error) {
      problem = error;
    }
    const bool again = !said && (problem->sqlstate() == "23505" || problem->sqlstate().starts_with("40"));
    if (!again) break;
  }
  if (!said) abort_for(*problem, "message");
  if (said->rows() == 0) {
    tern::ServerContext::abort(tern::StatusCode::kFailedPrecondition,
                               "the table chat_rooms has no row for the room: INSERT INTO chat_rooms VALUES (1, 0, 0)");
  }
  if (!said->is_true(0, 2)) {
    tern::ServerContext::abort(tern::StatusCode::kAlreadyExists, "another message has this message_id");
  }
  message.set_number(said->integer(0, 0));
  message.set_timestamp(said->integer(0, 1));
  reply.set_number(message.number() + 1);
  reply.set_timestamp(message.timestamp());
}

tern::Task<std::vector<ChatMessage>> PostgresChatStore::read(std::int64_t next) {
  std::vector<std::string> parameters{std::to_string(next)};
  const postgres::Result result = co_await execute(kReadOn, std::move(parameters));
  co_return chat_messages_of(result);
}

tern::Task<std::int64_t> PostgresChatStore::last() {
  const postgres::Result result = co_await execute(kLast, {});
  co_return result.integer(0, 0);
}

tern::Task<void> PostgresChatStore::prune(ChatTableLimits limits) {
  for (;;) {
    co_await tern::sleep(limits.pause);
    std::vector<std::string> parameters{std::to_string(limits.messages), std::to_string(limits.bytes)};
    bool allowed = true;
    try {
      co_await execute(kPrune, std::move(parameters));
    } catch (const postgres::Error& error) {
      allowed = error.sqlstate() != postgres::kNotAllowed;
      if (!is_temporary(error)) spdlog::warn("old chat messages were not deleted: {}", error.what());
    }
    if (!allowed) co_return;
  }
}

}  // namespace userchat

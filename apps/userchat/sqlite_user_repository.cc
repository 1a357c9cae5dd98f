#include "sqlite_user_repository.h"

#include <spdlog/spdlog.h>
#include <sqlite3.h>

#include <stdexcept>
#include <string_view>
#include <utility>

#include "tern/server/server_context.h"
#include "tern/telemetry/log_text.h"

namespace userchat {

namespace {

// Another process may hold the database for a moment.
constexpr int kBusyMilliseconds = 5000;

User read_user(sqlite3_stmt* row) {
  const auto text = [row](int column) {
    const auto* bytes = reinterpret_cast<const char*>(sqlite3_column_text(row, column));
    // A database file holds what other programs stored.
    return tern::telemetry::valid_utf8({bytes, static_cast<std::size_t>(sqlite3_column_bytes(row, column))});
  };
  User user;
  user.set_id(sqlite3_column_int64(row, 0));
  user.set_name(text(1));
  user.set_email(text(2));
  user.set_status(static_cast<user::v1::UserStatus>(sqlite3_column_int(row, 3)));
  return user;
}

void bind_text(sqlite3_stmt* statement, int index, const std::string& text) {
  sqlite3_bind_text64(statement, index, text.data(), text.size(), SQLITE_STATIC, SQLITE_UTF8);
}

}  // namespace

void SqliteUserRepository::Closer::operator()(sqlite3* database) const noexcept { sqlite3_close(database); }
void SqliteUserRepository::Closer::operator()(sqlite3_stmt* statement) const noexcept { sqlite3_finalize(statement); }

class SqliteUserRepository::Connection {
 public:
  explicit Connection(std::string path) : path_(std::move(path)) {
    sqlite3* opened = nullptr;
    const int result = sqlite3_open_v2(path_.c_str(), &opened,
                                       SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX, nullptr);
    database_.reset(opened);
    if (result != SQLITE_OK) fail("cannot open it");
    sqlite3_busy_timeout(opened, kBusyMilliseconds);
  }

  void execute(const char* sql) {
    if (sqlite3_exec(database_.get(), sql, nullptr, nullptr, nullptr) != SQLITE_OK) fail(sql);
  }

  /// The first column of the first row; empty without a row.
  std::string ask(const char* sql) {
    const Statement statement = prepare(sql);
    const int result = sqlite3_step(statement.get());
    if (result == SQLITE_DONE) return "";
    if (result != SQLITE_ROW) fail(sql);
    const auto* text = reinterpret_cast<const char*>(sqlite3_column_text(statement.get(), 0));
    return text != nullptr ? text : "";
  }

  Statement prepare(const char* sql) {
    sqlite3_stmt* statement = nullptr;
    if (sqlite3_prepare_v3(database_.get(), sql, -1, SQLITE_PREPARE_PERSISTENT, &statement, nullptr) != SQLITE_OK) {
      fail(sql);
    }
    return Statement{statement};
  }

  /// While it is opened: for whoever starts the program.
  [[noreturn]] void fail(const char* doing) const {
    throw std::runtime_error("database " + path_ + ": " + doing + ": " + sqlite3_errmsg(database_.get()));
  }

  /// Later: for the client, as a status.
  [[noreturn]] void refuse(const char* doing) const;

  std::mutex& mutex() noexcept { return mutex_; }

 private:
  std::string path_;
  std::mutex mutex_;
  std::unique_ptr<sqlite3, Closer> database_;
};

/// One execution of a prepared statement, as long as which nobody else uses its connection.
class SqliteUserRepository::Use {
 public:
  Use(Connection& connection, const Statement& statement)
      : connection_(connection), lock_(connection.mutex()), statement_(statement.get()) {}
  Use(const Use&) = delete;
  Use& operator=(const Use&) = delete;
  ~Use() {
    sqlite3_reset(statement_);
    sqlite3_clear_bindings(statement_);
  }
  /// Whether there is another row.
  bool step(const char* doing) {
    const int result = sqlite3_step(statement_);
    if (result != SQLITE_ROW && result != SQLITE_DONE) connection_.refuse(doing);
    return result == SQLITE_ROW;
  }
  [[nodiscard]] sqlite3_stmt* get() const { return statement_; }

 private:
  Connection& connection_;
  std::lock_guard<std::mutex> lock_;
  sqlite3_stmt* statement_;
};

SqliteUserRepository::SqliteUserRepository(std::string path)
    : path_(std::move(path)), writing_(std::make_unique<Connection>(path_)) {
  set_up_log();
  create_table();
  if (writing_->ask("SELECT file FROM pragma_database_list WHERE name = 'main'").empty()) {
    reading_ = writing_.get();
  } else {
    own_reading_ = std::make_unique<Connection>(path_);
    reading_ = own_reading_.get();
    reading_->execute("PRAGMA query_only = ON");
  }
  find_ = reading_->prepare("SELECT id, name, email, status FROM users WHERE id = ?1");
  list_ = reading_->prepare("SELECT id, name, email, status FROM users WHERE id > ?1 ORDER BY id LIMIT ?2");
}

SqliteUserRepository::~SqliteUserRepository() = default;

// Asked first: to change the mode, nobody else may have the database open.
void SqliteUserRepository::set_up_log() {
  std::string mode = writing_->ask("PRAGMA journal_mode");
  if (mode != "wal") mode = writing_->ask("PRAGMA journal_mode = WAL");
  if (mode != "wal" && mode != "memory") {
    spdlog::warn("database {}: no write-ahead log here (journal_mode is {}), so reads wait for writes", path_, mode);
  }
  writing_->execute("PRAGMA synchronous = FULL");
}

void SqliteUserRepository::create_table() {
  constexpr const char* kInsert =
      "INSERT INTO users (name, email, status) VALUES (?1, ?2, 1) RETURNING id, name, email, status";
  constexpr const char* kHasTable = "SELECT 1 FROM sqlite_schema WHERE type IN ('table', 'view') AND name = 'users'";
  if (writing_->ask(kHasTable).empty()) {
    writing_->execute("BEGIN IMMEDIATE");
    // Another process may have been first.
    if (writing_->ask(kHasTable).empty()) {
      writing_->execute(
          "CREATE TABLE users (id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL, email TEXT NOT NULL, "
          "status INTEGER NOT NULL)");
      create_ = writing_->prepare(kInsert);
      for (const User& user : sample_users()) create(user.name(), user.email());
    }
    writing_->execute("COMMIT");
  }
  if (!create_) create_ = writing_->prepare(kInsert);
}

std::optional<User> SqliteUserRepository::find(std::int64_t id) {
  Use statement{*reading_, find_};
  sqlite3_bind_int64(statement.get(), 1, id);
  if (!statement.step("cannot read a user")) return std::nullopt;
  return read_user(statement.get());
}

std::vector<User> SqliteUserRepository::list(std::int64_t after, std::int64_t limit) {
  Use statement{*reading_, list_};
  sqlite3_bind_int64(statement.get(), 1, after);
  sqlite3_bind_int64(statement.get(), 2, limit > 0 ? limit : -1);
  std::vector<User> users;
  while (statement.step("cannot list the users")) users.push_back(read_user(statement.get()));
  return users;
}

User SqliteUserRepository::create(const std::string& name, const std::string& email) {
  Use statement{*writing_, create_};
  bind_text(statement.get(), 1, name);
  bind_text(statement.get(), 2, email);
  statement.step("cannot store a user");
  User user = read_user(statement.get());
  // The row is committed when the statement has run to its end.
  while (statement.step("cannot store a user")) {
  }
  return user;
}

// SQLite's own words are for the log.
void SqliteUserRepository::Connection::refuse(const char* doing) const {
  spdlog::warn("database {}: {}: {}", path_, doing, sqlite3_errmsg(database_.get()));
  constexpr int kPrimary = 0xff;
  switch (sqlite3_errcode(database_.get()) & kPrimary) {
    case SQLITE_FULL:
      tern::ServerContext::abort(tern::StatusCode::kResourceExhausted,
                                 "the database's disk is full: nothing was stored");
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      tern::ServerContext::abort(tern::StatusCode::kUnavailable, "the database is busy: nothing was stored");
    case SQLITE_IOERR:
      tern::ServerContext::abort(tern::StatusCode::kUnknown,
                                 "the database's disk failed: what was to be stored may be there, or not");
    case SQLITE_READONLY:
      tern::ServerContext::abort(tern::StatusCode::kUnavailable,
                                 "the database accepts no writes now: nothing was stored");
    default:
      tern::ServerContext::abort(tern::StatusCode::kInternal, "the database refused");
  }
}

}  // namespace userchat

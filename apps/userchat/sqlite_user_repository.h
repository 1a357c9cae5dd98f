// Users in an SQLite database.
#pragma once

#include <memory>
#include <string>

#include "user_repository.h"

struct sqlite3;
struct sqlite3_stmt;

namespace userchat {

/// Two connections, one for reading and one for writing, each used by one thread at a time: a read does not wait while
/// another process writes, nor while this one waits for that. Write-ahead log, synced at each commit: what create()
/// returned survives the process and the power.
class SqliteUserRepository final : public BlockingUserRepository {
 public:
  /// Opens `path` (":memory:" too, on one connection), creating the table and the sample users in a new database. A
  /// database that has the table is opened without a write. Throws std::runtime_error that says what is wrong with the
  /// file.
  explicit SqliteUserRepository(std::string path);
  SqliteUserRepository(const SqliteUserRepository&) = delete;
  SqliteUserRepository& operator=(const SqliteUserRepository&) = delete;
  ~SqliteUserRepository() override;

  std::optional<User> find(std::int64_t id) override;
  std::vector<User> list(std::int64_t after, std::int64_t limit) override;
  User create(const std::string& name, const std::string& email) override;

 private:
  struct Closer {
    void operator()(sqlite3* database) const noexcept;
    void operator()(sqlite3_stmt* statement) const noexcept;
  };
  using Statement = std::unique_ptr<sqlite3_stmt, Closer>;
  class Connection;
  class Use;

  void set_up_log();
  void create_table();

  std::string path_;
  std::unique_ptr<Connection> writing_;
  std::unique_ptr<Connection> own_reading_;  // null where the database is in memory, and its connection's alone
  Connection* reading_ = nullptr;
  Statement find_;    // on reading_
  Statement list_;    // on reading_
  Statement create_;  // on writing_
};

}  // namespace userchat

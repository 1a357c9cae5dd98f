// Users in an SQLite database.
#pragma once

#include <memory>
#include <mutex>
#include <string>

#include "user_repository.h"

struct sqlite3;
struct sqlite3_stmt;

namespace userchat {

/// One connection, used by one thread at a time. Write-ahead log, synced at each commit: what create() returned
/// survives the process and the power.
class SqliteUserRepository final : public BlockingUserRepository {
 public:
  /// Opens `path` (":memory:" too), creating the table and the sample users in a new database. Throws
  /// std::runtime_error that says what is wrong with the file.
  explicit SqliteUserRepository(std::string path);
  SqliteUserRepository(const SqliteUserRepository&) = delete;
  SqliteUserRepository& operator=(const SqliteUserRepository&) = delete;
  ~SqliteUserRepository() override;

  std::optional<User> find(std::int64_t id) override;
  std::vector<User> list(std::int64_t limit) override;
  User create(const std::string& name, const std::string& email) override;

 private:
  struct Closer {
    void operator()(sqlite3* database) const noexcept;
    void operator()(sqlite3_stmt* statement) const noexcept;
  };
  using Statement = std::unique_ptr<sqlite3_stmt, Closer>;
  class Use;

  void execute(const char* sql);
  Statement prepare(const char* sql);
  /// While it is opened: for whoever starts the program.
  [[noreturn]] void fail(const char* doing) const;
  /// Later: for the client, as a status.
  [[noreturn]] void refuse(const char* doing) const;

  std::string path_;
  std::mutex mutex_;
  std::unique_ptr<sqlite3, Closer> database_;
  Statement find_;
  Statement list_;
  Statement create_;
};

}  // namespace userchat

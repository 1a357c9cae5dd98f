// Users in a PostgreSQL database, which several processes may share.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "postgres/pools.h"
#include "user_repository.h"

namespace userchat {

/// From any loop: each has a pool of its own, made at its first call. What create() returned is committed.
class PostgresUserRepository final : public UserRepository {
 public:
  /// Connects once, and creates or upgrades the tables; of several processes that start together one does it. Where the
  /// tables are there, a role that may SELECT and INSERT is enough, and nothing is written. Throws postgres::Error.
  static tern::Task<std::unique_ptr<PostgresUserRepository>> open(postgres::Options options);

  /// Ends the pools, each on its loop. Before it is destroyed, when no call is under way.
  tern::Task<void> close();

  tern::Task<std::optional<User>> find(std::int64_t id) override;
  tern::Task<std::vector<User>> list(std::int64_t after, std::int64_t limit) override;
  tern::Task<User> create(std::string name, std::string email) override;

 private:
  explicit PostgresUserRepository(postgres::Options options);
  /// Errors become statuses of gRPC.
  tern::Task<postgres::Result> execute(std::size_t statement, std::vector<std::string> parameters);

  postgres::Pools pools_;
};

/// The same for plain threads, on a loop of its own.
std::unique_ptr<BlockingUserRepository> open_blocking_postgres(postgres::Options options);

}  // namespace userchat

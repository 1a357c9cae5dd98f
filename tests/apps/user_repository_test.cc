// The stores of the application: one set of tests for all.
#include "user_repository.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <array>
#include <filesystem>
#include <fstream>
#include <functional>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "memory_user_repository.h"
#include "postgres_database.h"
#include "postgres_user_repository.h"
#include "sqlite_user_repository.h"
#include "tern/tern.h"

namespace userchat {
namespace {

using Make = std::function<std::unique_ptr<BlockingUserRepository>()>;

class Repository : public ::testing::TestWithParam<Make> {
 protected:
  std::unique_ptr<BlockingUserRepository> users = GetParam()();
};

TEST_P(Repository, BeginsWithTheSampleUsers) {
  const std::vector<User> all = users->list(0, 0);
  ASSERT_EQ(all.size(), 2U);
  EXPECT_EQ(all[0].name(), "홍길동");
  EXPECT_EQ(all[0].email(), "hong@example.com");
  EXPECT_EQ(all[1].id(), 2);
  EXPECT_EQ(all[1].name(), "김철수");
  EXPECT_EQ(all[1].status(), user::v1::USER_STATUS_ACTIVE);
}

TEST_P(Repository, FindsWhatIsThere) {
  EXPECT_EQ(users->find(1)->name(), "홍길동");
  for (const std::int64_t id : {0L, 3L, -1L, INT64_MAX, INT64_MIN}) EXPECT_FALSE(users->find(id)) << id;
}

TEST_P(Repository, CreatesWithIdsThatCountUp) {
  const std::string odd = "박지민'; DROP TABLE users; --\0tail";
  const User created = users->create(odd, "park@example.com");
  EXPECT_EQ(created.id(), 3);
  EXPECT_EQ(created.name(), odd);
  EXPECT_EQ(created.status(), user::v1::USER_STATUS_ACTIVE);
  EXPECT_EQ(users->create("b", "b@example.com").id(), 4);
  EXPECT_EQ(users->find(3)->name(), odd);
  EXPECT_EQ(users->list(0, 0).size(), 4U);
}

TEST_P(Repository, ListsAtMostSoMany) {
  EXPECT_EQ(users->list(0, 1).size(), 1U);
  EXPECT_EQ(users->list(0, 100).size(), 2U);
  EXPECT_EQ(users->list(0, -5).size(), 2U);
}

TEST_P(Repository, ListsFromAnIdOn) {
  ASSERT_EQ(users->list(1, 0).size(), 1U);
  EXPECT_EQ(users->list(1, 5).front().id(), 2);
  EXPECT_TRUE(users->list(2, 0).empty());
  EXPECT_TRUE(users->list(INT64_MAX, 1).empty());
  EXPECT_EQ(users->list(INT64_MIN, 1).front().id(), 1);
}

TEST_P(Repository, IsUsedFromSeveralThreads) {
  {
    std::vector<std::jthread> threads;
    for (int t = 0; t < 4; ++t) {
      threads.emplace_back([this] {
        for (int i = 0; i < 50; ++i) EXPECT_TRUE(users->find(users->create("n", "e").id()));
      });
    }
  }
  EXPECT_EQ(users->list(0, 0).size(), 202U);
}

std::unique_ptr<BlockingUserRepository> make_memory() { return std::make_unique<MemoryUserRepository>(); }
std::unique_ptr<BlockingUserRepository> make_sqlite() { return std::make_unique<SqliteUserRepository>(":memory:"); }

/// A database of its own on the cluster that with_postgres.py has started.
std::unique_ptr<BlockingUserRepository> make_postgres() {
  return open_blocking_postgres(postgres::Options{new_database()});
}

std::string name_of_store(const ::testing::TestParamInfo<Make>& store) {
  return std::array{"Memory", "Sqlite", "Postgres"}.at(store.index);
}

INSTANTIATE_TEST_SUITE_P(Stores, Repository, ::testing::Values(make_memory, make_sqlite, make_postgres), name_of_store);

TEST(AwaitableRepository, IsTheSameForCoroutines) {
  MemoryUserRepository memory;
  SqliteUserRepository sqlite{":memory:"};
  const auto body = [](UserRepository& users) -> tern::Task<void> {
    const User created = co_await users.create("박지민", "park@example.com");
    const std::optional<User> found = co_await users.find(created.id());
    EXPECT_TRUE(found && found->name() == "박지민");
    const std::vector<User> all = co_await users.list(0, 0);
    EXPECT_EQ(all.size(), 3U);
  };
  tern::block_on(body(*inline_repository(memory)));
  tern::block_on(body(*executor_repository(sqlite)));
}

TEST(Sqlite, KeepsUsersInItsFile) {
  const std::filesystem::path path = ::testing::TempDir() + "tern_users_" + std::to_string(getpid()) + ".db";
  {
    SqliteUserRepository users{path.string()};
    users.create("박지민", "park@example.com");
  }
  {
    SqliteUserRepository users{path.string()};
    EXPECT_EQ(users.find(3)->name(), "박지민");
    EXPECT_EQ(users.list(0, 0).size(), 3U) << "the sample users are not added again";
  }
  std::filesystem::remove(path);
}

TEST(Sqlite, SaysWhatIsWrongWithItsFile) {
  try {
    const SqliteUserRepository users{"/no/such/folder/users.db"};
    FAIL();
  } catch (const std::runtime_error& error) {
    EXPECT_EQ(std::string{error.what()},
              "database /no/such/folder/users.db: cannot open it: unable to open database file");
  }
  const std::filesystem::path path = ::testing::TempDir() + "tern_nodb_" + std::to_string(getpid());
  std::ofstream{path} << "this is not a database, but a text that is long enough to look at";
  EXPECT_THROW(SqliteUserRepository{path.string()}, std::runtime_error);
  std::filesystem::remove(path);
}

}  // namespace
}  // namespace userchat

// What is PostgreSQL's alone: several processes, lost connections, cancellation, many calls on few connections.
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <string>
#include <vector>

#include "postgres/pool.h"
#include "postgres_database.h"
#include "postgres_user_repository.h"
#include "support/fault_proxy.h"
#include "tern/tern.h"

namespace userchat {
namespace {

using namespace std::chrono_literals;
using postgres::Error;
using postgres::Pool;
using postgres::Result;

enum Statements : std::size_t { kSleep, kEcho, kKillOthers, kInsert, kCount, kRunning };

std::vector<postgres::Statement> statements() {
  return {
      {.sql = "SELECT pg_sleep($1::text::float8)", .repeatable = true},
      {.sql = "SELECT $1::text", .repeatable = true},
      {.sql = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND datname "
              "= current_database()"},
      {.sql = "INSERT INTO numbers SELECT $1::text::bigint FROM pg_sleep($2::text::float8)"},
      {.sql = "SELECT count(*) FROM numbers", .repeatable = true},
      {.sql = "SELECT count(*) FROM pg_stat_activity WHERE state = 'active' AND query LIKE '%pg_sleep%' AND pid <> "
              "pg_backend_pid()"}};
}

tern::Task<void> make_numbers(const std::string& url) {
  postgres::CancelRequests cancels;
  const auto connection = co_await postgres::Connection::open(postgres::Options{url}, cancels);
  co_await connection->script("CREATE TABLE numbers (number bigint)");
}

class PostgresPool : public ::testing::Test {
 protected:
  /// Runs body(pool) on a loop.
  template <class Body>
  void with_pool(std::size_t connections, Body body) {
    const auto run = [](std::string url, std::size_t its_connections, Body its_body) -> tern::Task<void> {
      co_await make_numbers(url);
      postgres::Options options{url};
      options.connections = its_connections;
      options.patience = 5s;
      Pool pool{std::move(options), statements()};
      co_await its_body(pool);
    };
    tern::block_on(run(new_database(), connections, body));
  }

  static tern::Task<std::string> sqlstate_of(Pool& pool, std::size_t statement, std::vector<std::string> parameters) {
    try {
      co_await pool.execute(statement, std::move(parameters));
    } catch (const Error& error) {
      co_return error.sqlstate();
    }
    co_return "";
  }
  static tern::Task<std::int64_t> number(Pool& pool, std::size_t statement) {
    const Result result = co_await pool.execute(statement, {});
    co_return result.integer(0, 0);
  }
};

TEST_F(PostgresPool, AnswersEachItsOwn) {
  with_pool(3, [](Pool& pool) -> tern::Task<void> {
    tern::TaskGroup group;
    const auto echo = [](Pool& its_pool, int i) -> tern::Task<void> {
      std::vector<std::string> parameters{std::to_string(i)};
      const Result result = co_await its_pool.execute(kEcho, std::move(parameters));
      EXPECT_EQ(result.text(0, 0), std::to_string(i));
    };
    for (int i = 0; i < 500; ++i) group.spawn(echo(pool, i));
    co_await group.join();
  });
}

TEST_F(PostgresPool, AnErrorIsItsStatementsAlone) {
  with_pool(1, [](Pool& pool) -> tern::Task<void> {
    tern::TaskGroup group;
    const auto check = [](Pool& its_pool, std::string text, std::string expected) -> tern::Task<void> {
      std::vector<std::string> parameters;
      parameters.push_back(std::move(text));
      const std::string state = co_await sqlstate_of(its_pool, kSleep, std::move(parameters));
      EXPECT_EQ(state, expected);
    };
    for (int i = 0; i < 10; ++i) group.spawn(check(pool, i % 2 == 0 ? "0" : "no number", i % 2 == 0 ? "" : "22P02"));
    const std::string zero_byte{"\0", 1};
    group.spawn(check(pool, zero_byte, postgres::kNoText));
    co_await group.join();
  });
}

TEST_F(PostgresPool, AConnectionThatIsLostIsOpenedAgain) {
  with_pool(2, [](Pool& pool) -> tern::Task<void> {
    for (int i = 0; i < 5; ++i) {
      co_await pool.execute(kKillOthers, {});
      std::vector<std::string> parameters{"hello"};
      const Result result = co_await pool.execute(kEcho, std::move(parameters));
      EXPECT_EQ(result.text(0, 0), "hello");
    }
  });
}

TEST_F(PostgresPool, WhatWasLostUnderWayIsRepeatedOrSaidToBeUnknown) {
  with_pool(3, [](Pool& pool) -> tern::Task<void> {
    std::string insert_state;
    std::string sleep_state;
    tern::TaskGroup group;
    const auto insert = [](Pool& its_pool, std::string& state) -> tern::Task<void> {
      std::vector<std::string> parameters{"1", "1"};
      state = co_await sqlstate_of(its_pool, kInsert, std::move(parameters));
    };
    const auto sleep = [](Pool& its_pool, std::string& state) -> tern::Task<void> {
      std::vector<std::string> parameters{"1"};
      state = co_await sqlstate_of(its_pool, kSleep, std::move(parameters));
    };
    group.spawn(insert(pool, insert_state));
    group.spawn(sleep(pool, sleep_state));
    while (co_await number(pool, kRunning) < 2) co_await tern::sleep(10ms);
    co_await pool.execute(kKillOthers, {});
    co_await group.join();
    EXPECT_EQ(sleep_state, "");
    EXPECT_NE(insert_state, "") << "nobody may take it for stored";
    const std::int64_t stored = co_await number(pool, kCount);
    EXPECT_EQ(stored, 0);
  });
}

TEST_F(PostgresPool, ACancelledCallStopsItsStatement) {
  with_pool(2, [](Pool& pool) -> tern::Task<void> {
    const auto forever = [](Pool& its_pool) -> tern::Task<void> {
      std::vector<std::string> parameters{"1000"};
      co_await its_pool.execute(kSleep, std::move(parameters));
    };
    bool timed_out = false;
    try {
      co_await tern::with_timeout(200ms, forever(pool));
    } catch (const tern::TimedOut&) {
      timed_out = true;
    }
    EXPECT_TRUE(timed_out);
    while (co_await number(pool, kRunning) > 0) co_await tern::sleep(10ms);
  });
}

// Their answers come on the same connection as that of a call that is cancelled.
TEST_F(PostgresPool, ACancellationHarmsNobodyElse) {
  with_pool(1, [](Pool& pool) -> tern::Task<void> {
    tern::TaskGroup group;
    int answered = 0;
    const auto brief = [](Pool& its_pool, int& its_answered) -> tern::Task<void> {
      std::vector<std::string> parameters{"0.005"};
      const std::string state = co_await sqlstate_of(its_pool, kSleep, std::move(parameters));
      EXPECT_EQ(state, "");
      ++its_answered;
    };
    const auto cancelled = [](Pool& its_pool, std::chrono::milliseconds when) -> tern::Task<void> {
      std::vector<std::string> parameters{"0.02"};
      try {
        co_await tern::with_timeout(when, sqlstate_of(its_pool, kSleep, std::move(parameters)));
      } catch (const tern::TimedOut&) {
      }
    };
    for (int i = 0; i < 60; ++i) {
      group.spawn(brief(pool, answered));
      group.spawn(cancelled(pool, std::chrono::milliseconds{5 * i}));
    }
    co_await group.join();
    EXPECT_EQ(answered, 60);
  });
}

TEST_F(PostgresPool, ADatabaseThatHangsIsGivenUp) {
  const auto run = [](std::string url) -> tern::Task<void> {
    co_await make_numbers(url);
    const std::size_t port_at = url.rfind(':') + 1;
    const std::size_t port_end = url.find('/', port_at);
    tern::test::FaultProxy proxy{static_cast<std::uint16_t>(std::stoi(url.substr(port_at, port_end - port_at)))};
    postgres::Options options{url.replace(port_at, port_end - port_at, std::to_string(proxy.port()))};
    options.connections = 1;
    options.longest_silence = 200ms;
    // It hangs after the answer to the first statement: to the second none comes, to the third another connection.
    Pool healthy{options, statements()};
    const std::int64_t none = co_await number(healthy, kCount);
    EXPECT_EQ(none, 0);
    proxy.to_client = {.kind = tern::test::Fault::Kind::kHang, .after = proxy.passed_to_client()};
    Pool pool{std::move(options), statements()};
    const std::int64_t still_none = co_await number(pool, kCount);
    EXPECT_EQ(still_none, 0);
    std::vector<std::string> parameters{"1", "0"};
    const std::string state = co_await sqlstate_of(pool, kInsert, std::move(parameters));
    EXPECT_EQ(state, postgres::kOutcomeUnknown);
    const std::int64_t there = co_await number(pool, kCount);
    EXPECT_LE(there, 1);
  };
  tern::block_on(run(new_database()));
}

TEST_F(PostgresPool, ADatabaseThatIsNotThereIsSaidToBe) {
  const auto body = []() -> tern::Task<std::string> {
    postgres::Options options{"postgresql://tern@127.0.0.1:1/none"};
    options.patience = 100ms;
    Pool pool{std::move(options), statements()};
    std::vector<std::string> parameters{"hello"};
    co_return co_await sqlstate_of(pool, kEcho, std::move(parameters));
  };
  EXPECT_EQ(tern::block_on(body()), postgres::kNoConnection);
}

TEST(PostgresUsers, SeveralProcessesMayStartTogether) {
  const auto body = [](std::string url) -> tern::Task<void> {
    std::vector<std::unique_ptr<PostgresUserRepository>> all(4);
    tern::TaskGroup group;
    const auto open = [](std::string its_url, std::unique_ptr<PostgresUserRepository>& to) -> tern::Task<void> {
      to = co_await PostgresUserRepository::open(postgres::Options{its_url});
    };
    for (auto& one : all) group.spawn(open(url, one));
    co_await group.join();
    for (std::size_t i = 0; i < all.size(); ++i) {
      const User created = co_await all[i]->create("name", "mail@example.com");
      const std::vector<User> users = co_await all[all.size() - 1 - i]->list(0, 0);
      EXPECT_EQ(users.size(), 3 + i) << "two at first, once";
      EXPECT_EQ(users.back().id(), created.id());
    }
    for (auto& one : all) co_await one->close();
  };
  tern::block_on(body(new_database()));
}

TEST(PostgresUsers, AreReachedFromEachLoop) {
  const auto body = [](std::string url) -> tern::Task<void> {
    const std::unique_ptr<PostgresUserRepository> users =
        co_await PostgresUserRepository::open(postgres::Options{std::move(url)});
    std::atomic<int> found = 0;
    const auto find = [](PostgresUserRepository& its_users, std::atomic<int>& its_found) -> tern::Task<void> {
      const std::optional<User> user = co_await its_users.find(2);
      if (user && user->id() == 2) ++its_found;
    };
    tern::Loop& here = tern::Loop::require_current("the test");
    for (tern::Loop* loop : here.siblings()) {
      if (loop == &here) continue;
      co_await tern::run_in_executor([&] { tern::block_on_loop(*loop, find(*users, found)); });
    }
    EXPECT_EQ(found, 2);
    co_await users->close();
  };
  tern::block_on(body(new_database()), {.threads = 3});
}

}  // namespace
}  // namespace userchat

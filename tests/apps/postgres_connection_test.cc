// PostgreSQL as people run it: roles with few rights, several servers, other encodings, options in the URL.
#include "postgres/connection.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <boost/asio/ip/tcp.hpp>
#include <chrono>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "postgres/pool.h"
#include "postgres_database.h"
#include "postgres_user_repository.h"
#include "tern/tern.h"

namespace userchat {
namespace {

using namespace std::chrono_literals;
using postgres::Connection;
using postgres::Options;

/// Runs `sql` as the superuser; the last result's first value.
tern::Task<std::string> run_sql(std::string url, std::string sql) {
  postgres::CancelRequests cancels;
  const std::unique_ptr<Connection> connection = co_await Connection::open(Options{std::move(url)}, cancels);
  const postgres::Result result = co_await connection->script(std::move(sql));
  co_return result.rows() > 0 ? std::string{result.text(0, 0)} : std::string{};
}

std::string ask(const std::string& url, const std::string& sql) { return tern::block_on(run_sql(url, sql)); }

/// `url` with another user.
std::string as_role(std::string url, const std::string& role) { return url.replace(url.find("tern@"), 4, role); }

/// `url` with other hosts in place of 127.0.0.1:PORT.
std::string with_hosts(std::string url, const std::string& hosts) {
  const std::size_t begin = url.find('@') + 1;
  return url.replace(begin, url.rfind('/') - begin, hosts);
}

std::string host_of(const std::string& url) {
  const std::size_t begin = url.find('@') + 1;
  return url.substr(begin, url.rfind('/') - begin);
}

tern::Task<std::optional<std::string>> problem_of_opening(std::string url) {
  std::unique_ptr<PostgresUserRepository> users;
  try {
    users = co_await PostgresUserRepository::open(Options{std::move(url)});
  } catch (const postgres::Error& error) {
    co_return error.what();
  }
  co_await users->close();
  co_return std::nullopt;
}

/// Creates one user and reads all, by a repository of its own.
tern::Task<std::vector<User>> use(std::string url, std::string name) {
  const std::unique_ptr<PostgresUserRepository> users = co_await PostgresUserRepository::open(Options{std::move(url)});
  co_await users->create(std::move(name), "mail@example.com");
  std::vector<User> all = co_await users->list(0, 0);
  co_await users->close();
  co_return all;
}

TEST(PostgresRoles, NeedNoMoreThanSelectAndInsertOnExistingTables) {
  const std::string url = new_database();
  EXPECT_EQ(tern::block_on(use(url, "owner")).size(), 3U);
  ask(url, "DROP ROLE IF EXISTS clerk; CREATE ROLE clerk LOGIN; GRANT SELECT, INSERT ON users TO clerk");
  EXPECT_EQ(tern::block_on(use(as_role(url, "clerk"), "clerk")).size(), 4U);
  ask(url, "DROP OWNED BY clerk; DROP ROLE clerk");
}

TEST(PostgresRoles, MayCreateTheTablesInADatabaseOfTheirOwn) {
  const std::string url = new_database();
  ask(url, "DROP ROLE IF EXISTS founder; CREATE ROLE founder LOGIN; GRANT CREATE ON SCHEMA public TO founder");
  EXPECT_EQ(tern::block_on(use(as_role(url, "founder"), "founder")).size(), 3U);
  ask(url, "DROP OWNED BY founder; DROP ROLE founder");
}

TEST(PostgresRoles, AreToldWhichRightsTheyLack) {
  const std::string url = new_database();
  ask(url, "DROP ROLE IF EXISTS visitor; CREATE ROLE visitor LOGIN");
  const std::string visitor = as_role(url, "visitor");
  EXPECT_NE(tern::block_on(problem_of_opening(visitor)).value().find("GRANT CREATE ON SCHEMA public TO visitor"),
            std::string::npos);
  EXPECT_EQ(tern::block_on(use(url, "owner")).size(), 3U);
  EXPECT_EQ(tern::block_on(problem_of_opening(visitor)),
            "the role visitor may not read the table users: GRANT SELECT, INSERT ON users TO visitor");
  ask(url, "GRANT SELECT ON users TO visitor");
  EXPECT_EQ(tern::block_on(problem_of_opening(visitor)), std::nullopt) << "a role that only reads";
  ask(url, "DROP OWNED BY visitor; DROP ROLE visitor");
}

TEST(PostgresServers, AreTriedUntilOneAnswers) {
  const std::string url = new_database();
  boost::asio::io_context context;
  // It accepts connections, and says nothing.
  boost::asio::ip::tcp::acceptor silent{context, {boost::asio::ip::address_v4::loopback(), 0}};
  const std::string hosts =
      fmt::format("no..such:1,127.0.0.1:1,127.0.0.1:{},{}", silent.local_endpoint().port(), host_of(url));
  EXPECT_EQ(ask(with_hosts(url, hosts) + "?connect_timeout=1", "SELECT 'here'"), "here");
  const std::string away = fmt::format("no..such:1,127.0.0.1:1,127.0.0.1:{}", silent.local_endpoint().port());
  try {
    ask(with_hosts(url, away) + "?connect_timeout=1", "SELECT 1");
    ADD_FAILURE();
  } catch (const postgres::Error& error) {
    const std::string what = error.what();
    for (const char* each : {"no..such", "Connection refused", "does not answer within 1000 ms"}) {
      EXPECT_NE(what.find(each), std::string::npos) << what;
    }
  }
}

TEST(PostgresSessions, KeepTheOptionsOfTheUrl) {
  const std::string url = new_database();
  EXPECT_EQ(ask(url, "SHOW statement_timeout"), "30s");
  EXPECT_EQ(ask(url + "?options=-c%20statement_timeout%3D123", "SHOW statement_timeout"), "123ms");
  EXPECT_EQ(ask(url, "SHOW application_name"), "userchat");
  EXPECT_EQ(ask(url + "?application_name=mine", "SHOW application_name"), "mine");
  EXPECT_EQ(ask(url + "?options=-c%20search_path%3Dmine", "SHOW search_path"), "mine");
  ask(url, "ALTER ROLE tern SET statement_timeout = '7s'");
  EXPECT_EQ(ask(url, "SHOW statement_timeout"), "7s");
  ask(url, "ALTER ROLE tern RESET statement_timeout");
}

TEST(PostgresEncodings, ReadAndWriteWhatTheyHave) {
  struct Case {
    const char* encoding;
    const char* text;    // that it has
    const char* sample;  // the first sample user's name
  };
  const std::vector<Case> cases{{"UTF8", "박지민 Ž 😀", "홍길동"}, {"EUC_KR", "박지민", "홍길동"},
                                {"LATIN1", "Jürgen", "hong"},      {"WIN1251", "Иван", "hong"},
                                {"EUC_JP", "山田", "hong"},        {"SQL_ASCII", "박지민 Ž 😀", "홍길동"}};
  for (const Case& one : cases) {
    const std::string url = new_database(fmt::format("ENCODING '{}' LOCALE 'C' TEMPLATE template0", one.encoding));
    const std::vector<User> users = tern::block_on(use(url, one.text));
    ASSERT_EQ(users.size(), 3U) << one.encoding;
    EXPECT_EQ(users[0].name(), one.sample) << one.encoding;
    EXPECT_EQ(users[2].name(), one.text) << one.encoding;
  }
}

TEST(PostgresEncodings, RejectCharactersThatTheyLack) {
  const auto create = [](std::string url) -> tern::Task<std::string> {
    const std::unique_ptr<PostgresUserRepository> users =
        co_await PostgresUserRepository::open(Options{std::move(url)});
    std::string said;
    try {
      co_await users->create("박지민", "mail@example.com");
    } catch (const tern::AbortError& error) {
      said = error.status().details();
    }
    co_await users->close();
    co_return said;
  };
  EXPECT_EQ(tern::block_on(create(new_database("ENCODING 'LATIN1' LOCALE 'C' TEMPLATE template0"))),
            "the text has a character that the database's encoding lacks");
}

TEST(PostgresEncodings, ReplaceBytesThatAreNotText) {
  const std::string url = new_database("ENCODING 'SQL_ASCII' LOCALE 'C' TEMPLATE template0");
  EXPECT_EQ(tern::block_on(use(url, "first")).size(), 3U);
  ask(url, "INSERT INTO users (name, email) VALUES (E'J\\xFCrgen', 'j@example.com')");
  EXPECT_EQ(tern::block_on(use(url, "last"))[3].name(), "J\uFFFDrgen");
}

enum DisturbingStatements : std::size_t { kInsertNumber, kReadOnly, kForget };

std::vector<postgres::Statement> insert_and_disturb() {
  return {{.sql = "INSERT INTO numbers VALUES (1)"},
          {.sql = "SELECT set_config('default_transaction_read_only', 'on', false)"},
          {.sql = "DEALLOCATE ALL"}};
}

tern::Task<std::string> sqlstate_of(postgres::Pool& pool, std::size_t statement) {
  try {
    co_await pool.execute(statement, {});
  } catch (const postgres::Error& error) {
    co_return error.sqlstate();
  }
  co_return "";
}

TEST(PostgresSessions, AreOpenedAgainWhenTheServerAcceptsNoWrites) {
  const auto body = [](std::string url) -> tern::Task<void> {
    Options options{std::move(url)};
    options.connections = 1;
    postgres::Pool pool{std::move(options), insert_and_disturb()};
    co_await pool.execute(kReadOnly, {});
    const std::string first = co_await sqlstate_of(pool, kInsertNumber);
    EXPECT_EQ(first, postgres::kReadOnly);
    const std::string second = co_await sqlstate_of(pool, kInsertNumber);
    EXPECT_EQ(second, "") << "on another connection";
  };
  const std::string url = new_database();
  ask(url, "CREATE TABLE numbers (number bigint)");
  tern::block_on(body(url));
}

TEST(PostgresSessions, AreOpenedAgainWhenTheirStatementsAreGone) {
  const auto body = [](std::string url) -> tern::Task<void> {
    Options options{url};
    options.connections = 1;
    postgres::Pool pool{std::move(options), insert_and_disturb()};
    co_await pool.execute(kForget, {});
    const std::string state = co_await sqlstate_of(pool, kInsertNumber);
    EXPECT_EQ(state, "");
    const std::string count = co_await run_sql(url, "SELECT count(*) FROM numbers");
    EXPECT_EQ(count, "1");
  };
  const std::string url = new_database();
  ask(url, "CREATE TABLE numbers (number bigint)");
  tern::block_on(body(url));
}

}  // namespace
}  // namespace userchat

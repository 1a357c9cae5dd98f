// What `--database` means, as libpq reads it and as its author meant it.
#include "postgres/database_address.h"

#include <gtest/gtest.h>

#include <stdexcept>
#include <string>
#include <vector>

#include "database_kind.h"
#include "postgres/result.h"

namespace userchat {
namespace {

using postgres::DatabaseAddress;
using Texts = std::vector<std::string>;

TEST(DatabaseKind, IsWhatTheAuthorMeant) {
  struct Case {
    std::string text;
    DatabaseKind kind;
  };
  const std::vector<Case> cases{
      {"memory", DatabaseKind::kMemory},
      {":memory:", DatabaseKind::kSqlite},
      {"userchat.db", DatabaseKind::kSqlite},
      {"/data/a=b.db", DatabaseKind::kSqlite},
      {"/data/10:30.db", DatabaseKind::kSqlite},
      {"./host=a.db", DatabaseKind::kSqlite},
      {"postgresql://user@host/name", DatabaseKind::kPostgres},
      {"postgres://", DatabaseKind::kPostgres},
      {"POSTGRESQL://user@host/name", DatabaseKind::kPostgres},
      {"Postgres://user@host/name", DatabaseKind::kPostgres},
      {"  postgresql://user@host/name\n", DatabaseKind::kPostgres},
      {"host=localhost dbname=name password=secret", DatabaseKind::kPostgres},
      {"dbname = name", DatabaseKind::kPostgres},
      {"service=users", DatabaseKind::kPostgres},
  };
  for (const Case& one : cases) EXPECT_EQ(database_kind(one.text), one.kind) << one.text;
}

TEST(DatabaseKind, RejectsOtherTextsWithoutShowingThem) {
  struct Case {
    std::string text;
    std::string said;
  };
  const std::vector<Case> cases{
      {"", "--database is empty"},
      {" \n", "--database is empty"},
      {"mysql://root:secret@host/name", "\"mysql:…\" is not supported"},
      {"postgresql+asyncpg://root:secret@host/name", "\"postgresql+asyncpg:…\" is not supported"},
      {"jdbc:postgresql://host/name?password=secret", "\"jdbc:postgresql:…\" is not supported"},
      {"sqlite:///users.db", "\"sqlite:…\" is not supported"},
      {"file:users.db?key=secret", "\"file:…\" is not supported"},
  };
  for (const Case& one : cases) {
    try {
      static_cast<void>(database_kind(one.text));
      ADD_FAILURE() << one.text;
    } catch (const std::invalid_argument& error) {
      const std::string what = error.what();
      EXPECT_NE(what.find(one.said), std::string::npos) << what;
      EXPECT_EQ(what.find("secret"), std::string::npos) << what;
    }
  }
}

TEST(DatabaseAddress, RejectsMalformedAddressesWithoutThePassword) {
  const Texts malformed{
      "postgresql://user:sec%zzret@host/name",
      "postgresql://user:sec@ret@host/name",
      "postgresql://user:sec/ret@host/name",
      "postgresql://user:secret@[::1/name",
      "postgresql://user@host/name?password=sec&ret",
      "postgresql://user@host/name?passwort=secret",
      "host=a password=sec ret",
      "host=a password='secret",
      "host=a,b,c port=1,2 password=secret",
      "host=a hostaddr=127.0.0.1,127.0.0.2 password=secret",
      "host=a port=secret",
      "host=a port=0",
      "host=a port=65536",
  };
  for (const std::string& text : malformed) {
    try {
      const DatabaseAddress address{text};
      ADD_FAILURE() << text;
    } catch (const postgres::Error& error) {
      const std::string what = error.what();
      EXPECT_TRUE(what.starts_with("--database: ")) << what;
      EXPECT_EQ(error.sqlstate(), postgres::kNoConnection);
      EXPECT_EQ(what.find("sec"), std::string::npos) << what;
      EXPECT_EQ(what.find("ret"), std::string::npos) << what;
    }
  }
}

TEST(DatabaseAddress, HasItsServersInOrder) {
  struct Case {
    std::string text;
    Texts servers;  // host, address, port
  };
  const std::vector<Case> cases{
      {"postgresql://a/name", {"a||5432"}},
      {"postgresql://a:1,b:2/name", {"a||1", "b||2"}},
      {"postgresql://a,b/name?port=7", {"a||7", "b||7"}},
      {"host=a,/run/db,c hostaddr=10.0.0.1,,10.0.0.3", {"a|10.0.0.1|5432", "/run/db||5432", "c|10.0.0.3|5432"}},
      {"hostaddr=10.0.0.1,10.0.0.2 port=1,2", {"|10.0.0.1|1", "|10.0.0.2|2"}},
      {"dbname=name", {"||"}},
      {"service=users", {"||"}},
  };
  for (const Case& one : cases) {
    Texts servers;
    const DatabaseAddress address{one.text};
    for (const DatabaseAddress::Server& server : address.servers()) {
      servers.push_back(server.host + "|" + server.address + "|" + server.port);
    }
    EXPECT_EQ(servers, one.servers) << one.text;
  }
}

TEST(DatabaseAddress, KeepsItsOwnOptions) {
  const DatabaseAddress address{
      "postgresql://user:secret@a,b/name?options=-c%20statement_timeout%3D5s&application_name=mine&sslmode=verify-full&"
      "sslrootcert=/ca.pem&keepalives_idle=60&tcp_user_timeout=0&client_encoding=LATIN1"};
  const postgres::Keywords options = address.options(address.servers().back(), "10.0.0.2");
  const postgres::Keywords expected{{"application_name", "mine"},
                                    {"client_encoding", "UTF8"},
                                    {"dbname", "name"},
                                    {"fallback_application_name", "userchat"},
                                    {"host", "b"},
                                    {"hostaddr", "10.0.0.2"},
                                    {"keepalives_count", "3"},
                                    {"keepalives_idle", "60"},
                                    {"keepalives_interval", "1"},
                                    {"options", "-c statement_timeout=5s"},
                                    {"password", "secret"},
                                    {"sslmode", "verify-full"},
                                    {"sslrootcert", "/ca.pem"},
                                    {"target_session_attrs", "any"},
                                    {"tcp_user_timeout", "0"},
                                    {"user", "user"}};
  EXPECT_EQ(options, expected);
}

TEST(DatabaseAddress, LooksForThePrimaryAmongSeveralServers) {
  struct Case {
    std::string text;
    Texts sessions;
  };
  const std::vector<Case> cases{
      {"postgresql://a/name", {"any"}},
      {"postgresql://a,b/name", {"read-write"}},
      {"postgresql://a,b/name?target_session_attrs=any", {"any"}},
      {"postgresql://a,b/name?target_session_attrs=primary", {"primary"}},
      {"postgresql://a/name?target_session_attrs=read-write", {"read-write"}},
      {"postgresql://a,b/name?target_session_attrs=prefer-standby", {"standby", "any"}},
  };
  for (const Case& one : cases) EXPECT_EQ(DatabaseAddress{one.text}.session_attributes(), one.sessions) << one.text;
}

TEST(DatabaseAddress, TriesEachOfSeveralServersForAShorterTime) {
  using namespace std::chrono_literals;
  EXPECT_EQ(DatabaseAddress{"host=a"}.connect_timeout(5s), 5s);
  EXPECT_EQ(DatabaseAddress{"host=a,b"}.connect_timeout(5s), 2s);
  EXPECT_EQ(DatabaseAddress{"host=a,b connect_timeout=7"}.connect_timeout(5s), 7s);
  EXPECT_EQ(DatabaseAddress{"host=a connect_timeout=0"}.connect_timeout(5s), 5s);
}

}  // namespace
}  // namespace userchat

#include "database_kind.h"

#include <fmt/format.h>

#include <stdexcept>
#include <string_view>

#include "postgres/database_address.h"

namespace userchat {

namespace {

constexpr std::string_view kSchemeCharacters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789+.-";

/// The scheme of "scheme://…", "jdbc:scheme://…" or "file:…". Empty for a path.
std::string_view scheme_of(std::string_view database) {
  std::size_t end = database.find(':');
  if (end == 0 || end == std::string_view::npos) return {};
  if (database.starts_with("jdbc:")) end = database.find(':', end + 1);
  const std::string_view scheme = database.substr(0, end);
  if (scheme == "file") return scheme;
  const bool named =
      scheme.find_first_not_of(kSchemeCharacters) == std::string_view::npos || scheme.starts_with("jdbc:");
  return named && end != std::string_view::npos && database.substr(end).starts_with("://") ? scheme
                                                                                           : std::string_view{};
}

}  // namespace

DatabaseKind database_kind(const std::string& database) {
  if (database.find_first_not_of(" \t\r\n") == std::string::npos) {
    throw std::invalid_argument(
        R"(--database is empty: give "memory", the path of an SQLite file, or postgresql://user@host/database)");
  }
  if (database == "memory") return DatabaseKind::kMemory;
  if (postgres::DatabaseAddress::matches(database)) return DatabaseKind::kPostgres;
  const std::string_view scheme = scheme_of(database);
  if (!scheme.empty()) {
    throw std::invalid_argument(fmt::format(
        R"(--database: a URL "{}:…" is not supported: give postgresql://user@host/database, or the path of an SQLite file)",
        scheme));
  }
  return DatabaseKind::kSqlite;
}

}  // namespace userchat

// Which store `--database` means.
#pragma once

#include <string>

namespace userchat {

enum class DatabaseKind { kMemory, kSqlite, kPostgres };

/// Returns kMemory for "memory", kPostgres for a URL or keywords of PostgreSQL's, and kSqlite for a path. Throws
/// std::invalid_argument for an empty text and for URLs of other kinds, which SQLite would take for the path of a new
/// file. The error has no part of the text after its scheme, because it may have a password.
DatabaseKind database_kind(const std::string& database);

}  // namespace userchat

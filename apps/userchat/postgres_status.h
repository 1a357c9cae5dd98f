// The status that a client gets for an error of PostgreSQL's.
#pragma once

#include <string_view>

#include "postgres/result.h"

namespace userchat {

/// True for errors after which the same statement may succeed later: the database is away, say.
[[nodiscard]] bool is_temporary(const postgres::Error& error);

/// Ends the call with the status of `error` (throws tern::AbortError), whose text calls what the statement stores or
/// reads a `thing`. The database's own words go to the log.
[[noreturn]] void abort_for(const postgres::Error& error, std::string_view thing);

}  // namespace userchat

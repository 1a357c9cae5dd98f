#include "postgres_status.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <array>
#include <string>

#include "tern/server/server_context.h"

namespace userchat {

namespace {

/// The status for a SQLSTATE or a class of them (PostgreSQL's appendix A). The first that fits is sent. `what` has {}
/// for the thing that is stored.
struct Told {
  std::string_view state;
  tern::StatusCode code;
  const char* what;
};
constexpr const char* kAway = "the database cannot be reached";
constexpr std::array kTold{
    Told{postgres::kNoText, tern::StatusCode::kInvalidArgument, "the text has a zero byte, or is no UTF-8"},
    Told{postgres::kNoSuchCharacter, tern::StatusCode::kInvalidArgument,
         "the text has a character that the database's encoding lacks"},
    Told{postgres::kOutcomeUnknown, tern::StatusCode::kUnavailable,
         "the connection to the database was lost: the {} may have been stored, or not"},
    Told{postgres::kQueryCancelled, tern::StatusCode::kDeadlineExceeded, "the database took too long"},
    Told{postgres::kReadOnly, tern::StatusCode::kUnavailable, "the database accepts no writes now: nothing was stored"},
    Told{"23505", tern::StatusCode::kAlreadyExists, "there is such a {} already"},
    // Constraints and lengths that an administrator gave the table.
    Told{"23", tern::StatusCode::kInvalidArgument, "the database does not allow this {}"},
    Told{"22", tern::StatusCode::kInvalidArgument, "the database does not allow this {}"},
    // A transaction that gave way to another, or to a replica's catching up.
    Told{"40", tern::StatusCode::kUnavailable, "the database gave the statement up: nothing was stored"},
    // Connection, resources, an administrator or a start: later it may do.
    Told{"08", tern::StatusCode::kUnavailable, kAway},
    Told{"53", tern::StatusCode::kUnavailable, kAway},
    Told{"57", tern::StatusCode::kUnavailable, kAway},
};

const Told* told_for(const postgres::Error& error) {
  const auto* found = std::find_if(kTold.begin(), kTold.end(),
                                   [&](const Told& one) { return error.sqlstate().starts_with(one.state); });
  return found == kTold.end() ? nullptr : found;
}

}  // namespace

bool is_temporary(const postgres::Error& error) {
  const Told* told = told_for(error);
  return told != nullptr && told->code == tern::StatusCode::kUnavailable;
}

void abort_for(const postgres::Error& error, std::string_view thing) {
  const Told* told = told_for(error);
  if (told == nullptr || told->code != tern::StatusCode::kInvalidArgument) {
    spdlog::warn("{} ({})", error.what(), error.sqlstate());
  }
  if (told == nullptr) tern::ServerContext::abort(tern::StatusCode::kInternal, "the database refused");
  tern::ServerContext::abort(told->code, fmt::format(fmt::runtime(told->what), thing));
}

}  // namespace userchat

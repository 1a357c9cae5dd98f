#include "tern/client/attempt_report.h"

#include <utility>

#include "client/client_connection.h"

namespace tern {

Status given_up_by_client() { return Status{StatusCode::kCancelled, "given up by the client"}; }

void AttemptReport::opened(ClientConnection& connection) {
  connection_ = &connection;
  opened_at_ = connection.hears_ends() ? Clock::now() : Clock::time_point{};
}

void AttemptReport::tell(const Status& status, const Metadata& trailing_metadata) {
  const Clock::time_point now = Clock::now();
  connection_->attempt_ended({.status = status,
                              .took = now - std::exchange(opened_at_, Clock::time_point{}),
                              .trailing_metadata = trailing_metadata,
                              .now = now});
}

void AttemptReport::tell_given_up() { tell(given_up_by_client(), Metadata{}); }

}  // namespace tern

#include "client/attempt_report.h"

#include <cassert>
#include <utility>

#include "call/notify.h"
#include "client/channel_config.h"
#include "client/client_connection.h"
#include "tern/client/observer.h"

namespace tern {

Status given_up_by_client() { return Status{StatusCode::kCancelled, "given up by the client"}; }

void AttemptReport::opened(ClientConnection& connection) {
  assert(opened_at_ == Clock::time_point{});
  connection_ = &connection;
  opened_at_ = connection.hears_ends() ? Clock::now() : Clock::time_point{};
}

void AttemptReport::begun(const ChannelConfig& config, std::string_view method) {
  assert(!pending());
  if (config.observers().empty()) return;
  observed_ = &config;
  method_ = method;
  begun_at_ = Clock::now();
  notify(config.observers(), [&](ClientObserver& observer) { observer.on_attempt_begun(method, config.target()); });
}

void AttemptReport::tell_stopped(const Status& status, bool on_connection, AttemptBytes bytes) {
  if (!on_connection) opened_at_ = Clock::time_point{};
  ended(status, Metadata{}, bytes);
}

void AttemptReport::tell_connection(const Status& status, const Metadata& trailing_metadata) {
  assert(connection_ != nullptr && connection_->hears_ends());
  const Clock::time_point now = Clock::now();
  connection_->attempt_ended({.status = status,
                              .took = now - std::exchange(opened_at_, Clock::time_point{}),
                              .trailing_metadata = trailing_metadata,
                              .now = now});
}

void AttemptReport::tell_observers(const Status& status, AttemptBytes bytes) noexcept {
  assert(observed_ != nullptr);
  const ChannelConfig& config = *std::exchange(observed_, nullptr);
  const EndedAttempt attempt{.method = method_,
                             .target = config.target(),
                             .status = status,
                             .took = Clock::now() - begun_at_,
                             .sent_bytes = bytes.sent,
                             .received_bytes = bytes.received};
  notify(config.observers(), [&attempt](ClientObserver& observer) { observer.on_attempt_ended(attempt); });
}

}  // namespace tern

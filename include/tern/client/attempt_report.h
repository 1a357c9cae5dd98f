// AttemptReport: the connection of one attempt. It notifies the connection once of the attempt's end, and only where a
// balancer hears it (ClientConnection::hears_ends).
#pragma once

#include "tern/async/job.h"
#include "tern/rpc/metadata.h"
#include "tern/rpc/status.h"

namespace tern {

class ClientConnection;

/// CANCELLED: how an attempt or a call ends that nobody wants any more.
Status given_up_by_client();

/// The connection is certain to exist while the attempt's stream is open and during its last event (on_closed). Nothing
/// but forget() may be called after that.
class AttemptReport {
 public:
  /// The connection has accepted the attempt's stream. Reads the clock where the connection hears ends.
  void opened(ClientConnection& connection);
  /// The attempt has ended. Has no effect before opened(), and the second time.
  void ended(const Status& status, const Metadata& trailing_metadata) {
    if (opened_at_ != Clock::time_point{}) tell(status, trailing_metadata);
  }
  /// The same with given_up_by_client().
  void given_up() {
    if (opened_at_ != Clock::time_point{}) tell_given_up();
  }
  void forget() noexcept { *this = AttemptReport{}; }

  /// Null before opened() and after forget().
  [[nodiscard]] ClientConnection* connection() const noexcept { return connection_; }

 private:
  void tell(const Status& status, const Metadata& trailing_metadata);
  void tell_given_up();

  ClientConnection* connection_ = nullptr;
  Clock::time_point opened_at_;  // while the connection has to be told
};

}  // namespace tern

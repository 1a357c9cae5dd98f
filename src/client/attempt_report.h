// AttemptReport: who hears of one attempt of a call. The channel's observers hear its beginning and its end; its
// connection hears the end, and only where a balancer listens (ClientConnection::hears_ends). Each hears it once.
#pragma once

#include <cstdint>
#include <string_view>

#include "tern/async/job.h"
#include "tern/rpc/metadata.h"
#include "tern/rpc/status.h"

namespace tern {

class ChannelConfig;
class ClientConnection;

/// CANCELLED: how an attempt or a call ends that nobody wants any more.
Status given_up_by_client();

/// Bytes of an attempt's messages as they travel, without gRPC's prefix.
struct AttemptBytes {
  std::uint64_t sent = 0;
  std::uint64_t received = 0;
};

/// The connection is certain to exist while the attempt's stream is open and during its last event (on_closed). Nothing
/// but forget() may be called after that.
class AttemptReport {
 public:
  /// The attempt begins. `config`, the channel's, and `method` must outlive it. Reads the clock where there are
  /// observers.
  void begun(const ChannelConfig& config, std::string_view method);
  /// The connection has accepted the attempt's stream. Reads the clock where the connection hears ends.
  void opened(ClientConnection& connection);
  /// The attempt has ended. Has no effect the second time.
  void ended(const Status& status, const Metadata& trailing_metadata, AttemptBytes bytes) {
    if (opened_at_ != Clock::time_point{}) tell_connection(status, trailing_metadata);
    if (observed_ != nullptr) tell_observers(status, bytes);
  }
  /// This side ends it. `on_connection`: its stream is open, so that the connection exists.
  void stopped(const Status& status, bool on_connection, AttemptBytes bytes) {
    if (pending()) tell_stopped(status, on_connection, bytes);
  }
  /// True while somebody has to be told of the end.
  [[nodiscard]] bool pending() const noexcept { return opened_at_ != Clock::time_point{} || observed_ != nullptr; }
  void forget() noexcept { *this = AttemptReport{}; }

  /// Null before opened() and after forget().
  [[nodiscard]] ClientConnection* connection() const noexcept { return connection_; }

 private:
  void tell_stopped(const Status& status, bool on_connection, AttemptBytes bytes);
  void tell_connection(const Status& status, const Metadata& trailing_metadata);
  void tell_observers(const Status& status, AttemptBytes bytes) noexcept;

  ClientConnection* connection_ = nullptr;
  Clock::time_point opened_at_;              // while the connection has to be told
  const ChannelConfig* observed_ = nullptr;  // while observers have to be told
  std::string_view method_;
  Clock::time_point begun_at_;
};

}  // namespace tern

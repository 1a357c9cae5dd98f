// ConnectionWaiter: whoever needs a channel to be connected; told once.
#pragma once

#include <string_view>
#include <vector>

#include "tern/detail/intrusive_list.h"
#include "tern/rpc/metadata.h"
#include "tern/rpc/status.h"

namespace tern {

class ClientConnection;
struct RunningCall;

class ConnectionWaiter : public ListNode<ConnectionWaiter> {
 public:
  /// A connection that takes calls, or null and why there is none.
  virtual void connection_settled(ClientConnection* connection, const Status& failure) = 0;

  /// Waits also when there is no connection to be had for the present.
  [[nodiscard]] virtual bool waits_for_ready() const noexcept { return false; }
  /// For pickers.
  [[nodiscard]] virtual std::string_view method() const noexcept { return {}; }
  [[nodiscard]] virtual const Metadata& sent_metadata() const noexcept = 0;
  /// Appends the call that waits, for Channel::inspect().
  virtual void add_running(std::vector<RunningCall>& /*calls*/) const {}

 protected:
  ~ConnectionWaiter() = default;
};

}  // namespace tern

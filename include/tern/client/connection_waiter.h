// ConnectionWaiter: whoever needs a channel to be connected; told once.
#pragma once

#include "tern/async/intrusive_list.h"
#include "tern/rpc/status.h"

namespace tern {

class ClientConnection;

class ConnectionWaiter : public ListNode<ConnectionWaiter> {
 public:
  /// A connection that takes calls, or null and why there is none.
  virtual void connection_settled(ClientConnection* connection, const Status& failure) = 0;

 protected:
  ~ConnectionWaiter() = default;
};

}  // namespace tern

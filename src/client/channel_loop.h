// ChannelLoop: a channel's part on one loop: its connection there, made when it is needed.
//
//   idle --a call--> connecting --settings received--> ready --lost or GOAWAY--> idle
//    ^------------------ failed ------'
#pragma once

#include <exception>
#include <memory>
#include <string>

#include "client/client_connection.h"
#include "http2/defaults.h"
#include "tern/async/loop.h"
#include "tern/async/task.h"
#include "tern/client/channel.h"
#include "tern/client/connection_waiter.h"
#include "transport/address.h"

namespace tern {

class ChannelLoop {
 public:
  ChannelLoop(Loop& loop, transport::Address address, ChannelOptions options);
  ChannelLoop(const ChannelLoop&) = delete;
  ChannelLoop& operator=(const ChannelLoop&) = delete;
  ~ChannelLoop();

  [[nodiscard]] Loop& loop() const noexcept { return loop_; }
  [[nodiscard]] const http2::Settings& settings() const noexcept { return settings_; }

  /// A connection that takes calls now; null when there is none yet.
  [[nodiscard]] ClientConnection* usable() noexcept;
  /// Connects, if nobody does yet, and tells `waiter`.
  void wait_for_connection(ConnectionWaiter& waiter);

  /// Ends every connection and call.
  void close();

  void remove(ClientConnection& connection);

 private:
  class Attempt;
  Task<void> connect();
  void attempt_ended(const std::exception_ptr& error);

  Loop& loop_;
  transport::Address address_;
  ChannelOptions options_;
  http2::Settings settings_;
  bool closed_ = false;
  std::unique_ptr<Attempt> attempt_;
  IntrusiveList<ConnectionWaiter> waiting_;
  ClientConnection* current_ = nullptr;    // the latest; others only finish their calls
  ClientConnection* attempted_ = nullptr;  // of the present attempt
  std::string failure_;                    // why the connection of this attempt was lost
  IntrusiveList<ClientConnection> connections_;
};

}  // namespace tern

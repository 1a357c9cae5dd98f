// Channel: a server, as a client sees it. Connects when the first call needs it, again after a loss, once for each loop
// that uses it. Stubs make calls over it.
//
//   tern::Channel channel{"localhost:50051"};
//   user::v1::UserService::Stub stub{channel};
//   GetUserResponse reply = co_await stub.GetUser(request, {.timeout = 5s});
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "tern/async/blocking.h"
#include "tern/async/loop.h"
#include "tern/async/task.h"
#include "tern/rpc/compression.h"
#include "tern/transport/tls.h"

namespace tern {

class CallCredentials;
class ChannelCore;
class ClientInterceptor;

struct ChannelOptions {
  /// Longest message taken from the server, in bytes. gRPC's default.
  std::size_t max_receive_message_length = std::size_t{4} * 1024 * 1024;
  /// Longest message sent, in bytes.
  std::size_t max_send_message_length = SIZE_MAX;
  /// How requests are compressed; a call may say otherwise (CallOptions::compression).
  Compression compression = Compression::kIdentity;
  /// Speaks TLS, with this, which must outlive the channel; without, plaintext.
  ClientTls* tls = nullptr;
  /// For every call; must outlive the channel.
  CallCredentials* call_credentials = nullptr;
  /// For one attempt to connect, including the server's HTTP/2 greeting. gRPC's default.
  std::chrono::nanoseconds connect_timeout = std::chrono::seconds{20};
};

/// May be used from every loop and thread. Made on a loop or, for blocking stubs, on none: it then runs a loop on a
/// thread of its own.
class Channel {
 public:
  /// Connects to nothing yet. Throws std::invalid_argument when `target` is no address (see Server::listen).
  explicit Channel(std::string target, ChannelOptions options = {});
  Channel(const Channel&) = delete;
  Channel& operator=(const Channel&) = delete;
  /// Closes it: calls that still run end with CANCELLED.
  ~Channel();

  /// Before the first call; the first one added is outermost. `interceptor` must outlive the channel.
  void add_interceptor(ClientInterceptor& interceptor);

  /// Waits until there is a connection from the current loop; throws RpcError (UNAVAILABLE) when there can be none.
  Task<void> connect();
  /// Ends what runs, and returns when the connections are closed. Calls made afterwards end with CANCELLED.
  Task<void> close();

  [[nodiscard]] const std::string& target() const noexcept;
  [[nodiscard]] const std::shared_ptr<ChannelCore>& core() const noexcept { return core_; }
  /// Where blocking stubs run their calls.
  [[nodiscard]] Loop& home() const noexcept { return *home_; }

 private:
  std::shared_ptr<ChannelCore> core_;
  std::unique_ptr<LoopThread> own_loop_;
  Loop* home_;
};

}  // namespace tern

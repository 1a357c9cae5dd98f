// InProcessServer: a server with a test's services and a channel to it, without a socket. Interceptors, deadlines,
// metadata, flow control and retries are those of a real connection.
//
//   OrderService orders{…};
//   tern::testing::InProcessServer server{orders};
//   order::v1::OrderService::Stub stub{server.channel()};
//   co_await stub.GetOrder(request);
#pragma once

#include <concepts>
#include <memory>

#include "tern/api.h"
#include "tern/async/task.h"
#include "tern/client/channel.h"
#include "tern/server/server.h"
#include "tern/transport/in_process.h"

namespace tern::testing {

/// Used on one loop, and serves on that loop and its siblings, as a Server does. Its services, and whatever its options
/// point to, outlive it.
class TERN_API InProcessServer {
 public:
  /// On the loop that runs now; throws std::logic_error outside of one.
  template <std::derived_from<Service>... Services>
    requires(sizeof...(Services) > 0)
  explicit InProcessServer(Services&... services) : InProcessServer(ServerOptions{}) {
    (server_->add_service(services), ...);
  }
  explicit InProcessServer(ServerOptions server_options, ChannelOptions channel_options = {});
  InProcessServer(const InProcessServer&) = delete;
  InProcessServer& operator=(const InProcessServer&) = delete;
  ~InProcessServer();

  /// The server, to which services, interceptors and observers may be added until channel() or connect() is called.
  [[nodiscard]] Server& server() noexcept { return *server_; }

  /// A channel to the server, the same each time. The first call lets the server listen.
  Channel& channel();
  /// A further channel, with options of its own; it must not outlive this. Throws std::invalid_argument for options
  /// with another `in_process`.
  [[nodiscard]] std::unique_ptr<Channel> connect(ChannelOptions options = {});

  /// Ends the channel's calls and then the server, as StopOptions say. Without it the destructor ends them at once.
  Task<void> stop(StopOptions options = {});

 private:
  void listen();

  ChannelOptions channel_options_;
  InProcess in_process_;
  bool listens_ = false;
  std::unique_ptr<Server> server_;
  std::unique_ptr<Channel> channel_;
};

}  // namespace tern::testing

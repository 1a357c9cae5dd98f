// Channel: a server, as a client sees it. Connects when the first call needs it, again after a loss, once for each loop
// that uses it. Stubs make calls over it.
//
//   tern::Channel channel{"localhost:50051"};
//   user::v1::UserService::Stub stub{channel};
//   GetUserResponse reply = co_await stub.GetUser(request, {.timeout = 5s});
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "tern/api.h"
#include "tern/async/blocking.h"
#include "tern/async/loop.h"
#include "tern/async/task.h"
#include "tern/client/channel_info.h"
#include "tern/client/channel_options.h"
#include "tern/client/connectivity_state.h"
#include "tern/detail/channel_handle.h"

namespace boost::asio {
class io_context;
}

namespace tern {

class ChannelCore;
class ClientInterceptor;
class ClientObserver;

/// May be used from every loop and thread. Made on a loop or, for blocking stubs, on none: it then runs a loop on a
/// thread of its own. It has a part on each loop that uses it, which is closed and destroyed there: the channel itself
/// may be destroyed on any loop and thread, also after those loops.
class TERN_API Channel {
 public:
  /// Connects to nothing yet. `target`: "host:port", "dns:///host:port", "ipv4:1.2.3.4:1,5.6.7.8:1", "ipv6:[::1]:1",
  /// "unix:/path", "unix-abstract:name", "fd:5" (a connected socket that the channel takes over, for
  /// one connection). Throws std::invalid_argument when it is none of these, or when the service
  /// config is wrong.
  explicit Channel(std::string target, ChannelOptions options = {});
  /// Blocking stubs run their calls on this io_context, which another thread must run, in place of a thread that the
  /// channel starts where it is made outside of a loop. Other calls run on the loop that makes them, as ever.
  Channel(boost::asio::io_context& context, std::string target, ChannelOptions options = {});
  Channel(const Channel&) = delete;
  Channel& operator=(const Channel&) = delete;
  /// Closes the channel: calls that still run end with CANCELLED, those on other loops soon afterwards. Until then the
  /// channel uses the objects that its options borrow; close() waits for that. Calls that a stub makes afterwards end
  /// with CANCELLED.
  ~Channel();

  /// Before the channel is used; the first one added is outermost. `interceptor` must outlive the channel. Throws
  /// std::logic_error when the channel has been used.
  void add_interceptor(ClientInterceptor& interceptor);
  /// The channel keeps it until its last call has ended, and releases it on any thread.
  void add_interceptor(std::shared_ptr<ClientInterceptor> interceptor);
  /// Before the channel is used; `observer` must outlive the channel. Throws std::logic_error when the channel has been
  /// used.
  void add_observer(ClientObserver& observer);
  /// The channel keeps it until its last call has ended, and releases it on any thread.
  void add_observer(std::shared_ptr<ClientObserver> observer);

  /// Waits until there is a connection from the current loop; throws RpcError (UNAVAILABLE) when there can be none.
  Task<void> connect();
  /// How the channel stands, on the current loop: each has connections of its own.
  [[nodiscard]] ConnectivityState state();
  /// Waits until it is no longer `last`, or until `limit`; the state then. Connects nothing by itself.
  Task<ConnectivityState> wait_for_state_change(ConnectivityState last,
                                                std::optional<Clock::time_point> limit = std::nullopt);
  /// Tries again at once what it would wait for after failures.
  void reset_backoff();
  /// Ends what runs, and returns when the connections are closed. Calls made afterwards end with CANCELLED.
  Task<void> close();

  /// Asks all loops that use it. On any loop; the channel may be destroyed meanwhile.
  Task<ChannelInfo> inspect(Inspect what = Inspect::kCalls) const;
  /// Does the same, on any loop and for as long as it is kept: after the channel's end it says SHUTDOWN.
  [[nodiscard]] std::function<Task<ChannelInfo>()> inspector(Inspect what = Inspect::kCalls) const;
  [[nodiscard]] std::uint64_t id() const noexcept;
  [[nodiscard]] const std::string& target() const noexcept;

 private:
  friend class detail::ChannelHandle;

  std::shared_ptr<ChannelCore> core_;
  std::unique_ptr<LoopThread> own_loop_;
  Loop* home_;
};

}  // namespace tern

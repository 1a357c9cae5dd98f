#include "tern/services/channelz.h"

#include <arpa/inet.h>
#include <grpc/channelz/v1/channelz.pb.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tern/client/channel.h"
#include "tern/detail/typed_handlers.h"
#include "tern/server/server.h"

namespace tern {

namespace {

namespace proto = grpc::channelz::v1;

/// In one answer, unless the client asks for fewer.
constexpr std::int64_t kMostResults = 100;

std::size_t most_results(std::int64_t asked) {
  return static_cast<std::size_t>(asked > 0 ? std::min(asked, kMostResults) : kMostResults);
}

template <class Data>
void set_calls(const CallCounts& calls, Data& data) {
  data.set_calls_started(static_cast<std::int64_t>(calls.started));
  data.set_calls_succeeded(static_cast<std::int64_t>(calls.succeeded));
  data.set_calls_failed(static_cast<std::int64_t>(calls.failed));
  if (!calls.last_started) return;
  const auto since = std::chrono::duration_cast<std::chrono::nanoseconds>(calls.last_started->time_since_epoch());
  auto& time = *data.mutable_last_call_started_timestamp();
  time.set_seconds(since.count() / 1'000'000'000);
  time.set_nanos(static_cast<std::int32_t>(since.count() % 1'000'000'000));
}

/// From gRPC's way to write addresses: "ipv4:1.2.3.4:5", "ipv6:[::1]:5", "unix:path", "unix-abstract:name".
void set_address(std::string_view name, proto::Address& address) {
  const std::size_t scheme = name.find(':');
  const std::string_view kind = name.substr(0, scheme);
  const std::size_t colon = name.rfind(':');
  if (kind == "unix") {
    address.mutable_uds_address()->set_filename(std::string{name.substr(scheme + 1)});
    return;
  }
  if (kind == "unix-abstract") {
    address.mutable_uds_address()->set_filename("@" + std::string{name.substr(scheme + 1)});  // as tools write it
    return;
  }
  std::array<char, 16> bytes{};
  if ((kind == "ipv4" || kind == "ipv6") && colon > scheme) {
    std::string host{name.substr(scheme + 1, colon - scheme - 1)};
    if (host.starts_with('[')) host = host.substr(1, host.size() - 2);
    const bool v4 = kind == "ipv4";
    if (::inet_pton(v4 ? AF_INET : AF_INET6, host.c_str(), bytes.data()) == 1) {
      address.mutable_tcpip_address()->set_ip_address(std::string{bytes.data(), v4 ? 4U : 16U});
      int port = 0;
      std::from_chars(name.data() + colon + 1, name.data() + name.size(), port);
      address.mutable_tcpip_address()->set_port(port);
      return;
    }
  }
  address.mutable_other_address()->set_name(std::string{name});
}

/// From what a server was told to listen on: "127.0.0.1:5", "[::]:5", "localhost:5", "unix:path".
void set_listening_address(const std::string& name, proto::Address& address) {
  in_addr bytes{};
  if (name.starts_with('[')) return set_address("ipv6:" + name, address);
  const bool is_v4 = ::inet_pton(AF_INET, name.substr(0, name.rfind(':')).c_str(), &bytes) == 1;
  set_address(is_v4 ? "ipv4:" + name : name, address);
}

void set_socket_ref(const ConnectionInfo& connection, proto::SocketRef& ref) {
  ref.set_socket_id(static_cast<std::int64_t>(connection.id));
  ref.set_name(connection.local + " -> " + connection.peer);
}

proto::Socket socket_of(const ConnectionInfo& connection) {
  proto::Socket socket;
  set_socket_ref(connection, *socket.mutable_ref());
  proto::SocketData& data = *socket.mutable_data();
  data.set_streams_started(static_cast<std::int64_t>(connection.streams_started));
  data.set_streams_succeeded(static_cast<std::int64_t>(connection.streams_succeeded));
  data.set_streams_failed(static_cast<std::int64_t>(connection.streams_failed));
  data.set_messages_sent(static_cast<std::int64_t>(connection.messages_sent));
  data.set_messages_received(static_cast<std::int64_t>(connection.messages_received));
  data.set_keep_alives_sent(static_cast<std::int64_t>(connection.keepalives_sent));
  data.mutable_local_flow_control_window()->set_value(connection.local_window);
  data.mutable_remote_flow_control_window()->set_value(connection.remote_window);
  set_address(connection.local, *socket.mutable_local());
  set_address(connection.peer, *socket.mutable_remote());
  if (!connection.cipher.empty()) {
    proto::Security::Tls& tls = *socket.mutable_security()->mutable_tls();
    tls.set_standard_name(connection.cipher);
    tls.set_remote_certificate(connection.peer_certificate);
  }
  return socket;
}

proto::Socket socket_of(const ServerInfo::Listening& listening) {
  proto::Socket socket;
  socket.mutable_ref()->set_socket_id(static_cast<std::int64_t>(listening.id));
  socket.mutable_ref()->set_name(listening.address);
  set_listening_address(listening.address, *socket.mutable_local());
  return socket;
}

proto::Server server_of(const ServerInfo& info) {
  proto::Server server;
  server.mutable_ref()->set_server_id(static_cast<std::int64_t>(info.id));
  set_calls(info.calls, *server.mutable_data());
  for (const ServerInfo::Listening& listening : info.listening) {
    *server.add_listen_socket() = socket_of(listening).ref();
  }
  return server;
}

void set_state(ConnectivityState state, proto::ChannelConnectivityState& to) {
  switch (state) {
    case ConnectivityState::kIdle:
      return to.set_state(proto::ChannelConnectivityState::IDLE);
    case ConnectivityState::kConnecting:
      return to.set_state(proto::ChannelConnectivityState::CONNECTING);
    case ConnectivityState::kReady:
      return to.set_state(proto::ChannelConnectivityState::READY);
    case ConnectivityState::kTransientFailure:
      return to.set_state(proto::ChannelConnectivityState::TRANSIENT_FAILURE);
    case ConnectivityState::kShutdown:
      return to.set_state(proto::ChannelConnectivityState::SHUTDOWN);
  }
}

/// Its calls are those of its present connections.
proto::Subchannel subchannel_of(const SubchannelInfo& info) {
  proto::Subchannel subchannel;
  subchannel.mutable_ref()->set_subchannel_id(static_cast<std::int64_t>(info.id));
  subchannel.mutable_ref()->set_name(info.name);
  proto::ChannelData& data = *subchannel.mutable_data();
  data.set_target(info.name);
  set_state(info.state, *data.mutable_state());
  CallCounts calls;
  for (const ConnectionInfo& connection : info.connections) {
    calls.started += connection.streams_started;
    calls.succeeded += connection.streams_succeeded;
    calls.failed += connection.streams_failed;
    set_socket_ref(connection, *subchannel.add_socket_ref());
  }
  set_calls(calls, data);
  return subchannel;
}

proto::Channel channel_of(const ChannelInfo& info) {
  proto::Channel channel;
  channel.mutable_ref()->set_channel_id(static_cast<std::int64_t>(info.id));
  channel.mutable_ref()->set_name(info.target);
  proto::ChannelData& data = *channel.mutable_data();
  data.set_target(info.target);
  set_state(info.state, *data.mutable_state());
  set_calls(info.calls, data);
  for (const SubchannelInfo& subchannel : info.subchannels) {
    *channel.add_subchannel_ref() = subchannel_of(subchannel).ref();
  }
  return channel;
}

[[noreturn]] void abort_unknown(const char* what, std::int64_t id) {
  ServerContext::abort(StatusCode::kNotFound, std::string{"there is no "} + what + " " + std::to_string(id));
}

/// The id and the inspector of a server or channel, which may end at any time.
template <class Info>
struct Entity {
  std::uint64_t id = 0;
  std::function<Task<Info>()> inspect;
};
template <class Info>
using Entities = std::vector<Entity<Info>>;

/// Returns null for an unknown id.
template <class Info>
const Entity<Info>* find_entity(const Entities<Info>& entities, std::int64_t id) {
  const auto found = std::ranges::find(entities, static_cast<std::uint64_t>(id), &Entity<Info>::id);
  return found == entities.end() ? nullptr : &*found;
}

/// Those of one answer: from this id on, and whether they are the last ones.
template <class Info>
struct Page {
  Page(const Entities<Info>& all, std::int64_t first_id, std::int64_t most) {
    for (const Entity<Info>& entity : all) {
      if (entity.id < static_cast<std::uint64_t>(first_id)) continue;
      last = entities.size() < most_results(most);
      if (!last) break;
      entities.push_back(entity);
    }
  }
  Entities<Info> entities;
  bool last = true;
};

/// What is shown, in the order of ids.
template <class Info>
class Registry {
 public:
  void add(Entity<Info> entity) {
    const std::lock_guard lock{mutex_};
    const auto place = std::ranges::upper_bound(entities_, entity.id, {}, &Entity<Info>::id);
    entities_.insert(place, std::move(entity));
  }
  void remove(std::uint64_t id) {
    const std::lock_guard lock{mutex_};
    std::erase_if(entities_, [id](const Entity<Info>& entity) { return entity.id == id; });
  }
  [[nodiscard]] Entities<Info> all() {
    const std::lock_guard lock{mutex_};
    return entities_;
  }

 private:
  std::mutex mutex_;
  Entities<Info> entities_;
};

}  // namespace

class Channelz::Methods {
 public:
  Registry<ServerInfo> servers;
  Registry<ChannelInfo> channels;

  Task<proto::GetServersResponse> GetServers(ServerContext& /*context*/, const proto::GetServersRequest& request) {
    const Page<ServerInfo> page{servers.all(), request.start_server_id(), request.max_results()};
    proto::GetServersResponse response;
    response.set_end(page.last);
    for (const Entity<ServerInfo>& server : page.entities) {
      const ServerInfo info = co_await server.inspect();
      *response.add_server() = server_of(info);
    }
    co_return response;
  }

  Task<proto::GetServerResponse> GetServer(ServerContext& /*context*/, const proto::GetServerRequest& request) {
    const ServerInfo info = co_await inspect_server(request.server_id());
    proto::GetServerResponse response;
    *response.mutable_server() = server_of(info);
    co_return response;
  }

  Task<proto::GetServerSocketsResponse> GetServerSockets(ServerContext& /*context*/,
                                                         const proto::GetServerSocketsRequest& request) {
    ServerInfo info = co_await inspect_server(request.server_id());
    std::vector<ConnectionInfo>& connections = info.connections;
    const auto by_id = [](const ConnectionInfo& one, const ConnectionInfo& other) { return one.id < other.id; };
    std::sort(connections.begin(), connections.end(), by_id);
    std::erase_if(connections, [first = static_cast<std::uint64_t>(request.start_socket_id())](
                                   const ConnectionInfo& connection) { return connection.id < first; });
    const std::size_t shown = std::min(connections.size(), most_results(request.max_results()));
    proto::GetServerSocketsResponse response;
    response.set_end(shown == connections.size());
    for (std::size_t i = 0; i < shown; ++i) set_socket_ref(connections[i], *response.add_socket_ref());
    co_return response;
  }

  Task<proto::GetTopChannelsResponse> GetTopChannels(ServerContext& /*context*/,
                                                     const proto::GetTopChannelsRequest& request) {
    const Page<ChannelInfo> page{channels.all(), request.start_channel_id(), request.max_results()};
    proto::GetTopChannelsResponse response;
    response.set_end(page.last);
    for (const Entity<ChannelInfo>& channel : page.entities) {
      const ChannelInfo info = co_await channel.inspect();
      *response.add_channel() = channel_of(info);
    }
    co_return response;
  }

  Task<proto::GetChannelResponse> GetChannel(ServerContext& /*context*/, const proto::GetChannelRequest& request) {
    const Entities<ChannelInfo> shown = channels.all();
    const Entity<ChannelInfo>* channel = find_entity(shown, request.channel_id());
    if (channel == nullptr) abort_unknown("channel", request.channel_id());
    const ChannelInfo info = co_await channel->inspect();
    proto::GetChannelResponse response;
    *response.mutable_channel() = channel_of(info);
    co_return response;
  }

  Task<proto::GetSubchannelResponse> GetSubchannel(ServerContext& /*context*/,
                                                   const proto::GetSubchannelRequest& request) {
    const Entities<ChannelInfo> shown_channels = channels.all();
    for (const Entity<ChannelInfo>& channel : shown_channels) {
      const ChannelInfo info = co_await channel.inspect();
      for (const SubchannelInfo& subchannel : info.subchannels) {
        if (subchannel.id != static_cast<std::uint64_t>(request.subchannel_id())) continue;
        proto::GetSubchannelResponse response;
        *response.mutable_subchannel() = subchannel_of(subchannel);
        co_return response;
      }
    }
    abort_unknown("subchannel", request.subchannel_id());
  }

  Task<proto::GetSocketResponse> GetSocket(ServerContext& /*context*/, const proto::GetSocketRequest& request) {
    const auto id = static_cast<std::uint64_t>(request.socket_id());
    proto::GetSocketResponse response;
    const Entities<ServerInfo> shown_servers = servers.all();
    for (const Entity<ServerInfo>& server : shown_servers) {
      const ServerInfo info = co_await server.inspect();
      for (const ServerInfo::Listening& listening : info.listening) {
        if (listening.id == id) *response.mutable_socket() = socket_of(listening);
      }
      for (const ConnectionInfo& connection : info.connections) {
        if (connection.id == id) *response.mutable_socket() = socket_of(connection);
      }
    }
    const Entities<ChannelInfo> shown_channels = channels.all();
    for (const Entity<ChannelInfo>& channel : shown_channels) {
      const ChannelInfo info = co_await channel.inspect();
      for (const SubchannelInfo& subchannel : info.subchannels) {
        for (const ConnectionInfo& connection : subchannel.connections) {
          if (connection.id == id) *response.mutable_socket() = socket_of(connection);
        }
      }
    }
    if (!response.has_socket()) abort_unknown("socket", request.socket_id());
    co_return response;
  }

 private:
  Task<ServerInfo> inspect_server(std::int64_t id) {
    const Entities<ServerInfo> shown = servers.all();
    const Entity<ServerInfo>* server = find_entity(shown, id);
    if (server == nullptr) abort_unknown("server", id);
    co_return co_await server->inspect();
  }
};

Channelz::Channelz() : Service("grpc.channelz.v1.Channelz"), implementation_(std::make_unique<Methods>()) {
  add_method("GetTopChannels", detail::make_handler(*implementation_, &Methods::GetTopChannels));
  add_method("GetServers", detail::make_handler(*implementation_, &Methods::GetServers));
  add_method("GetServer", detail::make_handler(*implementation_, &Methods::GetServer));
  add_method("GetServerSockets", detail::make_handler(*implementation_, &Methods::GetServerSockets));
  add_method("GetChannel", detail::make_handler(*implementation_, &Methods::GetChannel));
  add_method("GetSubchannel", detail::make_handler(*implementation_, &Methods::GetSubchannel));
  add_method("GetSocket", detail::make_handler(*implementation_, &Methods::GetSocket));
}

Channelz::~Channelz() = default;
void Channelz::add(const Server& server) {
  implementation_->servers.add({.id = server.id(), .inspect = server.inspector(Inspect::kCounts)});
}
void Channelz::add(const Channel& channel) {
  implementation_->channels.add({.id = channel.id(), .inspect = channel.inspector(Inspect::kCounts)});
}
void Channelz::remove(const Server& server) { implementation_->servers.remove(server.id()); }
void Channelz::remove(const Channel& channel) { implementation_->channels.remove(channel.id()); }

}  // namespace tern

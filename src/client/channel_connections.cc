#include "client/channel_connections.h"

#include <utility>

#include "text/log.h"

namespace tern {

ChannelConnections::ChannelConnections(Loop& loop, std::shared_ptr<const ChannelConfig> config, Balancer* balancer)
    : loop_(loop), config_(std::move(config)), balancer_(balancer), keepalive_time_(config_->options().keepalive_time) {
  // The server may not push, so it never opens a stream here.
  settings_.max_concurrent_streams = 0;
  settings_.max_header_bytes = http2::header_limit(options().max_metadata_size);
  settings_.max_header_fields = http2::header_limit(options().max_metadata_fields);
}

ChannelConnections::~ChannelConnections() {
  while (!connections_.empty()) delete &connections_.pop_front();
}

ClientConnection& ChannelConnections::add(std::unique_ptr<transport::ByteStream> stream, ConnectionUser& user) {
  auto* connection = new ClientConnection(*this, std::move(stream), user);
  connections_.push_back(*connection);
  connection->start();
  return *connection;
}

void ChannelConnections::say_goodbye() {
  connections_.for_each([](ClientConnection& connection) { connection.say_goodbye(); });
}

// gRPC's rule for GOAWAY with "too_many_pings" (gRFC A8): half as often, for all connections that are made later.
void ChannelConnections::too_many_pings(const std::string& peer) {
  if (!keepalive_time_) return;  // it finds other pings too many than ours
  *keepalive_time_ *= 2;
  log_warning("client", "{} finds our pings too many (ChannelOptions::keepalive_time): from now on every {:.1f} s",
              peer, std::chrono::duration<double>(*keepalive_time_).count());
}

}  // namespace tern

#include "client/client_connection.h"

#include <spdlog/spdlog.h>

#include <utility>

#include "client/channel_loop.h"
#include "client/subchannel.h"

namespace tern {

ClientConnection::ClientConnection(ChannelLoop& owner, std::unique_ptr<transport::ByteStream> stream,
                                   Subchannel* subchannel)
    : owner_(owner),
      subchannel_(subchannel),
      connection_(owner.loop(), std::move(stream), http2::Role::kClient, owner.settings(), *this) {}

void ClientConnection::on_go_away(http2::ErrorCode code, std::string_view debug_data) {
  leaving_ = true;
  if (code != http2::ErrorCode::kNoError) {
    spdlog::warn("{} sent GOAWAY {} {}", connection_.peer(), http2::name_of(code), debug_data);
  }
  if (subchannel_ != nullptr) subchannel_->connection_left(*this);
}

void ClientConnection::leave_subchannel() {
  subchannel_ = nullptr;
  if (std::exchange(leaving_, true) || connection_.closed()) return;
  connection_.session().go_away();
}

void ClientConnection::on_lost(const std::string& /*reason*/) {
  greeted_->set();
  if (subchannel_ != nullptr) subchannel_->connection_left(*this);
  owner_.remove(*this);
}

}  // namespace tern

#include "client/client_connection.h"

#include <spdlog/spdlog.h>

#include "client/channel_loop.h"

namespace tern {

ClientConnection::ClientConnection(ChannelLoop& owner, std::unique_ptr<transport::ByteStream> stream)
    : owner_(owner), connection_(owner.loop(), std::move(stream), http2::Role::kClient, owner.settings(), *this) {}

void ClientConnection::on_go_away(http2::ErrorCode code, std::string_view debug_data) {
  leaving_ = true;
  if (code != http2::ErrorCode::kNoError) {
    spdlog::warn("{} sent GOAWAY {} {}", connection_.peer(), http2::name_of(code), debug_data);
  }
}

void ClientConnection::on_lost(const std::string& /*reason*/) {
  greeted_->set();
  owner_.remove(*this);
}

}  // namespace tern

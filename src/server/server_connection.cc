#include "server/server_connection.h"

#include <spdlog/spdlog.h>

#include "server/server_loop.h"

namespace tern {

ServerConnection::ServerConnection(ServerLoop& owner, std::unique_ptr<transport::ByteStream> stream)
    : owner_(owner),
      connection_(owner.loop(), std::move(stream), http2::Role::kServer, owner.shared().settings, *this) {}

ServerConnection::~ServerConnection() {
  while (!calls_.empty()) delete &calls_.pop_front();
}

void ServerConnection::send_away() {
  if (lost_ || connection_.closed()) return;
  // Calls that are on their way while the client does not know yet are still served; after a round trip none can be.
  sent_away_ = true;
  connection_.session().announce_shutdown();
  connection_.session().ping();
}

void ServerConnection::on_ping_answered() {
  if (sent_away_) connection_.session().go_away();
}

void ServerConnection::cancel_calls() {
  calls_.for_each([](ServerCall& call) { call.cancel_handler(); });
}

http2::Stream* ServerConnection::on_stream_opened() {
  auto* call = new ServerCall(*this);
  calls_.push_back(*call);
  return call;
}

void ServerConnection::call_over(ServerCall& call) {
  delete &call;
  if (lost_ && calls_.empty()) owner_.remove(*this);
}

void ServerConnection::on_lost(const std::string& reason) {
  if (!reason.empty()) spdlog::debug("connection of {}: {}", connection_.peer(), reason);
  lost_ = true;
  if (calls_.empty()) owner_.remove(*this);
}

}  // namespace tern

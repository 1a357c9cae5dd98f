#include "rest/client_origin.h"

#include <algorithm>

namespace tern::rest {

ClientOrigin::Lease::~Lease() {
  if (origin_ == nullptr) return;
  if (connection != nullptr && connection->reusable()) {
    connection->idle_since = Clock::now();
    origin_->idle_.push_front(std::move(connection));
  } else {
    --origin_->open_;
  }
  origin_->freed.set();
}

ClientOrigin::Opening::~Opening() {
  --origin_.opening_;
  if (!done_) --origin_.open_;
  origin_.freed.set();
}

std::unique_ptr<ClientConnection> ClientOrigin::take_idle() {
  close_old();
  while (!idle_.empty()) {
    std::unique_ptr<ClientConnection> kept = std::move(idle_.front());
    idle_.pop_front();
    if (!kept->stale()) return kept;
    --open_;
  }
  return nullptr;
}

std::shared_ptr<Http2ClientConnection> ClientOrigin::shared() const {
  for (const auto& connection : http2_) {
    if (connection->has_room()) return connection;
  }
  return nullptr;
}

bool ClientOrigin::may_open(bool may_share) const {
  if (open_ >= max_open_) return false;
  if (!may_share) return true;
  if (opening_ > 0 && speaks != Speaks::kHttp1) return false;
  return std::ranges::none_of(http2_, [](const auto& connection) { return connection->will_have_room(); });
}

void ClientOrigin::changed() {
  open_ -= std::erase_if(http2_, [](const auto& connection) { return connection->lost(); });
  freed.set();
}

void ClientOrigin::close_old() {
  const Clock::time_point limit = Clock::now() - idle_timeout_;
  while (!idle_.empty() && idle_.back()->idle_since < limit) {
    idle_.pop_back();
    --open_;
  }
}

void ClientOrigin::close_idle() {
  open_ -= idle_.size();
  idle_.clear();
}

}  // namespace tern::rest

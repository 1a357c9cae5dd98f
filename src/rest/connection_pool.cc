#include "rest/connection_pool.h"

#include <utility>
#include <vector>

#include "transport/connector.h"
#include "transport/tls_stream.h"

namespace tern::rest {

ConnectionPool::Lease::~Lease() {
  if (origin_ == nullptr) return;
  if (connection != nullptr && connection->reusable()) {
    connection->idle_since = Clock::now();
    origin_->idle.push_front(std::move(connection));
  } else {
    --origin_->open;
  }
  origin_->freed.set();
}

Task<ConnectionPool::Lease> ConnectionPool::lease(const ClientUrl& url) {
  const std::shared_ptr<Origin> origin = origin_of(url);
  for (;;) {
    close_old(*origin);
    if (!origin->idle.empty()) {
      std::unique_ptr<ClientConnection> kept = std::move(origin->idle.front());
      origin->idle.pop_front();
      if (!kept->stale()) {
        Lease lease{origin, std::move(kept), true};
        co_return lease;
      }
      --origin->open;
      continue;
    }
    if (origin->open < options_.max_connections_per_host) break;
    origin->freed.clear();
    co_await origin->freed.wait();
  }
  ++origin->open;
  Lease lease{origin, nullptr, false};  // gives its place back where connecting fails
  std::unique_ptr<transport::ByteStream> stream = co_await connect(url);
  lease.connection = std::make_unique<ClientConnection>(std::move(stream));
  co_return lease;
}

Task<std::unique_ptr<transport::ByteStream>> ConnectionPool::connect(const ClientUrl& url) {
  try {
    co_return co_await connect_stream(url);
  } catch (const std::runtime_error& error) {
    throw ClientError{error.what()};
  }
}

Task<std::unique_ptr<transport::ByteStream>> ConnectionPool::connect_stream(const ClientUrl& url) {
  std::vector<transport::Address> addresses(1);
  addresses.front().host = url.host;
  addresses.front().port = url.port;
  std::unique_ptr<transport::ByteStream> stream = co_await transport::connect(loop_, std::move(addresses));
  if (!url.secure) co_return stream;
  ClientTls* tls = options_.tls;
  if (tls == nullptr) tls = own_tls_ ? &*own_tls_ : &own_tls_.emplace();
  std::string name = tls->server_name().empty() ? url.host : tls->server_name();
  co_return co_await transport::connect_tls(loop_, std::move(stream), tls->context(), std::move(name),
                                            transport::Alpn::kHttp1);
}

std::shared_ptr<ConnectionPool::Origin> ConnectionPool::origin_of(const ClientUrl& url) {
  std::shared_ptr<Origin>& origin = origins_[url.origin()];
  if (origin == nullptr) origin = std::make_shared<Origin>();
  return origin;
}

void ConnectionPool::close_old(Origin& origin) const {
  const Clock::time_point limit = Clock::now() - options_.idle_timeout;
  while (!origin.idle.empty() && origin.idle.back()->idle_since < limit) {
    origin.idle.pop_back();
    --origin.open;
  }
}

void ConnectionPool::close_idle(const ClientUrl& url) {
  const std::shared_ptr<Origin> origin = origin_of(url);
  origin->open -= origin->idle.size();
  origin->idle.clear();
}

std::size_t ConnectionPool::connections() const noexcept {
  std::size_t all = 0;
  for (const auto& [name, origin] : origins_) all += origin->open;
  return all;
}

}  // namespace tern::rest

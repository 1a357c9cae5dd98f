#include "rest/connection_pool.h"

#include <utility>
#include <vector>

#include "rest/http1_client_codec.h"
#include "rest/http2_client_codec.h"
#include "transport/connector.h"
#include "transport/tls_stream.h"

namespace tern::rest {

Task<std::unique_ptr<ClientCodec>> ConnectionPool::codec_for(const ClientUrl& url) {
  std::shared_ptr<ClientOrigin> origin = origin_of(url);
  for (;;) {
    const bool http2 = offers_http2(url, *origin);
    if (http2) {
      if (std::shared_ptr<Http2ClientConnection> shared = origin->shared()) co_return share(std::move(shared));
    }
    if (std::unique_ptr<ClientConnection> kept = origin->take_idle()) {
      co_return std::make_unique<Http1ClientCodec>(ClientOrigin::Lease{origin, std::move(kept), true}, options_);
    }
    if (origin->may_open(http2)) break;
    origin->freed.clear();
    co_await origin->freed.wait();
  }
  co_return co_await open(url, std::move(origin));
}

Task<std::unique_ptr<ClientCodec>> ConnectionPool::open(const ClientUrl& url, std::shared_ptr<ClientOrigin> origin) {
  ClientOrigin::Opening opening{*origin};
  std::unique_ptr<transport::ByteStream> stream = co_await connect(url, offers_http2(url, *origin));
  if (stream->alpn() != "h2") {
    opening.done(ClientOrigin::Speaks::kHttp1);
    auto connection = std::make_unique<ClientConnection>(std::move(stream));
    co_return std::make_unique<Http1ClientCodec>(ClientOrigin::Lease{origin, std::move(connection), false}, options_);
  }
  opening.done(ClientOrigin::Speaks::kHttp2);
  const auto changed = [weak = std::weak_ptr{origin}] {
    if (const std::shared_ptr<ClientOrigin> alive = weak.lock()) alive->changed();
  };
  auto connection = std::make_shared<Http2ClientConnection>(loop_, std::move(stream), options_, changed);
  origin->add(connection);
  co_return share(std::move(connection));
}

std::unique_ptr<ClientCodec> ConnectionPool::share(std::shared_ptr<Http2ClientConnection> connection) const {
  return std::make_unique<Http2ClientCodec>(Http2ClientConnection::Place{std::move(connection)}, options_);
}

Task<std::unique_ptr<transport::ByteStream>> ConnectionPool::connect(const ClientUrl& url, bool http2) {
  try {
    co_return co_await connect_stream(url, http2);
  } catch (const std::runtime_error& error) {
    throw ClientError{error.what()};
  }
}

Task<std::unique_ptr<transport::ByteStream>> ConnectionPool::connect_stream(const ClientUrl& url, bool http2) {
  std::vector<transport::Address> addresses(1);
  addresses.front().host = url.host;
  addresses.front().port = url.port;
  std::unique_ptr<transport::ByteStream> stream = co_await transport::connect(loop_, std::move(addresses));
  if (!url.secure) co_return stream;
  ClientTls* tls = options_.tls.get();
  if (tls == nullptr) tls = own_tls_ ? &*own_tls_ : &own_tls_.emplace();
  const transport::Alpn alpn = http2 ? transport::Alpn::kHttp1Too : transport::Alpn::kHttp1;
  transport::PeerName name = transport::PeerName::of_server(*tls, url.host);
  co_return co_await transport::connect_tls(loop_, std::move(stream), *tls, std::move(name), alpn);
}

std::shared_ptr<ClientOrigin> ConnectionPool::origin_of(const ClientUrl& url) {
  std::shared_ptr<ClientOrigin>& origin = origins_[url.origin()];
  if (origin == nullptr) origin = std::make_shared<ClientOrigin>(options_);
  return origin;
}

std::size_t ConnectionPool::connections() const noexcept {
  std::size_t all = 0;
  for (const auto& [name, origin] : origins_) all += origin->open();
  return all;
}

}  // namespace tern::rest

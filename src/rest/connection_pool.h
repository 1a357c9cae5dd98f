// ConnectionPool: a client's connections by origin, and the version of HTTP that each speaks: over TLS the one that
// ALPN agrees on, else HTTP/1.1.
#pragma once

#include <cstddef>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "rest/client_codec.h"
#include "rest/client_origin.h"
#include "rest/client_url.h"
#include "tern/async/loop.h"
#include "tern/async/task.h"
#include "tern/rest/client.h"

namespace tern::rest {

class ConnectionPool {
 public:
  ConnectionPool(Loop& loop, const ClientOptions& options) : loop_(loop), options_(options) {}

  /// Shares a connection, takes a kept one, opens one, or waits where the origin has as many as it may. The codec may
  /// outlive the pool.
  Task<std::unique_ptr<ClientCodec>> codec_for(const ClientUrl& url);
  /// Closes the origin's idle connections: one of them was found closed by the server, so the others probably are.
  void close_idle(const ClientUrl& url) { origin_of(url)->close_idle(); }
  /// From now on the origin is spoken to in HTTP/1.1.
  void require_http1(const ClientUrl& url) { origin_of(url)->http1_required = true; }

  [[nodiscard]] std::size_t connections() const noexcept;

 private:
  [[nodiscard]] bool offers_http2(const ClientUrl& url, const ClientOrigin& origin) const {
    return options_.http2 && url.secure && !origin.http1_required;
  }
  Task<std::unique_ptr<ClientCodec>> open(const ClientUrl& url, std::shared_ptr<ClientOrigin> origin);
  Task<std::unique_ptr<transport::ByteStream>> connect(const ClientUrl& url, bool http2);
  Task<std::unique_ptr<transport::ByteStream>> connect_stream(const ClientUrl& url, bool http2);
  std::shared_ptr<ClientOrigin> origin_of(const ClientUrl& url);
  std::unique_ptr<ClientCodec> share(std::shared_ptr<Http2ClientConnection> connection) const;

  Loop& loop_;
  const ClientOptions& options_;
  std::optional<ClientTls> own_tls_;
  std::map<std::string, std::shared_ptr<ClientOrigin>, std::less<>> origins_;
};

}  // namespace tern::rest

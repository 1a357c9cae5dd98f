// ConnectionPool: a client's connections by origin, those in use and those kept for the next request.
#pragma once

#include <cstddef>
#include <list>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "rest/client_connection.h"
#include "rest/client_url.h"
#include "tern/async/event.h"
#include "tern/async/loop.h"
#include "tern/async/task.h"
#include "tern/rest/client.h"

namespace tern::rest {

class ConnectionPool {
  struct Origin {
    std::list<std::unique_ptr<ClientConnection>> idle;  // the last one used in front
    std::size_t open = 0;
    Event freed;
  };

 public:
  ConnectionPool(Loop& loop, const ClientOptions& options) : loop_(loop), options_(options) {}

  /// A connection while one exchange uses it. Destroyed, it gives the connection back where that is reusable(), and
  /// closes it otherwise. May outlive the pool.
  class Lease {
   public:
    Lease(std::shared_ptr<Origin> origin, std::unique_ptr<ClientConnection> its_connection, bool was_kept)
        : connection(std::move(its_connection)), kept(was_kept), origin_(std::move(origin)) {}
    Lease(Lease&&) noexcept = default;
    Lease& operator=(Lease&&) = delete;
    ~Lease();

    std::unique_ptr<ClientConnection> connection;
    /// The connection has carried an exchange before.
    bool kept;

   private:
    std::shared_ptr<Origin> origin_;
  };

  /// Takes a kept connection, opens one, or waits for one where the origin has as many as it may.
  Task<Lease> lease(const ClientUrl& url);
  /// Closes the origin's idle connections: one of them was found closed by the server, so the others probably are.
  void close_idle(const ClientUrl& url);

  [[nodiscard]] std::size_t connections() const noexcept;

 private:
  Task<std::unique_ptr<transport::ByteStream>> connect(const ClientUrl& url);
  Task<std::unique_ptr<transport::ByteStream>> connect_stream(const ClientUrl& url);
  void close_old(Origin& origin) const;
  std::shared_ptr<Origin> origin_of(const ClientUrl& url);

  Loop& loop_;
  const ClientOptions& options_;
  std::optional<ClientTls> own_tls_;
  std::map<std::string, std::shared_ptr<Origin>, std::less<>> origins_;
};

}  // namespace tern::rest

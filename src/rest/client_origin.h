// ClientOrigin: a client's connections to one origin (RFC 6454), and which version of HTTP the origin spoke last.
//
//   HTTP/1.1: an exchange leases a connection, alone, and gives it back
//   HTTP/2:   exchanges share a connection up to the server's SETTINGS_MAX_CONCURRENT_STREAMS
#pragma once

#include <cstddef>
#include <list>
#include <memory>
#include <utility>
#include <vector>

#include "rest/client_connection.h"
#include "rest/http2_client_connection.h"
#include "tern/async/event.h"
#include "tern/rest/client.h"

namespace tern::rest {

/// Belongs to one loop.
class ClientOrigin {
 public:
  class Lease;
  class Opening;
  enum class Speaks { kUnknown, kHttp1, kHttp2 };

  explicit ClientOrigin(const ClientOptions& options)
      : max_open_(options.max_connections_per_host), idle_timeout_(options.idle_timeout) {}
  ClientOrigin(const ClientOrigin&) = delete;
  ClientOrigin& operator=(const ClientOrigin&) = delete;
  ~ClientOrigin() = default;

  /// Returns a kept HTTP/1.1 connection; null when none is kept.
  std::unique_ptr<ClientConnection> take_idle();
  /// Returns an HTTP/2 connection that can carry one more request now; null when all are full.
  [[nodiscard]] std::shared_ptr<Http2ClientConnection> shared() const;
  /// True when one more connection should be opened now. False where the limit is reached, and where another
  /// connection, which might carry the request too, is about to be ready: while the origin is not known to speak
  /// HTTP/1.1, `may_share`, connections are opened one after the other.
  [[nodiscard]] bool may_open(bool may_share) const;

  void add(std::shared_ptr<Http2ClientConnection> connection) { http2_.push_back(std::move(connection)); }
  /// Removes lost HTTP/2 connections, and wakes the requests that wait for a connection.
  void changed();
  void close_idle();

  /// Connections that are open: in use, kept, and being opened.
  [[nodiscard]] std::size_t open() const noexcept { return open_; }

  Speaks speaks = Speaks::kUnknown;
  /// The server rejected HTTP/2, though its TLS offers it (HTTP_1_1_REQUIRED).
  bool http1_required = false;
  /// Set when a request that waits for a connection should look again.
  Event freed;

 private:
  void close_old();

  std::size_t max_open_;
  std::chrono::nanoseconds idle_timeout_;
  std::list<std::unique_ptr<ClientConnection>> idle_;  // the last one used in front
  std::vector<std::shared_ptr<Http2ClientConnection>> http2_;
  std::size_t open_ = 0;
  std::size_t opening_ = 0;
};

/// An HTTP/1.1 connection while one exchange uses it. Destroyed, it gives the connection back where that is reusable(),
/// and closes it otherwise. May outlive the client.
class ClientOrigin::Lease {
 public:
  Lease(std::shared_ptr<ClientOrigin> origin, std::unique_ptr<ClientConnection> its_connection, bool was_kept)
      : connection(std::move(its_connection)), kept(was_kept), origin_(std::move(origin)) {}
  Lease(Lease&&) noexcept = default;
  Lease& operator=(Lease&&) = delete;
  ~Lease();

  std::unique_ptr<ClientConnection> connection;
  /// The connection has carried an exchange before.
  bool kept;

 private:
  std::shared_ptr<ClientOrigin> origin_;
};

/// A connection that is being opened. Destroyed, it gives its place back where done() was not called.
class ClientOrigin::Opening {
 public:
  explicit Opening(ClientOrigin& origin) : origin_(origin) {
    ++origin_.open_;
    ++origin_.opening_;
  }
  Opening(const Opening&) = delete;
  Opening& operator=(const Opening&) = delete;
  ~Opening();

  /// The connection stands, and speaks this.
  void done(Speaks speaks) noexcept {
    origin_.speaks = speaks;
    done_ = true;
  }

 private:
  ClientOrigin& origin_;
  bool done_ = false;
};

}  // namespace tern::rest

// Http2ClientConnection: one HTTP/2 connection of a client, which its requests share: a stream for each (RFC 9113). The
// session is the one that gRPC's channels use.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <utility>

#include "http2/stream.h"
#include "tern/async/loop.h"
#include "tern/detail/timer_queue.h"
#include "tern/rest/client.h"
#include "transport/connection.h"

namespace tern::rest {

/// Belongs to one loop. Shared by the client's origin, until the connection is lost, and the requests on it.
class Http2ClientConnection final : private transport::ConnectionEvents {
 public:
  /// `changed` is called when has_room() or lost() may have changed. It may destroy the connection.
  Http2ClientConnection(Loop& loop, std::unique_ptr<transport::ByteStream> stream, const ClientOptions& options,
                        std::function<void()> changed);
  Http2ClientConnection(const Http2ClientConnection&) = delete;
  Http2ClientConnection& operator=(const Http2ClientConnection&) = delete;
  /// Sends GOAWAY if the socket accepts it at once.
  ~Http2ClientConnection();

  /// A place for one request, held until its stream is closed.
  class Place {
   public:
    explicit Place(std::shared_ptr<Http2ClientConnection> connection);
    Place(Place&& other) noexcept
        : connection_(std::move(other.connection_)),
          held_(std::exchange(other.held_, false)),
          waits_(std::exchange(other.waits_, false)) {}
    Place& operator=(Place&&) = delete;
    ~Place() { free(); }

    /// Opens a stream with the request. Returns false when the connection takes none any more.
    bool open(http2::Stream& stream, std::span<const http2::HeaderField> fields, http2::RequestShape shape);
    /// The response has begun.
    void answered() noexcept { stop_waiting(); }
    /// The request ends before its response has begun: cancelled, or late. A connection whose server has been silent
    /// for a while takes no further requests: it may be dead, and nothing else would show it.
    void abandon();
    /// The stream is closed: another request may use the place. The connection stays alive.
    void free();
    [[nodiscard]] Http2ClientConnection& connection() const noexcept { return *connection_; }

   private:
    void stop_waiting() noexcept {
      if (std::exchange(waits_, false)) --connection_->waiting_;
    }
    std::shared_ptr<Http2ClientConnection> connection_;
    bool held_ = true;
    bool waits_ = false;  // for a response
  };

  /// Takes one more request now. Before the server's SETTINGS came, the first one only: the server may allow no more.
  [[nodiscard]] bool has_room() const noexcept { return usable() && places_ < room(); }
  /// Has no room now and will have some without a request's end: the server's SETTINGS are about to come.
  [[nodiscard]] bool will_have_room() const noexcept;
  [[nodiscard]] bool lost() const noexcept { return connection_.closed(); }
  /// Why the connection is lost, for people; empty for a clean end.
  [[nodiscard]] const std::string& reason() const noexcept { return connection_.reason(); }
  /// Requests that it was used for so far.
  [[nodiscard]] std::uint64_t requests() const noexcept { return connection_.session().streams_opened(); }
  /// The longest header section that the server accepts, in bytes (Session::peer_header_limit).
  [[nodiscard]] std::size_t peer_header_limit() const noexcept { return connection_.session().peer_header_limit(); }

  /// A stream has received something: the server is there.
  void heard() noexcept { silent_since_ = Clock::now(); }

 private:
  [[nodiscard]] bool usable() const noexcept { return !leaving_ && !connection_.closed(); }
  [[nodiscard]] std::size_t room() const noexcept;
  /// Accepts no new requests, and closes when the last request on the connection ends.
  void leave();
  void place_freed();
  void idle_for_long() { leave(); }

  void on_settings() override;
  void on_go_away(http2::ErrorCode code, std::string_view debug_data) override;
  void on_lost(const std::string& reason) override;

  Loop& loop_;
  std::function<void()> changed_;
  std::chrono::nanoseconds idle_timeout_;
  MemberTimer<Http2ClientConnection, &Http2ClientConnection::idle_for_long> idle_timer_{*this};
  std::size_t places_ = 0;   // taken
  std::size_t waiting_ = 0;  // requests whose responses have not begun
  bool greeted_ = false;     // the server's SETTINGS have come
  bool leaving_ = false;
  Clock::time_point silent_since_;  // of the server, while requests wait
  transport::Connection connection_;
};

}  // namespace tern::rest

// ServerConnection: one client's connection and the calls that it carries.
#pragma once

#include <cassert>
#include <memory>
#include <string>
#include <string_view>

#include "http2/memory_budget.h"
#include "server/http_part.h"
#include "server/refusal_log.h"
#include "server/server_call.h"
#include "tern/detail/intrusive_list.h"
#include "tern/server/refusal.h"
#include "transport/connection.h"

namespace tern {

class ServerLoop;

/// Owned by its ServerLoop; leaves it when the connection is lost and the last handler has ended.
class ServerConnection final : public ListNode<ServerConnection>, private transport::ConnectionEvents {
 public:
  /// `http` answers what is no gRPC call; null: it is refused.
  ServerConnection(ServerLoop& owner, std::unique_ptr<transport::ByteStream> stream, HttpPart* http, bool in_process);
  ServerConnection(const ServerConnection&) = delete;
  ServerConnection& operator=(const ServerConnection&) = delete;
  ~ServerConnection();

  void start(std::string_view first_bytes);
  /// No new calls; the connection ends after those that run.
  void send_away();
  void cancel_calls();
  void drain_calls();
  /// Ends it now, and destroys its calls but for those whose handlers block a thread: true when there are such.
  bool close_hard();
  /// Visits the calls.
  template <class Visit>
  void for_each_call(Visit visit) {
    calls_.for_each(visit);
  }

  [[nodiscard]] ServerLoop& owner() const noexcept { return owner_; }
  [[nodiscard]] HttpPart* http() const noexcept { return http_; }
  [[nodiscard]] http2::MemoryBudget& memory() noexcept { return memory_; }
  [[nodiscard]] RefusalLog& refusals() noexcept { return refusals_; }
  [[nodiscard]] const std::string& peer() const noexcept { return connection_.peer(); }
  [[nodiscard]] const PeerIdentity& identity() const noexcept { return connection_.identity(); }
  [[nodiscard]] bool in_process() const noexcept { return in_process_; }
  [[nodiscard]] bool lost() const noexcept { return connection_.closed(); }
  [[nodiscard]] ConnectionInfo info() const { return connection_.info(); }
  void call_over(ServerCall& call);
  /// It is gone: its stream, and its handler.
  void call_gone() noexcept {
    assert(calls_there_ > 0);
    --calls_there_;
  }

  /// Logs the connection's first, and tells the observers.
  void refused(Refusal why, std::string_view text);

 private:
  template <class Folder>
  friend struct DebugLayout;
  http2::Stream* on_stream_opened() override;
  void on_ping_answered() override;
  void on_ping() override;
  void on_settings() override { greeting_timer_.disarm(); }
  void on_stream_refused(http2::ErrorCode code) override;
  void on_stalled() override;
  void on_written_out(std::unique_ptr<transport::ByteStream> stream) override;
  void not_greeted();
  void pings_too_often();
  void too_old();
  void too_old_for_calls();
  void check_idle();
  void on_lost(const std::string& reason) override;

  ServerLoop& owner_;
  HttpPart* http_;
  bool in_process_;
  std::size_t most_calls_;
  http2::MemoryBudget memory_;  // outlives the calls and the session
  IntrusiveList<ServerCall> calls_;
  std::size_t calls_there_ = 0;  // some of them only until their handlers have ended
  transport::PingStrikes ping_strikes_;
  MemberTimer<ServerConnection, &ServerConnection::not_greeted> greeting_timer_{*this};
  MemberTimer<ServerConnection, &ServerConnection::pings_too_often> goodbye_timer_{*this};
  MemberTimer<ServerConnection, &ServerConnection::too_old> age_timer_{*this};
  MemberTimer<ServerConnection, &ServerConnection::too_old_for_calls> grace_timer_{*this};
  MemberTimer<ServerConnection, &ServerConnection::check_idle> idle_timer_{*this};
  std::uint64_t calls_seen_ = 0;  // at the last check_idle
  RefusalLog refusals_;
  bool lost_ = false;
  bool sent_away_ = false;
  transport::Connection connection_;
};

}  // namespace tern

// AccessLog: one line of JSON for each call of a server and each request of a site.
//
//   tern::telemetry::AccessLog log{"/var/log/service/access.log"};
//   server.add_observer(log);
//   site.add_observer(log);
//
//   {"time":"2026-11-25T21:49:04.123456Z","protocol":"grpc","method":"/user.v1.UserService/GetUser","status":"OK",
//    "took_us":412,"peer":"ipv4:127.0.0.1:50712","received_messages":1,"received_bytes":2,"sent_messages":1,
//    "sent_bytes":58}
//
// docs/observability.md has every field.
#pragma once

#include <memory>
#include <string>

#include "tern/rest/observer.h"
#include "tern/server/observer.h"

namespace spdlog {
class logger;  // NOLINT(readability-identifier-naming): spdlog's name
}

namespace tern::telemetry {

/// Made on one of the program's loops; outlives what it observes. Lines are written by a thread of their own, together
/// for what ended within 20 ms, so that a slow disk stops no call; when 16 MiB wait for it, further lines are lost, and
/// the log says how many.
class AccessLog final : public ServerObserver, public rest::RequestObserver {
 public:
  /// Appends to this file; "-": standard output. Throws std::runtime_error when it cannot be opened.
  explicit AccessLog(const std::string& path = "-");
  /// Gives lines to `logger`, several at once, on that thread: one that rotates files, or sends them away.
  explicit AccessLog(std::shared_ptr<spdlog::logger> logger);
  /// Writes what is left.
  ~AccessLog() override;

  void on_call_begun(ServerContext& context) override;
  void on_call_ended(const EndedCall& call) override;
  void on_request_begun(rest::Request& request) override;
  void on_request_ended(const rest::EndedRequest& ended) override;

 private:
  class Core;
  std::unique_ptr<Core> core_;
};

}  // namespace tern::telemetry

// AccessLog: one line of JSON for each call of a server and each request of a site, and for what the server rejected.
//
//   tern::telemetry::AccessLog log{"/var/log/service/access.log"};
//   server.add_observer(log);
//   site.add_observer(log);
//
//   {"time":"2026-11-25T21:49:04.123456Z","protocol":"grpc","method":"/user.v1.UserService/GetUser","status":"OK",
//    "took_us":412,"peer":"ipv4:127.0.0.1:50712","received_messages":1,"received_bytes":2,"sent_messages":1,
//    "sent_bytes":58,"user_agent":"grpc-go/1.70.0"}
//
// docs/observability.md has every field.
#pragma once

#include <memory>
#include <string>

#include "tern/api.h"
#include "tern/async/task.h"
#include "tern/rest/observer.h"
#include "tern/server/observer.h"

namespace spdlog {
class logger;  // NOLINT(readability-identifier-naming): spdlog's name
}

namespace tern::telemetry {

/// Made on one of the program's loops; outlives what it observes. Lines are written by a thread of their own, together
/// for what ended within 20 ms, so that a slow disk stops no call; when 16 MiB wait for it, further lines are lost, and
/// the log says how many. Every line is valid JSON and one line, whatever peers send: texts are cut, and a byte that is
/// not UTF-8 is shown as "\xff".
class TERN_API AccessLog final : public ServerObserver, public rest::RequestObserver {
 public:
  /// Appends to this file; "-": standard output. Throws std::runtime_error when it cannot be opened.
  explicit AccessLog(const std::string& path = "-");
  /// Gives lines to `logger`, several at once, on that thread: one that rotates files, or sends them away.
  explicit AccessLog(std::shared_ptr<spdlog::logger> logger);
  /// Writes what is left.
  ~AccessLog() override;

  /// Closes the file and opens it again by its name, for programs that rename logs (logrotate). A file that cannot be
  /// opened is logged, and the old one stays. Lines go to one of the two, whole. Has no effect on a logger or standard
  /// output. Any thread.
  void reopen() noexcept;
  /// Calls reopen() at each SIGHUP until it is cancelled or destroyed. The signal is caught from this call on, not only
  /// from the await; afterwards it ends the process again. The log must outlive the task. Only on a loop.
  Task<void> reopen_on_hangup();

  void on_call_begun(ServerContext& context) override;
  void on_call_ended(const EndedCall& call) override;
  void on_request_begun(rest::Request& request) override;
  void on_request_ended(const rest::EndedRequest& ended) override;
  /// At most 100 lines a second for each loop: a flood of rejections must not fill the disk. The next line says how
  /// many were left out.
  void on_refused(const Refused& refused) override;

 private:
  class Core;
  std::unique_ptr<Core> core_;
};

}  // namespace tern::telemetry

// ServerHealth: tells load balancers whether to send calls here, by gRPC's health service and by GET /health. The
// server stays up without its database, and serves again when the database is back: the service "liveness" is SERVING
// all the time, for orchestrators that restart what does not answer.
#pragma once

#include <atomic>
#include <functional>

#include "tern/async.h"
#include "tern/rest/site.h"
#include "tern/services/health.h"

namespace userchat {

class ServerHealth {
 public:
  /// Asks the database for anything. Throws when it does not answer.
  using Ask = std::function<tern::Task<void>()>;

  /// `service` outlives this. Until watch() has asked, the database counts as answering.
  ServerHealth(tern::HealthService& service, Ask ask);

  /// Asks every second, for ever. While the database does not answer, the server and its user service are NOT_SERVING.
  tern::Task<void> watch();

  /// NOT_SERVING for good: the server is about to stop.
  void shut_down();

  /// Answers with 200 and "ok", or with 503 and the reason. Any loop.
  [[nodiscard]] tern::rest::Handler handler() const;

 private:
  enum class State { kServing, kNoDatabase, kStopping };

  void set(bool answers, const std::string& problem);

  tern::HealthService& service_;
  Ask ask_;
  std::atomic<State> state_ = State::kServing;
};

}  // namespace userchat

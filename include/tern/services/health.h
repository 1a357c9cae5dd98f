// HealthService: grpc.health.v1, which load balancers and Kubernetes ask whether a server serves
// (grpc/doc/health-checking.md).
//
//   tern::HealthService health;
//   server.add_service(health);
//   health.set("user.v1.UserService", tern::HealthService::State::kServing);
#pragma once

#include <memory>
#include <string_view>

#include "tern/api.h"
#include "tern/server/service.h"

namespace tern {

/// Outlives the server. Any thread.
class TERN_API HealthService final : public Service {
 public:
  enum class State { kUnknown = 0, kServing = 1, kNotServing = 2 };

  /// The server as a whole (the empty name) serves.
  HealthService();
  ~HealthService() override;

  /// Who watches the service learns it at once.
  void set(std::string_view service, State state);
  /// Sets every service to kNotServing for good, whatever is set later. Call it before Server::stop(): watchers then
  /// read NOT_SERVING before the stop ends their streams with UNAVAILABLE. Without it they read UNAVAILABLE alone.
  void shut_down();

 private:
  class Registry;
  class Methods;
  std::unique_ptr<Registry> registry_;
  std::unique_ptr<Methods> implementation_;
};

}  // namespace tern

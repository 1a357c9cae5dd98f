// The standard health service: load balancers and Kubernetes ask it.
#include <fmt/core.h>
#include <grpc/health/v1/health.tern.h>

#include "tern/services/health.h"
#include "tern/tern.h"

using namespace grpc::health::v1;
using State = tern::HealthService::State;

tern::Task<void> check(const Health::Stub& stub, std::string service) {
  try {
    const auto request = tern::make<HealthCheckRequest>([&](auto& message) { message.set_service(service); });
    const HealthCheckResponse response = co_await stub.Check(request);
    const auto& status = HealthCheckResponse::ServingStatus_Name(response.status());
    fmt::print("{}: {}\n", service, status);
  } catch (const tern::RpcError& error) {
    fmt::print("{}: {}\n", service, tern::name_of(error.code()));
  }
}

tern::Task<void> run() {
  tern::HealthService health;
  tern::Server server;
  server.add_service(health);
  tern::Channel channel{fmt::format("127.0.0.1:{}", server.listen("127.0.0.1:0"))};

  const Health::Stub stub{channel};
  health.set("user.v1.UserService", State::kServing);
  co_await check(stub, "user.v1.UserService");
  health.set("user.v1.UserService", State::kNotServing);
  co_await check(stub, "user.v1.UserService");
  co_await check(stub, "nobody.knows.it");

  co_await server.stop();
}

int main() { return tern::run(run()); }

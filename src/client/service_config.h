// ServiceConfig: what a service's owner says of how its clients shall call it (grpc/doc/service_config.md, A6 of gRPC's
// proposals for retries).
#pragma once

#include <bitset>
#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "client/backoff.h"
#include "client/retry_throttle.h"
#include "tern/rpc/status.h"

namespace tern {

using StatusCodes = std::bitset<17>;

struct RetryPolicy {
  int max_attempts = 0;
  BackoffOptions backoff;
  StatusCodes codes;
};

struct HedgingPolicy {
  int max_attempts = 0;
  std::chrono::nanoseconds delay{};
  StatusCodes not_fatal;
};

struct MethodConfig {
  std::optional<std::chrono::nanoseconds> timeout;
  std::optional<bool> wait_for_ready;
  std::optional<std::size_t> max_request_bytes;
  std::optional<std::size_t> max_response_bytes;
  std::optional<RetryPolicy> retry;
  std::optional<HedgingPolicy> hedging;
};

class ServiceConfig {
 public:
  /// Empty text: nothing configured. Throws std::invalid_argument that says what is wrong, and where.
  static ServiceConfig parse(std::string_view json);

  /// For "/package.Service/Method": what is said of the method, of its service, or of all; null when nothing is.
  [[nodiscard]] const MethodConfig* find(std::string_view path) const;

  /// Unset where nothing is said of balancing.
  std::optional<bool> round_robin;
  Throttling throttling;
  /// The service whose health is watched before a server gets calls; empty text means the server as a whole.
  std::optional<std::string> health_service;
  /// To one server, for calls that find no free stream (gRFC A105); at least 1.
  std::optional<std::size_t> max_connections;

 private:
  std::unordered_map<std::string, MethodConfig> methods_;  // by path, by "/service/", and "" for all
};

}  // namespace tern

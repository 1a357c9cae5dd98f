// Scenarios: many calls at once on a handler that waits or computes, and how long until the last one has ended, beside
// what no server could do better.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "report/histogram.h"

namespace tern::tool {

struct Scenario {
  /// "1,000 calls at once, 10 ms of I/O each".
  std::string work;
  /// "10 workers", "coroutines", "run_in_executor" and so on.
  std::string handlers;
  /// "/package.Service/Method".
  std::string_view method;
  std::uint16_t port = 0;
  std::size_t calls = 0;
  /// What each call waits or computes.
  std::chrono::microseconds each{};
  /// What the whole cannot be done in less than.
  std::chrono::nanoseconds limit{};
  /// Whether the client keeps to a processor of its own.
  bool client_apart = false;
};

struct ScenarioResult {
  /// Of each round, in ascending order: from the first call's begin to the last one's end.
  std::vector<std::chrono::nanoseconds> rounds;
  /// Of each call of all rounds.
  Histogram latency;

  [[nodiscard]] std::chrono::nanoseconds median() const { return rounds[rounds.size() / 2]; }
};

/// One round over one connection, after one that is not counted. Throws RpcError when a call fails.
void run_round(const Scenario& scenario, ScenarioResult& result);

}  // namespace tern::tool

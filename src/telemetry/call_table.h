// What Metrics counts of calls and requests, for each loop; and how it is shown.
#pragma once

#include <prometheus/metric_family.h>

#include <array>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <tuple>
#include <vector>

#include "telemetry/histogram.h"
#include "tern/async/counter.h"
#include "tern/async/per_loop.h"
#include "tern/client/observer.h"
#include "tern/rest/observer.h"
#include "tern/server/observer.h"

namespace tern::telemetry {

/// In nanoseconds: OpenTelemetry's for durations, from 5 ms to 10 s, and finer ones below, where most calls are.
inline constexpr std::array<std::uint64_t, 19> kDurationBounds{
    100'000,       250'000,       500'000,       1'000'000,     2'500'000,     5'000'000,   10'000'000,
    25'000'000,    50'000'000,    75'000'000,    100'000'000,   250'000'000,   500'000'000, 750'000'000,
    1'000'000'000, 2'500'000'000, 5'000'000'000, 7'500'000'000, 10'000'000'000};
/// In bytes.
inline constexpr std::array<std::uint64_t, 11> kSizeBounds{64,     256,     1024,    4096,     16384,   65536,
                                                           262144, 1 << 20, 4 << 20, 16 << 20, 64 << 20};

using Durations = Histogram<kDurationBounds>;
using Sizes = Histogram<kSizeBounds>;

/// Of one method, as a server or a channel sees its calls.
struct MethodFigures {
  std::string method;  // "package.Service/Method"
  Counter begun;
  Counter ended;
  Sizes requests;
  Sizes responses;
  std::array<std::unique_ptr<Durations>, 17> durations;  // by status
};

/// Of one route and its answers with one status.
struct RouteFigures {
  Durations durations;
  Sizes responses;
};

/// Counted by one loop; what is there is found without a lock by that loop, and added and read by others under one.
class CallTable {
 public:
  MethodFigures& of_server(const ServerContext& context);
  MethodFigures& of_client(const ClientCall& call);
  void ended(MethodFigures& method, const Status& status, Clock::duration took, const MessageCount& requests,
             const MessageCount& responses);
  void refused(Refusal why) noexcept { refused_.at(static_cast<std::size_t>(why)).add(); }
  void request_begun() noexcept { requests_begun_.add(); }
  void ended(const rest::EndedRequest& request);

 private:
  friend class CallFamilies;
  using RouteKey = std::tuple<std::string, std::string, unsigned>;  // method, route, status

  std::mutex mutex_;
  std::vector<std::unique_ptr<MethodFigures>> server_;  // by ServerContext::method_id
  std::map<std::string, std::map<std::string, std::unique_ptr<MethodFigures>, std::less<>>, std::less<>> clients_;
  std::size_t client_methods_ = 0;
  std::map<RouteKey, std::unique_ptr<RouteFigures>, std::less<>> routes_;
  std::array<Counter, kRefusals> refused_;
  Counter requests_begun_;
  Counter requests_ended_;
};

/// The figures of all loops together. Any thread.
std::vector<prometheus::MetricFamily> families_of(const PerLoop<CallTable>& loops);

}  // namespace tern::telemetry

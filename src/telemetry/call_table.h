// CallTable: the figures of calls and requests that Metrics counts on one loop.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <tuple>
#include <vector>

#include "telemetry/bounds.h"
#include "telemetry/families.h"
#include "telemetry/method_name.h"
#include "tern/async/counter.h"
#include "tern/async/per_loop.h"
#include "tern/client/observer.h"
#include "tern/rest/client_observer.h"
#include "tern/rest/observer.h"
#include "tern/server/observer.h"

namespace tern::telemetry {

using CallDurations = Histogram<kCallBounds>;
using Durations = Histogram<kDurationBounds>;
using Sizes = Histogram<kSizeBounds>;
using GrpcSizes = Histogram<kGrpcSizeBounds>;

/// Calls or attempts of one method that ended with one status.
struct StatusFigures {
  CallDurations durations;
  GrpcSizes sent;
  GrpcSizes received;
};
using ByStatus = std::array<std::unique_ptr<StatusFigures>, 17>;

/// Of one method, as a server or a channel sees its calls.
struct MethodFigures {
  std::string method;  // "package.Service/Method"
  Counter begun;
  Counter ended;
  Sizes requests;
  Sizes responses;
  ByStatus calls;
  Counter attempts_begun;  // of a channel
  ByStatus attempts;
};

/// Of one route and its answers with one status.
struct RouteFigures {
  Durations durations;
  Sizes responses;
};

/// Requests of one method and scheme that run now.
struct ActiveRequests {
  Counter begun;
  Counter ended;
};

/// Counted by one loop. That loop finds a series without a lock; it adds one, and others read them, under a lock. The
/// number of series is bounded whatever peers send: beyond it names become "_OTHER".
class CallTable {
 public:
  /// Adds the server's methods, so that methods without calls have figures too.
  void serves(const std::vector<ServedMethod>& methods);
  MethodFigures& of_server(const ServerContext& context);
  /// `target`: of the channel.
  MethodFigures& of_client(std::string_view target, std::string_view method);
  /// `trace` may be null.
  void ended(MethodFigures& method, const Status& status, Clock::duration took, const MessageCount& requests,
             const MessageCount& responses, bool at_server, const TraceContext* trace);
  void attempt_ended(const EndedAttempt& attempt);
  void refused(Refusal why) noexcept { refused_.at(static_cast<std::size_t>(why)).add(); }
  void request_begun(const rest::Request& request) noexcept { active_of(request).begun.add(); }
  void ended(const rest::EndedRequest& ended);
  void ended(const rest::EndedSentRequest& ended);

  /// Of channels, by target and method.
  [[nodiscard]] std::size_t client_series() const noexcept { return client_methods_; }

 private:
  friend class CallFamilies;
  // HTTP's method, scheme, route, status.
  using RouteKey = std::tuple<std::string, std::string, std::string, unsigned>;
  // HTTP's method, server, port and status, and the error in place of a whole response.
  using SentKey = std::tuple<std::string, std::string, unsigned, unsigned, std::string>;

  MethodFigures& add_server_method(std::uint32_t id, std::string_view name);
  StatusFigures& with_status(ByStatus& figures, StatusCode code);
  ActiveRequests& active_of(const rest::Request& request) noexcept;
  /// Makes the value the bucket's exemplar, unless the table is being read at the moment.
  template <class Figures>
  void note_exemplar(Figures& figures, std::size_t bucket, std::uint64_t value, const TraceContext* trace);

  std::mutex mutex_;
  std::vector<std::unique_ptr<MethodFigures>> server_;  // by ServerContext::method_id
  std::map<std::string, std::map<std::string, std::unique_ptr<MethodFigures>, std::less<>>, std::less<>> clients_;
  std::size_t client_methods_ = 0;
  std::map<RouteKey, std::unique_ptr<RouteFigures>, std::less<>> routes_;
  std::map<SentKey, std::unique_ptr<Durations>, std::less<>> sent_;
  std::array<Counter, kRefusals> refused_;
  std::array<std::array<ActiveRequests, 2>, kHttpMethods.size()> active_;  // by method; http, https
};

/// Which names the program wants to see as they are; see MetricsOptions. Null: all.
using TargetFilter = std::function<bool(std::string_view target)>;

/// The figures of all loops together. Any thread.
Families families_of(const PerLoop<CallTable>& loops, const TargetFilter& target_filter);

}  // namespace tern::telemetry

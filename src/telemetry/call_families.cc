#include <algorithm>
#include <string>
#include <tuple>
#include <utility>

#include "telemetry/call_table.h"
#include "telemetry/peer_address.h"

// The sums of all loops by the labels that they are shown with. Two names that were cut to the same label are one
// series: Prometheus rejects a page with the same series twice.
namespace tern::telemetry {

namespace {

constexpr double kPerSecond = 1e9;

/// The canonical form of a channel's target: with its scheme (gRFC A66, grpc.target).
std::string canonical_target(std::string_view target) {
  static constexpr std::array<std::string_view, 6> kSchemes{"dns:", "ipv4:", "ipv6:", "unix:", "unix-abstract:", "fd:"};
  const auto begins = [target](std::string_view scheme) { return target.starts_with(scheme); };
  if (target == kOther) return "other";
  if (target.find("://") != std::string_view::npos || std::ranges::any_of(kSchemes, begins)) return std::string{target};
  return "dns:///" + std::string{target};
}

/// True for a failure: at the server its own failures alone, not its clients' (OpenTelemetry's conventions for gRPC).
bool is_error(std::size_t code, bool at_server) {
  switch (static_cast<StatusCode>(code)) {
    case StatusCode::kOk:
      return false;
    case StatusCode::kUnknown:
    case StatusCode::kDeadlineExceeded:
    case StatusCode::kUnimplemented:
    case StatusCode::kInternal:
    case StatusCode::kUnavailable:
    case StatusCode::kDataLoss:
      return true;
    default:
      return !at_server;
  }
}

std::string name_of_code(std::size_t code) { return std::string{name_of(static_cast<StatusCode>(code))}; }

struct StatusSums {
  Buckets durations;
  Buckets sent;
  Buckets received;
};
using SumsByStatus = std::map<std::size_t, StatusSums>;

void add_by_status(SumsByStatus& sums, const ByStatus& figures) {
  for (std::size_t code = 0; code < figures.size(); ++code) {
    if (figures.at(code) == nullptr) continue;
    StatusSums& sum = sums[code];
    figures.at(code)->durations.add_to(sum.durations);
    figures.at(code)->sent.add_to(sum.sent);
    figures.at(code)->received.add_to(sum.received);
  }
}

struct MethodSums {
  std::int64_t active = 0;
  std::uint64_t begun = 0;
  std::uint64_t attempts_begun = 0;
  Buckets requests;
  Buckets responses;
  SumsByStatus calls;
  SumsByStatus attempts;

  void add(const MethodFigures& figures) {
    // Read before the other one, which is never larger: a call that begins meanwhile counts as active, and none as
    // less.
    const std::uint64_t ended = figures.ended.value();
    begun += figures.begun.value();
    active += static_cast<std::int64_t>(figures.begun.value() - ended);
    attempts_begun += figures.attempts_begun.value();
    figures.requests.add_to(requests);
    figures.responses.add_to(responses);
    add_by_status(calls, figures.calls);
    add_by_status(attempts, figures.attempts);
  }
};

/// The labels that say whose calls they are, and the sums.
using Methods = std::map<Labels, MethodSums>;

/// gRPC's own, by A66's names and buckets.
class GrpcFamilies {
 public:
  explicit GrpcFamilies(const std::string& what)
      : duration(make_histogram("grpc." + what + ".duration", "s", "How long it took, by status (gRFC A66).")),
        sent(make_histogram("grpc." + what + ".sent_total_compressed_message_size", "By",
                            "Of the messages sent, as they travel (gRFC A66).")),
        received(make_histogram("grpc." + what + ".rcvd_total_compressed_message_size", "By",
                                "Of the messages received, as they travel (gRFC A66).")) {}

  void add(const Labels& labels, const SumsByStatus& sums) {
    for (const auto& [code, sum] : sums) {
      Labels with_status = labels;
      with_status.emplace_back("grpc.status", name_of_code(code));
      add_buckets(duration, with_bounds(sum.durations, kCallBounds, kGrpcDurationBounds), kGrpcDurationBounds,
                  kPerSecond, with_status);
      add_buckets(sent, sum.sent, kGrpcSizeBounds, 1, with_status);
      add_buckets(received, sum.received, kGrpcSizeBounds, 1, with_status);
    }
  }

  Family duration;
  Family sent;
  Family received;
};

/// OpenTelemetry's conventions for RPC.
void append_rpc(Families& families, const std::string& end, const Methods& methods) {
  const std::string prefix = "rpc." + end + ".";
  Family active = make_up_down_counter(prefix + "active_calls", "{call}", "Calls that run now.");
  Family durations = make_histogram(prefix + "call.duration", "s", "From a call's beginning to its end, by status.");
  Family requests = make_histogram(prefix + "request.size", "By", "Of a call's requests together, as they travel.");
  Family responses = make_histogram(prefix + "response.size", "By", "Of a call's responses together, as they travel.");
  for (const auto& [labels, method] : methods) {
    add_value(active, static_cast<double>(method.active), labels);
    add_buckets(requests, method.requests, kSizeBounds, 1, labels);
    add_buckets(responses, method.responses, kSizeBounds, 1, labels);
    for (const auto& [code, sums] : method.calls) {
      Labels with_status = labels;
      with_status.emplace_back("rpc.response.status_code", name_of_code(code));
      if (is_error(code, end == "server")) with_status.emplace_back("error.type", name_of_code(code));
      add_buckets(durations, with_bounds(sums.durations, kCallBounds, kDurationBounds), kDurationBounds, kPerSecond,
                  with_status);
    }
  }
  families.push_back(std::move(active));
  families.push_back(std::move(durations));
  families.push_back(std::move(requests));
  families.push_back(std::move(responses));
}

void append_grpc_server(Families& families, const Methods& methods) {
  Family started = make_counter("grpc.server.call.started", "{call}", "Calls that have begun (gRFC A66).");
  GrpcFamilies calls{"server.call"};
  for (const auto& [labels, method] : methods) {
    add_value(started, static_cast<double>(method.begun), labels);
    calls.add(labels, method.calls);
  }
  families.push_back(std::move(started));
  families.push_back(std::move(calls.duration));
  families.push_back(std::move(calls.sent));
  families.push_back(std::move(calls.received));
}

void append_grpc_client(Families& families, const Methods& methods) {
  Family started = make_counter("grpc.client.attempt.started", "{attempt}", "Attempts that have begun (gRFC A66).");
  GrpcFamilies attempts{"client.attempt"};
  GrpcFamilies calls{"client.call"};
  for (const auto& [labels, method] : methods) {
    add_value(started, static_cast<double>(method.attempts_begun), labels);
    attempts.add(labels, method.attempts);
    calls.add(labels, method.calls);
  }
  families.push_back(std::move(started));
  families.push_back(std::move(attempts.duration));
  families.push_back(std::move(attempts.sent));
  families.push_back(std::move(attempts.received));
  families.push_back(std::move(calls.duration));  // A66 has no sizes of calls
}

}  // namespace

class CallFamilies {
 public:
  explicit CallFamilies(const TargetFilter& target_filter) : target_filter_(target_filter) {}

  void add(CallTable& table) {
    const std::lock_guard lock{table.mutex_};
    for (const auto& method : table.server_) {
      if (method == nullptr) continue;
      rpc_server_[rpc_labels(method->method)].add(*method);
      grpc_server_[{{"grpc.method", grpc_method(method->method)}}].add(*method);
    }
    for (const auto& [target, methods] : table.clients_) {
      for (const auto& [name, method] : methods) add_client(target, *method);
    }
    for (const auto& [key, route] : table.routes_) {
      RouteSums& sums = routes_[key];
      route->durations.add_to(sums.durations);
      route->responses.add_to(sums.responses);
    }
    for (const auto& [key, durations] : table.sent_) durations->add_to(sent_[key]);
    for (std::size_t i = 0; i < kRefusals; ++i) refused_.at(i) += table.refused_.at(i).value();
    for (std::size_t method = 0; method < kHttpMethods.size(); ++method) {
      for (std::size_t secure = 0; secure < 2; ++secure) {
        const ActiveRequests& active = table.active_.at(method).at(secure);
        const std::uint64_t ended = active.ended.value();
        const std::uint64_t begun = active.begun.value();
        if (begun == 0) continue;
        requests_active_[{method, secure}] += static_cast<std::int64_t>(begun - ended);
      }
    }
  }

  [[nodiscard]] Families families() const {
    Families families;
    append_rpc(families, "server", rpc_server_);
    append_rpc(families, "client", rpc_client_);
    append_grpc_server(families, grpc_server_);
    append_grpc_client(families, grpc_client_);
    append_refused(families);
    append_http_server(families);
    append_http_client(families);
    return families;
  }

 private:
  struct RouteSums {
    Buckets durations;
    Buckets responses;
  };

  static Labels rpc_labels(const std::string& method) { return {{"rpc.system.name", "grpc"}, {"rpc.method", method}}; }
  /// A66 has a name of its own for methods that nobody registered.
  static std::string grpc_method(const std::string& method) { return method == kOther ? "other" : method; }

  void add_client(const std::string& target, const MethodFigures& method) {
    const bool shown = target != kOther && (!target_filter_ || target_filter_(target));
    Labels labels = rpc_labels(method.method);
    const PeerAddress server = target_address(target);
    labels.emplace_back("server.address", shown ? label_text(server.address) : std::string{kOther});
    if (shown && server.port) labels.emplace_back("server.port", std::to_string(*server.port));
    rpc_client_[labels].add(method);
    const std::string grpc_target = shown ? label_text(canonical_target(target)) : "other";
    grpc_client_[{{"grpc.method", grpc_method(method.method)}, {"grpc.target", grpc_target}}].add(method);
  }

  void append_refused(Families& families) const {
    Family refused = make_counter("tern.server.refused", "{refusal}",
                                  "Connections, requests and messages that a server rejected, by the reason.");
    for (std::size_t i = 0; i < kRefusals; ++i) {
      add_value(refused, static_cast<double>(refused_.at(i)),
                {{"reason", std::string{name_of(static_cast<Refusal>(i))}}});
    }
    families.push_back(std::move(refused));
  }

  void append_http_server(Families& families) const {
    Family active =
        make_up_down_counter("http.server.active_requests", "{request}", "Requests that are being answered now.");
    for (const auto& [key, count] : requests_active_) {
      add_value(active, static_cast<double>(count),
                {{"http.request.method", std::string{kHttpMethods.at(key.first)}},
                 {"url.scheme", key.second == 1 ? "https" : "http"}});
    }
    Family durations =
        make_histogram("http.server.request.duration", "s", "From a request's head to the end of its response.");
    Family sizes = make_histogram("http.server.response.body.size", "By", "Of the response's body.");
    for (const auto& [key, route] : routes_) {
      const auto& [method, scheme, path, status] = key;
      Labels labels{{"http.request.method", method}, {"url.scheme", scheme}};
      if (status != 0) labels.emplace_back("http.response.status_code", std::to_string(status));
      if (!path.empty()) labels.emplace_back("http.route", path);
      // The client left before there was a response, or the server failed.
      if (status == 0 && path != kOther) labels.emplace_back("error.type", "cancelled");
      if (status >= 500) labels.emplace_back("error.type", std::to_string(status));
      add_buckets(durations, route.durations, kDurationBounds, kPerSecond, labels);
      add_buckets(sizes, route.responses, kSizeBounds, 1, labels);
    }
    families.push_back(std::move(active));
    families.push_back(std::move(durations));
    families.push_back(std::move(sizes));
  }

  void append_http_client(Families& families) const {
    Family durations = make_histogram("http.client.request.duration", "s",
                                      "From the sending of a request to the end of its response.");
    for (const auto& [key, sums] : sent_) {
      const auto& [method, host, port, status, error] = key;
      Labels labels{{"http.request.method", method}, {"server.address", host}, {"server.port", std::to_string(port)}};
      if (status != 0) labels.emplace_back("http.response.status_code", std::to_string(status));
      if (!error.empty()) {
        labels.emplace_back("error.type", error);
      } else if (status >= 400) {
        labels.emplace_back("error.type", std::to_string(status));
      }
      add_buckets(durations, sums, kDurationBounds, kPerSecond, labels);
    }
    families.push_back(std::move(durations));
  }

  const TargetFilter& target_filter_;
  Methods rpc_server_;
  Methods rpc_client_;
  Methods grpc_server_;
  Methods grpc_client_;
  std::map<CallTable::RouteKey, RouteSums> routes_;
  std::map<CallTable::SentKey, Buckets> sent_;
  std::map<std::pair<std::size_t, std::size_t>, std::int64_t> requests_active_;  // by method; https
  std::array<std::uint64_t, kRefusals> refused_{};
};

Families families_of(const PerLoop<CallTable>& loops, const TargetFilter& target_filter) {
  CallFamilies families{target_filter};
  for (CallTable* table : loops.all()) families.add(*table);
  return families.families();
}

}  // namespace tern::telemetry

#include "telemetry/call_table.h"

#include <string_view>
#include <utility>

#include "telemetry/families.h"
#include "telemetry/method_name.h"
#include "tern/client/client_call.h"

namespace tern::telemetry {

namespace {

constexpr std::string_view kOther = "_OTHER";

// Names come from the program; a proxy's come from its clients, and they must not fill the memory.
constexpr std::size_t kMostClientMethods = 1000;

constexpr double kNanosecond = 1e-9;

/// What RFC 9110 and 5789 have, and "_OTHER": anybody can send anything.
std::string_view known_method(std::string_view method) {
  static constexpr std::array<std::string_view, 9> kKnown{"CONNECT", "DELETE", "GET", "HEAD", "OPTIONS",
                                                          "PATCH",   "POST",   "PUT", "TRACE"};
  return std::ranges::find(kKnown, method) != kKnown.end() ? method : kOther;
}

}  // namespace

MethodFigures& CallTable::of_server(const ServerContext& context) {
  const std::uint32_t id = context.method_id();
  if (id < server_.size() && server_[id] != nullptr) return *server_[id];
  const std::lock_guard lock{mutex_};
  if (id >= server_.size()) server_.resize(id + 1);
  server_[id] = std::make_unique<MethodFigures>();
  server_[id]->method = id == 0 ? kOther : method_name(context.method());
  return *server_[id];
}

MethodFigures& CallTable::of_client(const ClientCall& call) {
  std::string_view method = call.method();
  auto target = clients_.find(call.target());
  for (int tries = 0; tries < 2 && target != clients_.end(); ++tries) {
    if (const auto found = target->second.find(method); found != target->second.end()) return *found->second;
    if (client_methods_ < kMostClientMethods) break;
    method = kOther;
  }
  const std::lock_guard lock{mutex_};
  if (target == clients_.end()) target = clients_.try_emplace(call.target()).first;
  std::unique_ptr<MethodFigures>& place = target->second[std::string{method}];
  place = std::make_unique<MethodFigures>();
  place->method = method_name(method);
  ++client_methods_;
  return *place;
}

void CallTable::ended(MethodFigures& method, const Status& status, Clock::duration took, const MessageCount& requests,
                      const MessageCount& responses) {
  method.ended.add();
  if (requests.messages > 0) method.requests.add(requests.bytes);
  if (responses.messages > 0) method.responses.add(responses.bytes);
  std::unique_ptr<Durations>& durations = method.durations.at(static_cast<std::size_t>(status.code()));
  if (durations == nullptr) {
    const std::lock_guard lock{mutex_};
    durations = std::make_unique<Durations>();
  }
  durations->add(static_cast<std::uint64_t>(std::chrono::nanoseconds{took}.count()));
}

void CallTable::ended(const rest::EndedRequest& request) {
  requests_ended_.add();
  const std::tuple<std::string_view, std::string_view, unsigned> key{known_method(request.request.method),
                                                                     request.request.route, request.status};
  auto found = routes_.find(key);
  if (found == routes_.end()) {
    const std::lock_guard lock{mutex_};
    found = routes_.try_emplace(RouteKey{key}, std::make_unique<RouteFigures>()).first;
  }
  found->second->durations.add(static_cast<std::uint64_t>(std::chrono::nanoseconds{request.took}.count()));
  found->second->responses.add(request.bytes_sent);
}

/// What all loops have counted, put together by what goes for it.
class CallFamilies {
 public:
  void add(CallTable& table) {
    const std::lock_guard lock{table.mutex_};
    for (const auto& method : table.server_) {
      if (method != nullptr) server_[{{}, method->method}].add(*method);
    }
    for (const auto& [target, methods] : table.clients_) {
      for (const auto& [name, method] : methods) client_[{target, method->method}].add(*method);
    }
    for (const auto& [key, route] : table.routes_) {
      route->durations.add_to(routes_[key].durations);
      route->responses.add_to(routes_[key].responses);
    }
    for (std::size_t i = 0; i < kRefusals; ++i) refused_.at(i) += table.refused_.at(i).value();
    requests_active_ += static_cast<std::int64_t>(table.requests_begun_.value() - table.requests_ended_.value());
  }

  [[nodiscard]] std::vector<prometheus::MetricFamily> families() const {
    std::vector<prometheus::MetricFamily> families;
    add_calls(families, "server", server_);
    add_calls(families, "client", client_);
    prometheus::MetricFamily refused =
        make_counter("tern_server_refused_total", "What was not taken of clients, by the limit or rule.");
    for (std::size_t i = 0; i < kRefusals; ++i) {
      add_value(refused, static_cast<double>(refused_.at(i)),
                {{"reason", std::string{name_of(static_cast<Refusal>(i))}}});
    }
    families.push_back(std::move(refused));
    prometheus::MetricFamily active =
        make_gauge("http_server_active_requests", "Requests that are being answered now.");
    add_value(active, static_cast<double>(requests_active_));
    families.push_back(std::move(active));
    prometheus::MetricFamily durations =
        make_histogram("http_server_request_duration_seconds", "From a request's head to the end of its response.");
    prometheus::MetricFamily sizes = make_histogram("http_server_response_body_size_bytes", "Of the response's body.");
    for (const auto& [key, route] : routes_) {
      const auto& [method, path, status] = key;
      Labels labels{{"http_request_method", method}, {"http_response_status_code", std::to_string(status)}};
      if (!path.empty()) labels.emplace_back("http_route", path);
      add_buckets(durations, route.durations, kDurationBounds, kNanosecond, labels);
      add_buckets(sizes, route.responses, kSizeBounds, 1, labels);
    }
    families.push_back(std::move(durations));
    families.push_back(std::move(sizes));
    return families;
  }

 private:
  struct Method {
    std::int64_t active = 0;
    Buckets requests;
    Buckets responses;
    std::map<std::size_t, Buckets> durations;

    void add(const MethodFigures& figures) {
      active += static_cast<std::int64_t>(figures.begun.value() - figures.ended.value());
      figures.requests.add_to(requests);
      figures.responses.add_to(responses);
      for (std::size_t status = 0; status < figures.durations.size(); ++status) {
        if (figures.durations.at(status) != nullptr) figures.durations.at(status)->add_to(durations[status]);
      }
    }
  };
  using Methods = std::map<std::pair<std::string, std::string>, Method>;  // by target and name

  static void add_calls(std::vector<prometheus::MetricFamily>& families, const std::string& end,
                        const Methods& methods) {
    const std::string prefix = "rpc_" + end + "_";
    prometheus::MetricFamily active = make_gauge(prefix + "active_calls", "Calls that run now.");
    prometheus::MetricFamily durations =
        make_histogram(prefix + "call_duration_seconds", "From a call's beginning to its end, by status.");
    prometheus::MetricFamily requests =
        make_histogram(prefix + "request_size_bytes", "Of a call's requests together, as they travel.");
    prometheus::MetricFamily responses =
        make_histogram(prefix + "response_size_bytes", "Of a call's responses together, as they travel.");
    for (const auto& [key, method] : methods) {
      Labels labels{{"rpc_system_name", "grpc"}, {"rpc_method", key.second}};
      if (!key.first.empty()) labels.emplace_back("server_address", key.first);
      add_value(active, static_cast<double>(method.active), labels);
      add_buckets(requests, method.requests, kSizeBounds, 1, labels);
      add_buckets(responses, method.responses, kSizeBounds, 1, labels);
      for (const auto& [status, buckets] : method.durations) {
        Labels with_status = labels;
        with_status.emplace_back("rpc_response_status_code", name_of(static_cast<StatusCode>(status)));
        add_buckets(durations, buckets, kDurationBounds, kNanosecond, with_status);
      }
    }
    for (prometheus::MetricFamily* family : {&active, &durations, &requests, &responses}) {
      families.push_back(std::move(*family));
    }
  }

  struct Route {
    Buckets durations;
    Buckets responses;
  };
  Methods server_;
  Methods client_;
  std::map<CallTable::RouteKey, Route> routes_;
  std::array<std::uint64_t, kRefusals> refused_{};
  std::int64_t requests_active_ = 0;
};

std::vector<prometheus::MetricFamily> families_of(const PerLoop<CallTable>& loops) {
  CallFamilies families;
  for (CallTable* table : loops.all()) families.add(*table);
  return families.families();
}

}  // namespace tern::telemetry

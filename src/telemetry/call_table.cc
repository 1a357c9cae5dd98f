#include "telemetry/call_table.h"

#include <algorithm>
#include <string_view>
#include <utility>

namespace tern::telemetry {

namespace {

// Names come from the program; a proxy's come from its clients, and they must not fill the memory. Each loop may have
// as many, and one name of "_OTHER" for each target besides.
constexpr std::size_t kMostClientMethods = 1000;
constexpr std::size_t kMostTargets = 100;
constexpr std::size_t kMostRoutes = 2000;
constexpr std::size_t kMostServers = 500;

std::uint64_t nanoseconds(Clock::duration took) {
  return static_cast<std::uint64_t>(std::max(std::chrono::nanoseconds{took}.count(), std::int64_t{0}));
}

/// Handlers may give any number; HTTP has three digits.
unsigned known_status(unsigned status) noexcept { return status >= 100 && status <= 599 ? status : 0; }

}  // namespace

MethodFigures& CallTable::add_server_method(std::uint32_t id, std::string_view name) {
  if (id >= server_.size()) server_.resize(id + 1);
  server_[id] = std::make_unique<MethodFigures>();
  server_[id]->method = label_text(name);
  return *server_[id];
}

void CallTable::serves(const std::vector<ServedMethod>& methods) {
  const std::lock_guard lock{mutex_};
  for (const ServedMethod& method : methods) {
    if (method.id < server_.size() && server_[method.id] != nullptr) continue;
    add_server_method(method.id, method_name(method.path)).calls[0] = std::make_unique<StatusFigures>();
  }
}

MethodFigures& CallTable::of_server(const ServerContext& context) {
  const std::uint32_t id = context.method_id();
  if (id < server_.size() && server_[id] != nullptr) return *server_[id];
  const std::lock_guard lock{mutex_};
  return add_server_method(id, id == 0 ? kOther : method_name(context.method()));
}

MethodFigures& CallTable::of_client(std::string_view target, std::string_view method) {
  if (method.size() > kLongestLabel) method = kOther;
  if (target.size() > kLongestLabel) target = kOther;
  auto methods = clients_.find(target);
  if (methods == clients_.end() && clients_.size() >= kMostTargets) {
    target = kOther;
    methods = clients_.find(target);
  }
  for (int tries = 0; tries < 2 && methods != clients_.end(); ++tries) {
    if (const auto found = methods->second.find(method); found != methods->second.end()) return *found->second;
    if (client_methods_ < kMostClientMethods) break;
    method = kOther;
  }
  const std::lock_guard lock{mutex_};
  if (methods == clients_.end()) methods = clients_.try_emplace(std::string{target}).first;
  std::unique_ptr<MethodFigures>& place = methods->second[std::string{method}];
  place = std::make_unique<MethodFigures>();
  place->method = label_text(method_name(method));
  ++client_methods_;
  return *place;
}

StatusFigures& CallTable::with_status(ByStatus& figures, StatusCode code) {
  // No code that an observer is given may end the process.
  const auto index = static_cast<std::size_t>(code);
  std::unique_ptr<StatusFigures>& place =
      figures.at(index < figures.size() ? index : static_cast<std::size_t>(StatusCode::kUnknown));
  if (place == nullptr) {
    const std::lock_guard lock{mutex_};
    place = std::make_unique<StatusFigures>();
  }
  return *place;
}

template <class Figures>
void CallTable::note_exemplar(Figures& figures, std::size_t bucket, std::uint64_t value, const TraceContext* trace) {
  if (trace == nullptr || !trace->sampled()) return;
  const std::unique_lock lock{mutex_, std::try_to_lock};
  if (lock.owns_lock()) figures.set_exemplar(bucket, value, *trace);
}

void CallTable::ended(MethodFigures& method, const Status& status, Clock::duration took, const MessageCount& requests,
                      const MessageCount& responses, bool at_server, const TraceContext* trace) {
  method.ended.add();
  if (requests.messages > 0) method.requests.add(requests.bytes);
  if (responses.messages > 0) method.responses.add(responses.bytes);
  StatusFigures& figures = with_status(method.calls, status.code());
  const std::uint64_t duration = nanoseconds(took);
  note_exemplar(figures.durations, figures.durations.add(duration), duration, trace);
  figures.sent.add(at_server ? responses.bytes : requests.bytes);
  figures.received.add(at_server ? requests.bytes : responses.bytes);
}

void CallTable::attempt_ended(const EndedAttempt& attempt) {
  MethodFigures& method = of_client(attempt.target, attempt.method);
  StatusFigures& figures = with_status(method.attempts, attempt.status.code());
  figures.durations.add(nanoseconds(attempt.took));
  figures.sent.add(attempt.sent_bytes);
  figures.received.add(attempt.received_bytes);
}

ActiveRequests& CallTable::active_of(const rest::Request& request) noexcept {
  return active_[http_method_index(request.method)][request.scheme == "https" ? 1 : 0];
}

void CallTable::ended(const rest::EndedRequest& ended) {
  const rest::Request& request = ended.request;
  active_of(request).ended.add();
  const std::string_view method = http_method_name(request.method);
  std::tuple<std::string_view, std::string_view, std::string_view, unsigned> key{method, request.scheme, request.route,
                                                                                 known_status(ended.status)};
  auto found = routes_.find(key);
  if (found == routes_.end() && routes_.size() >= kMostRoutes) {
    key = {kOther, "http", kOther, 0};
    found = routes_.find(key);
  }
  if (found == routes_.end()) {
    const std::lock_guard lock{mutex_};
    found =
        routes_
            .try_emplace(RouteKey{std::get<0>(key), std::get<1>(key), label_text(std::get<2>(key)), std::get<3>(key)},
                         std::make_unique<RouteFigures>())
            .first;
  }
  RouteFigures& figures = *found->second;
  const std::uint64_t duration = nanoseconds(ended.took);
  note_exemplar(figures.durations, figures.durations.add(duration), duration, request.trace.get());
  figures.responses.add(ended.bytes_sent);
}

void CallTable::ended(const rest::EndedSentRequest& ended) {
  const rest::SentRequest& request = ended.request;
  std::string_view error;
  if (!ended.failure.empty())
    error = ended.failure == "cancelled" || ended.failure == "timeout" ? ended.failure : kOther;
  using Key = std::tuple<std::string_view, std::string_view, unsigned, unsigned, std::string_view>;
  Key key{http_method_name(request.method), request.host, request.port, known_status(ended.status), error};
  auto found = sent_.find(key);
  if (found == sent_.end() && sent_.size() >= kMostServers) {
    key = Key{kOther, kOther, 0, 0, {}};
    found = sent_.find(key);
  }
  if (found == sent_.end()) {
    const std::lock_guard lock{mutex_};
    found = sent_
                .try_emplace(SentKey{std::get<0>(key), label_text(std::get<1>(key)), std::get<2>(key), std::get<3>(key),
                                     std::get<4>(key)},
                             std::make_unique<Durations>())
                .first;
  }
  const std::uint64_t duration = nanoseconds(ended.took);
  note_exemplar(*found->second, found->second->add(duration), duration, request.trace.get());
}

}  // namespace tern::telemetry

#include "client/service_config.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <google/protobuf/struct.pb.h>
#include <google/protobuf/util/json_util.h>

#include <algorithm>
#include <cmath>
#include <initializer_list>
#include <stdexcept>

#include "rpc/lower_case.h"
#include "text/log.h"
#include "text/utf8.h"

namespace tern {

namespace {

using google::protobuf::ListValue;
using google::protobuf::Struct;
using google::protobuf::Value;

[[noreturn]] void refuse(const std::string& what) { throw std::invalid_argument("service config: " + what); }

const Value* member(const Struct& object, const char* key) {
  const auto found = object.fields().find(key);
  return found == object.fields().end() ? nullptr : &found->second;
}

/// Logs each member that is not in `known`. Other versions of gRPC may know it, so it is not an error; or it is a typo.
void warn_of_unknown(const Struct& object, const char* where, std::initializer_list<std::string_view> known) {
  for (const auto& [key, value] : object.fields()) {
    if (std::ranges::find(known, std::string_view{key}) != known.end()) continue;
    log_warning("client", "service config: \"{}\" in {} is unknown and has no effect: known are {}",
                text::log_text(key), where, fmt::join(known, ", "));
  }
}

const Struct& object(const Value& value, const char* key) {
  if (!value.has_struct_value()) refuse(fmt::format("\"{}\" is no object", key));
  return value.struct_value();
}

const ListValue& list(const Value& value, const char* key) {
  if (!value.has_list_value()) refuse(fmt::format("\"{}\" is no list", key));
  return value.list_value();
}

double number(const Value& value, const char* key) {
  if (value.has_number_value()) return value.number_value();
  // 64-bit integers may stand in quotes.
  if (value.has_string_value() && !value.string_value().empty()) {
    std::size_t used = 0;
    try {
      const double parsed = std::stod(value.string_value(), &used);
      if (used == value.string_value().size()) return parsed;
    } catch (const std::exception&) {
      used = 0;
    }
  }
  refuse(fmt::format("\"{}\" is no number", key));
}

std::string string_of(const Value* value) {
  return value != nullptr && value->has_string_value() ? value->string_value() : std::string{};
}

bool boolean(const Value& value, const char* key) {
  if (!value.has_bool_value()) refuse(fmt::format("\"{}\" is neither true nor false", key));
  return value.bool_value();
}

std::size_t bytes(const Value& value, const char* key) {
  const double size = number(value, key);
  if (!(size >= 0) || size != std::floor(size)) refuse(fmt::format("\"{}\" is a whole number from 0", key));
  return size < static_cast<double>(SIZE_MAX) ? static_cast<std::size_t>(size) : SIZE_MAX;
}

/// "1.5s", as protobuf writes durations.
std::chrono::nanoseconds duration(const Value& value, const char* key) {
  std::string seconds = string_of(&value);
  if (!seconds.ends_with('s')) refuse(fmt::format(R"("{}" is no duration like "1.5s")", key));
  seconds.pop_back();
  Value as_text;
  as_text.set_string_value(seconds);
  const double parsed = number(as_text, key);
  if (!(parsed >= 0) || parsed > 3e8) refuse(fmt::format("\"{}\" is out of range", key));
  return std::chrono::nanoseconds{std::llround(parsed * 1e9)};
}

StatusCode status_code(const Value& value) {
  const int as_number = value.has_number_value() ? static_cast<int>(value.number_value()) : -1;
  for (int code = 0; code <= static_cast<int>(StatusCode::kUnauthenticated); ++code) {
    const auto known = static_cast<StatusCode>(code);
    if (code == as_number || (value.has_string_value() && name_of(known) == value.string_value())) return known;
  }
  refuse("an unknown status code in a list of them");
}

StatusCodes status_codes(const Value* value, const char* key) {
  StatusCodes codes;
  if (value == nullptr) return codes;
  for (const Value& code : list(*value, key).values()) codes.set(static_cast<std::size_t>(status_code(code)));
  return codes;
}

const Value& required(const Struct& from, const char* key) {
  const Value* value = member(from, key);
  if (value == nullptr) refuse(fmt::format("\"{}\" is missing", key));
  return *value;
}

/// gRPC's implementations take no more than five.
int attempts(const Struct& policy) {
  constexpr int kMost = 5;
  const double most = number(required(policy, "maxAttempts"), "maxAttempts");
  if (most < 2 || most != std::floor(most)) refuse("\"maxAttempts\" is a whole number from 2");
  return static_cast<int>(std::min<double>(most, kMost));
}

RetryPolicy retry_policy(const Struct& policy) {
  warn_of_unknown(policy, "retryPolicy",
                  {"maxAttempts", "initialBackoff", "maxBackoff", "backoffMultiplier", "retryableStatusCodes",
                   "perAttemptRecvTimeout"});
  RetryPolicy retry;
  retry.max_attempts = attempts(policy);
  retry.backoff.initial = duration(required(policy, "initialBackoff"), "initialBackoff");
  retry.backoff.maximum = duration(required(policy, "maxBackoff"), "maxBackoff");
  retry.backoff.multiplier = number(required(policy, "backoffMultiplier"), "backoffMultiplier");
  if (retry.backoff.initial.count() == 0 || retry.backoff.maximum.count() == 0 || !(retry.backoff.multiplier > 0)) {
    refuse("backoffs and their multiplier are greater than 0");
  }
  retry.codes = status_codes(&required(policy, "retryableStatusCodes"), "retryableStatusCodes");
  if (retry.codes.none()) refuse("\"retryableStatusCodes\" is empty");
  return retry;
}

HedgingPolicy hedging_policy(const Struct& policy) {
  warn_of_unknown(policy, "hedgingPolicy", {"maxAttempts", "hedgingDelay", "nonFatalStatusCodes"});
  HedgingPolicy hedging;
  hedging.max_attempts = attempts(policy);
  if (const Value* delay = member(policy, "hedgingDelay")) hedging.delay = duration(*delay, "hedgingDelay");
  hedging.not_fatal = status_codes(member(policy, "nonFatalStatusCodes"), "nonFatalStatusCodes");
  return hedging;
}

MethodConfig method_config(const Struct& from) {
  warn_of_unknown(from, "methodConfig",
                  {"name", "timeout", "waitForReady", "maxRequestMessageBytes", "maxResponseMessageBytes",
                   "retryPolicy", "hedgingPolicy"});
  MethodConfig config;
  if (const Value* timeout = member(from, "timeout")) config.timeout = duration(*timeout, "timeout");
  if (const Value* wait = member(from, "waitForReady")) config.wait_for_ready = boolean(*wait, "waitForReady");
  if (const Value* most = member(from, "maxRequestMessageBytes")) {
    config.max_request_bytes = bytes(*most, "maxRequestMessageBytes");
  }
  if (const Value* most = member(from, "maxResponseMessageBytes")) {
    config.max_response_bytes = bytes(*most, "maxResponseMessageBytes");
  }
  if (const Value* retry = member(from, "retryPolicy")) config.retry = retry_policy(object(*retry, "retryPolicy"));
  if (const Value* hedging = member(from, "hedgingPolicy")) {
    if (config.retry) refuse("a method has a retryPolicy or a hedgingPolicy, not both");
    config.hedging = hedging_policy(object(*hedging, "hedgingPolicy"));
  }
  return config;
}

Throttling throttling_of(const Struct& from) {
  warn_of_unknown(from, "retryThrottling", {"maxTokens", "tokenRatio"});
  Throttling throttling{.max_tokens = number(required(from, "maxTokens"), "maxTokens"),
                        .token_ratio = number(required(from, "tokenRatio"), "tokenRatio")};
  if (!(throttling.max_tokens > 0) || throttling.max_tokens > 1000 || !(throttling.token_ratio > 0)) {
    refuse(R"("maxTokens" is from 1 to 1000, "tokenRatio" greater than 0)");
  }
  return throttling;
}

std::optional<std::size_t> most_connections(const Struct& from) {
  const Value* most = member(from, "maxConnectionsPerSubchannel");
  if (most == nullptr) return std::nullopt;
  const double value = number(*most, "maxConnectionsPerSubchannel");
  if (value < 1 || value != std::floor(value)) refuse("\"maxConnectionsPerSubchannel\" is a whole number from 1");
  return static_cast<std::size_t>(value);
}

/// The first policy in the list that is known decides; nothing where none is asked for.
std::optional<bool> is_round_robin(const Struct& config) {
  if (const Value* policies = member(config, "loadBalancingConfig")) {
    for (const Value& policy : list(*policies, "loadBalancingConfig").values()) {
      const Struct& named = object(policy, "loadBalancingConfig");
      if (member(named, "round_robin") != nullptr) return true;
      if (member(named, "pick_first") != nullptr) return false;
    }
    refuse("\"loadBalancingConfig\" names no policy that is known (pick_first, round_robin)");
  }
  const std::string policy = rpc::lower_case(string_of(member(config, "loadBalancingPolicy")));
  if (policy.empty()) return std::nullopt;
  if (policy != "round_robin" && policy != "pick_first") {
    refuse(fmt::format(R"("loadBalancingPolicy" is "{}": known are pick_first and round_robin)", policy));
  }
  return policy == "round_robin";
}

}  // namespace

ServiceConfig ServiceConfig::parse(std::string_view json) {
  ServiceConfig config;
  if (json.empty()) return config;
  Struct root;
  const auto parsed = google::protobuf::util::JsonStringToMessage({json.data(), json.size()}, &root);
  if (!parsed.ok()) refuse("it is not a JSON object: " + std::string{parsed.message()});
  warn_of_unknown(root, "the service config",
                  {"loadBalancingPolicy", "loadBalancingConfig", "methodConfig", "retryThrottling", "healthCheckConfig",
                   "connectionScaling"});
  config.round_robin = is_round_robin(root);
  if (const Value* throttling = member(root, "retryThrottling")) {
    config.throttling = throttling_of(object(*throttling, "retryThrottling"));
  }
  if (const Value* health = member(root, "healthCheckConfig")) {
    config.health_service = string_of(member(object(*health, "healthCheckConfig"), "serviceName"));
  }
  if (const Value* scaling = member(root, "connectionScaling")) {
    config.max_connections = most_connections(object(*scaling, "connectionScaling"));
  }
  const Value* methods = member(root, "methodConfig");
  if (methods == nullptr) return config;
  for (const Value& entry : list(*methods, "methodConfig").values()) {
    const Struct& from = object(entry, "methodConfig");
    const MethodConfig method = method_config(from);
    for (const Value& name : list(required(from, "name"), "name").values()) {
      warn_of_unknown(object(name, "name"), "methodConfig.name", {"service", "method"});
      const std::string service = string_of(member(object(name, "name"), "service"));
      const std::string method_name = string_of(member(object(name, "name"), "method"));
      if (service.empty() && !method_name.empty()) refuse("a name has a method and no service");
      const std::string path = service.empty() ? std::string{} : fmt::format("/{}/{}", service, method_name);
      if (!config.methods_.emplace(path, method).second) refuse(fmt::format("\"{}\" is named twice", path));
    }
  }
  return config;
}

const MethodConfig* ServiceConfig::find(std::string_view path) const {
  if (methods_.empty()) return nullptr;
  const std::size_t slash = path.rfind('/');
  for (const std::string_view name : {path, path.substr(0, slash + 1), std::string_view{}}) {
    const auto found = methods_.find(std::string{name});
    if (found != methods_.end()) return &found->second;
  }
  return nullptr;
}

}  // namespace tern

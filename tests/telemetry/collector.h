// A collector over gRPC and HTTP that keeps what it gets, and is as strict as OpenTelemetry's: it rejects a request
// with a text that is not UTF-8 as a whole.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "support/serve.h"
#include "telemetry/signal.h"
#include "tern/async/event.h"
#include "tern/otlp/common.pb.h"
#include "tern/otlp/logs.pb.h"
#include "tern/otlp/metrics.pb.h"
#include "tern/otlp/trace.pb.h"
#include "tern/rest/site.h"
#include "tern/services/status_details.h"
#include "text/utf8.h"

namespace tern::test {

inline std::string hex(const std::string& bytes) {
  std::string text;
  for (const char byte : bytes) {
    for (const int shift : {4, 0}) text += "0123456789abcdef"[(static_cast<unsigned char>(byte) >> shift) & 15];
  }
  return text;
}

/// Of a span, a log record or a data point.
template <class Message>
std::string attribute_of(const Message& message, const std::string& key) {
  for (const otlp::KeyValue& attribute : message.attributes()) {
    if (attribute.key() != key) continue;
    return attribute.value().has_int_value() ? std::to_string(attribute.value().int_value())
                                             : attribute.value().string_value();
  }
  return {};
}

/// A refusal with RetryInfo.
inline Status asks_for(StatusCode code, std::chrono::milliseconds pause) {
  google::rpc::RetryInfo info;
  info.mutable_retry_delay()->set_nanos(static_cast<int>(std::chrono::nanoseconds{pause}.count()));
  return with_details(code, "too much", info);
}

class Collector final : public GenericService {
 public:
  AsyncGenerator<RawMessage> Call(ServerContext& context, Reader<RawMessage>& requests) override {
    methods.emplace_back(context.method());
    const std::optional<RawMessage> raw = co_await requests.next();
    metadata.emplace_back();
    for (const auto& [key, value] : context.metadata()) metadata.back()[std::string{key}] = value;
    ++attempts;
    if (silent) co_await sleep(std::chrono::hours{1});
    if (!refusals.empty()) {
      const Status refusal = refusals.front();
      refusals.pop_front();
      ServerContext::abort(refusal);
    }
    if (!raw || !take(methods.back(), raw->bytes)) {
      ServerContext::abort(StatusCode::kInternal, "error unmarshalling request");
    }
    RawMessage reply{response.SerializeAsString()};
    co_yield std::move(reply);
  }

  /// The same for a POST of one signal.
  Task<rest::Response> post(rest::Request& request, const telemetry::Signal& signal) {
    std::string body = co_await request.body();
    methods.emplace_back(request.path());
    metadata.emplace_back();
    for (const auto& [key, value] : request.fields) metadata.back()[key] = value;
    ++attempts;
    if (!http_refusals.empty()) {
      rest::Response refusal = std::move(http_refusals.front());
      http_refusals.pop_front();
      co_return refusal;
    }
    if (!take(signal.method, body)) co_return rest::Response{400, "application/x-protobuf", ""};
    co_return rest::Response{200, "application/x-protobuf", response.SerializeAsString()};
  }

  /// Waits until so many requests were accepted.
  Task<void> accepted(int count) {
    while (batches < count) {
      accepted_one_.clear();
      co_await accepted_one_.wait();
    }
  }

  [[nodiscard]] const otlp::Span& named(const std::string& name, otlp::Span::Kind kind) const {
    for (const otlp::Span& span : spans) {
      if (span.name() == name && span.kind() == kind) return span;
    }
    ADD_FAILURE() << "no span " << name;
    static const otlp::Span kNone;
    return kNone;
  }

  /// The latest of that name.
  [[nodiscard]] const otlp::Metric& metric(const std::string& name) const {
    for (auto metric = metrics.rbegin(); metric != metrics.rend(); ++metric) {
      if (metric->name() == name) return *metric;
    }
    ADD_FAILURE() << "no metric " << name;
    static const otlp::Metric kNone;
    return kNone;
  }

  std::deque<Status> refusals;               // answers to the next requests
  std::deque<rest::Response> http_refusals;  // the same over HTTP
  bool silent = false;                       // never answers
  otlp::ExportResponse response;
  int attempts = 0;
  int batches = 0;
  int rejected = 0;
  std::size_t longest = 0;  // request, in bytes
  std::vector<otlp::Span> spans;
  std::vector<otlp::Metric> metrics;
  std::vector<otlp::LogRecord> records;
  std::map<std::string, std::string> resource;
  std::vector<std::string> methods;                          // of each attempt: a method's or an HTTP path
  std::vector<std::map<std::string, std::string>> metadata;  // of each attempt

 private:
  /// False, and all of the batch is lost, when one text in it is not UTF-8.
  bool take(std::string_view method, const std::string& bytes) {
    longest = std::max(longest, bytes.size());
    otlp::ExportRequest request;
    if (!request.ParseFromString(bytes) || !take_items(method, request)) {
      ++rejected;
      return false;
    }
    ++batches;
    accepted_one_.set();
    for (const otlp::ResourceItems& of_resource : request.resource_items()) {
      for (const otlp::KeyValue& attribute : of_resource.resource().attributes()) {
        resource[attribute.key()] = attribute.value().string_value();
      }
      EXPECT_EQ(of_resource.scope_items(0).scope().name(), "tern");
    }
    return true;
  }

  bool take_items(std::string_view method, const otlp::ExportRequest& request) {
    if (method == telemetry::kTraces.method) return take_as(spans, request);
    if (method == telemetry::kMetrics.method) return take_as(metrics, request);
    if (method == telemetry::kLogs.method) return take_as(records, request);
    ADD_FAILURE() << "no method of OTLP: " << method;
    return false;
  }

  /// Protobuf's own parser does not reject every text that is not UTF-8.
  template <class Item>
  static bool take_as(std::vector<Item>& all, const otlp::ExportRequest& request) {
    std::vector<Item> items;
    for (const otlp::ResourceItems& of_resource : request.resource_items()) {
      for (const std::string& bytes : of_resource.scope_items(0).items()) {
        if (!items.emplace_back().ParseFromString(bytes) || !is_strict(items.back())) return false;
      }
    }
    all.insert(all.end(), items.begin(), items.end());
    return true;
  }

  template <class Message>
  static bool are_strict_attributes(const Message& message) {
    for (const otlp::KeyValue& attribute : message.attributes()) {
      if (!text::is_utf8(attribute.key()) || !text::is_utf8(attribute.value().string_value())) return false;
    }
    return true;
  }
  static bool is_strict(const otlp::Span& span) {
    return text::is_utf8(span.name()) && text::is_utf8(span.trace_state()) && text::is_utf8(span.status().message()) &&
           are_strict_attributes(span);
  }
  static bool is_strict(const otlp::LogRecord& record) {
    return text::is_utf8(record.body().string_value()) && are_strict_attributes(record);
  }
  static bool is_strict(const otlp::Metric& metric) {
    if (!text::is_utf8(metric.name()) || !text::is_utf8(metric.description())) return false;
    for (const auto& point : metric.sum().data_points()) {
      if (!are_strict_attributes(point)) return false;
    }
    for (const auto& point : metric.gauge().data_points()) {
      if (!are_strict_attributes(point)) return false;
    }
    for (const auto& point : metric.histogram().data_points()) {
      if (!are_strict_attributes(point)) return false;
    }
    return true;
  }

  Event accepted_one_;
};

/// Runs `body(collector, target)` while the collector listens; over HTTP it is at "http://target/v1/traces" and so on.
template <class Body>
void with_collector(Collector& collector, Body body, std::size_t threads = 1) {
  const auto run = [](Collector& its_collector, Body its_body) -> Task<void> {
    Server server{{.max_receive_message_length = std::size_t{64} << 20}};
    server.set_generic_service(its_collector);
    rest::Site site;
    for (const telemetry::Signal* signal : {&telemetry::kTraces, &telemetry::kMetrics, &telemetry::kLogs}) {
      site.route("POST", "/" + std::string{signal->path},
                 [&its_collector, signal](rest::Request& request) { return its_collector.post(request, *signal); });
    }
    const std::string target = "127.0.0.1:" + std::to_string(server.listen("127.0.0.1:0", {.http = &site}));
    co_await its_body(its_collector, target);
    co_await server.stop();
  };
  block_on(run(collector, body), {.threads = threads});
}

}  // namespace tern::test

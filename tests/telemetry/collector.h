// A collector over gRPC and HTTP that keeps what it gets, and is as strict as OpenTelemetry's: it rejects a request
// with a text that is not UTF-8 as a whole.
#pragma once

#include <gtest/gtest.h>

#include <deque>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "support/serve.h"
#include "tern/otlp/trace.pb.h"
#include "tern/rest/site.h"
#include "text/utf8.h"

namespace tern::test {

inline std::string hex(const std::string& bytes) {
  std::string text;
  for (const char byte : bytes) {
    for (const int shift : {4, 0}) text += "0123456789abcdef"[(static_cast<unsigned char>(byte) >> shift) & 15];
  }
  return text;
}

inline std::string attribute_of(const otlp::Span& span, const std::string& key) {
  for (const otlp::KeyValue& attribute : span.attributes()) {
    if (attribute.key() != key) continue;
    return attribute.value().has_int_value() ? std::to_string(attribute.value().int_value())
                                             : attribute.value().string_value();
  }
  return {};
}

class Collector final : public GenericService {
 public:
  AsyncGenerator<RawMessage> Call(ServerContext& context, Reader<RawMessage>& requests) override {
    EXPECT_EQ(context.method(), "/opentelemetry.proto.collector.trace.v1.TraceService/Export");
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
    if (!raw || !take(raw->bytes)) ServerContext::abort(StatusCode::kInternal, "error unmarshalling request");
    RawMessage reply{response.SerializeAsString()};
    co_yield std::move(reply);
  }

  /// The same for a POST.
  Task<rest::Response> post(rest::Request& request) {
    std::string body = co_await request.body();
    metadata.emplace_back();
    for (const auto& [key, value] : request.fields) metadata.back()[key] = value;
    ++attempts;
    if (!http_refusals.empty()) {
      rest::Response refusal = std::move(http_refusals.front());
      http_refusals.pop_front();
      co_return refusal;
    }
    if (!take(body)) co_return rest::Response{400, "application/x-protobuf", ""};
    co_return rest::Response{200, "application/x-protobuf", response.SerializeAsString()};
  }

  [[nodiscard]] const otlp::Span& named(const std::string& name, otlp::Span::Kind kind) const {
    for (const otlp::Span& span : spans) {
      if (span.name() == name && span.kind() == kind) return span;
    }
    ADD_FAILURE() << "no span " << name;
    static const otlp::Span kNone;
    return kNone;
  }

  std::deque<Status> refusals;               // answers to the next requests
  std::deque<rest::Response> http_refusals;  // the same over HTTP
  bool silent = false;                       // never answers
  otlp::ExportResponse response;
  int attempts = 0;
  int batches = 0;
  int rejected = 0;
  std::vector<otlp::Span> spans;
  std::map<std::string, std::string> resource;
  std::vector<std::map<std::string, std::string>> metadata;  // of each attempt

 private:
  /// False, and all of the batch is lost, when one text in it is not UTF-8.
  bool take(const std::string& bytes) {
    otlp::ExportRequest request;
    if (!request.ParseFromString(bytes) || !is_strict(request)) {
      ++rejected;
      return false;
    }
    ++batches;
    for (const otlp::ResourceSpans& of_resource : request.resource_spans()) {
      for (const otlp::KeyValue& attribute : of_resource.resource().attributes()) {
        resource[attribute.key()] = attribute.value().string_value();
      }
      for (const otlp::Span& span : of_resource.scope_spans(0).spans()) spans.push_back(span);
    }
    return true;
  }

  static bool is_strict(const otlp::ExportRequest& request) {
    for (const otlp::ResourceSpans& of_resource : request.resource_spans()) {
      for (const otlp::Span& span : of_resource.scope_spans(0).spans()) {
        if (!text::is_utf8(span.name()) || !text::is_utf8(span.trace_state())) return false;
        if (!text::is_utf8(span.status().message())) return false;
        for (const otlp::KeyValue& attribute : span.attributes()) {
          if (!text::is_utf8(attribute.key()) || !text::is_utf8(attribute.value().string_value())) return false;
        }
      }
    }
    return true;
  }
};

/// Runs `body(collector, target)` while the collector listens; over HTTP it is at "http://target/v1/traces".
template <class Body>
void with_collector(Collector& collector, Body body) {
  const auto run = [](Collector& its_collector, Body its_body) -> Task<void> {
    Server server;
    server.set_generic_service(its_collector);
    rest::Site site;
    site.route("POST", "/v1/traces", [&its_collector](rest::Request& request) { return its_collector.post(request); });
    const std::string target = "127.0.0.1:" + std::to_string(server.listen("127.0.0.1:0", {.http = &site}));
    co_await its_body(its_collector, target);
    co_await server.stop();
  };
  block_on(run(collector, body));
}

}  // namespace tern::test

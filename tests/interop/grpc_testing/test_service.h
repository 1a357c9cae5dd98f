// grpc.testing.TestService, as gRPC's interoperability tests describe it (grpc/doc/interop-test-descriptions.md).
#pragma once

#include <grpc/testing/test.tern.h>

#include <chrono>
#include <string>
#include <vector>

#include "tern/tern.h"

namespace tern::interop {

using grpc::testing::Empty;
using grpc::testing::SimpleRequest;
using grpc::testing::SimpleResponse;
using grpc::testing::StreamingInputCallRequest;
using grpc::testing::StreamingInputCallResponse;
using grpc::testing::StreamingOutputCallRequest;
using grpc::testing::StreamingOutputCallResponse;

inline constexpr std::string_view kEchoInitial = "x-grpc-test-echo-initial";
inline constexpr std::string_view kEchoTrailing = "x-grpc-test-echo-trailing-bin";

class TestService final : public grpc::testing::TestService::AsyncService {
 public:
  explicit TestService(std::string server_id) : server_id_(std::move(server_id)) {}

  Task<Empty> EmptyCall(ServerContext& context, const Empty& /*request*/) override {
    echo_metadata(context);
    co_return Empty{};
  }

  Task<SimpleResponse> UnaryCall(ServerContext& context, const SimpleRequest& request) override {
    return answer(context, request);
  }

  Task<SimpleResponse> CacheableUnaryCall(ServerContext& context, const SimpleRequest& request) override {
    context.initial_metadata().add("cache-control", "max-age=60, public");
    return answer(context, request);
  }

  AsyncGenerator<StreamingOutputCallResponse> StreamingOutputCall(ServerContext& context,
                                                                  const StreamingOutputCallRequest& request) override {
    echo_metadata(context);
    prepare_compression(context, request);
    for (const auto& parameters : request.response_parameters()) {
      co_await sleep(std::chrono::microseconds{parameters.interval_us()});
      if (!parameters.compressed().value()) context.disable_next_message_compression();
      StreamingOutputCallResponse response = payload_of(parameters.size());
      co_yield std::move(response);
    }
    end_as_asked(request);
  }

  Task<StreamingInputCallResponse> StreamingInputCall(ServerContext& context,
                                                      Reader<StreamingInputCallRequest>& requests) override {
    echo_metadata(context);
    StreamingInputCallResponse response;
    while (const std::optional<StreamingInputCallRequest> request = co_await requests.next()) {
      if (request->has_expect_compressed()) expect_compressed(context, request->expect_compressed().value());
      response.set_aggregated_payload_size(response.aggregated_payload_size() +
                                           static_cast<int>(request->payload().body().size()));
    }
    co_return response;
  }

  AsyncGenerator<StreamingOutputCallResponse> FullDuplexCall(ServerContext& context,
                                                             Reader<StreamingOutputCallRequest>& requests) override {
    echo_metadata(context);
    while (const std::optional<StreamingOutputCallRequest> request = co_await requests.next()) {
      end_as_asked(*request);
      for (const auto& parameters : request->response_parameters()) {
        co_await sleep(std::chrono::microseconds{parameters.interval_us()});
        StreamingOutputCallResponse response = payload_of(parameters.size());
        co_yield std::move(response);
      }
    }
  }

  AsyncGenerator<StreamingOutputCallResponse> HalfDuplexCall(ServerContext& context,
                                                             Reader<StreamingOutputCallRequest>& requests) override {
    echo_metadata(context);
    std::vector<StreamingOutputCallRequest> all;
    while (std::optional<StreamingOutputCallRequest> request = co_await requests.next()) {
      all.push_back(*std::move(request));
    }
    for (const StreamingOutputCallRequest& request : all) {
      for (const auto& parameters : request.response_parameters()) {
        StreamingOutputCallResponse response = payload_of(parameters.size());
        co_yield std::move(response);
      }
    }
  }

 private:
  static void echo_metadata(ServerContext& context) {
    for (const auto& [key, value] : context.metadata()) {
      if (key == kEchoInitial) context.initial_metadata().add(key, value);
      if (key == kEchoTrailing) context.trailing_metadata().add(key, value);
    }
  }

  static void expect_compressed(const ServerContext& context, bool expected) {
    if (context.message_was_compressed() != expected) {
      ServerContext::abort(StatusCode::kInvalidArgument, expected ? "the message should have been compressed"
                                                                  : "the message should not be compressed");
    }
  }

  template <class Request>
  static void end_as_asked(const Request& request) {
    if (request.response_status().code() == 0) return;
    ServerContext::abort(static_cast<StatusCode>(request.response_status().code()),
                         request.response_status().message());
  }

  static void prepare_compression(ServerContext& context, const StreamingOutputCallRequest& request) {
    for (const auto& parameters : request.response_parameters()) {
      if (parameters.compressed().value()) context.set_compression(Compression::kGzip);
    }
  }

  static StreamingOutputCallResponse payload_of(int size) {
    StreamingOutputCallResponse response;
    response.mutable_payload()->set_body(std::string(static_cast<std::size_t>(size), '\0'));
    return response;
  }

  Task<SimpleResponse> answer(ServerContext& context, const SimpleRequest& request) const {
    echo_metadata(context);
    if (request.has_expect_compressed()) expect_compressed(context, request.expect_compressed().value());
    end_as_asked(request);
    if (request.response_compressed().value()) context.set_compression(Compression::kGzip);
    SimpleResponse response;
    response.mutable_payload()->set_body(std::string(static_cast<std::size_t>(request.response_size()), '\0'));
    if (request.fill_server_id()) response.set_server_id(server_id_);
    constexpr std::string_view kBearer = "Bearer ";
    const std::string_view authorization = context.metadata().get("authorization").value_or("");
    if (request.fill_username() && authorization.starts_with(kBearer)) {
      response.set_username(std::string{authorization.substr(kBearer.size())});
    }
    co_return response;
  }

  std::string server_id_;
};

}  // namespace tern::interop

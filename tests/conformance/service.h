// connectrpc.conformance.v1.ConformanceService: answers as each request's response definition says, and tells the
// client what the server saw of its call (comments in the suite's service.proto).
#pragma once

#include <connectrpc/conformance/v1/service.tern.h>

#include <chrono>
#include <string>
#include <utility>
#include <vector>

#include "conformance/wire.h"
#include "tern/tern.h"

namespace tern::conformance {

using connectrpc::conformance::v1::BidiStreamRequest;
using connectrpc::conformance::v1::BidiStreamResponse;
using connectrpc::conformance::v1::ClientStreamRequest;
using connectrpc::conformance::v1::ClientStreamResponse;
using connectrpc::conformance::v1::ConformancePayload;
using connectrpc::conformance::v1::IdempotentUnaryRequest;
using connectrpc::conformance::v1::IdempotentUnaryResponse;
using connectrpc::conformance::v1::ServerStreamRequest;
using connectrpc::conformance::v1::ServerStreamResponse;
using connectrpc::conformance::v1::StreamResponseDefinition;
using connectrpc::conformance::v1::UnaryRequest;
using connectrpc::conformance::v1::UnaryResponse;
using connectrpc::conformance::v1::UnaryResponseDefinition;
using RequestInfo = ConformancePayload::RequestInfo;

class ConformanceService final : public connectrpc::conformance::v1::ConformanceService::AsyncService {
 public:
  Task<UnaryResponse> Unary(ServerContext& context, const UnaryRequest& request) override {
    return answer<UnaryResponse>(context, request.response_definition(), info_with(context, request));
  }

  Task<IdempotentUnaryResponse> IdempotentUnary(ServerContext& context,
                                                const IdempotentUnaryRequest& request) override {
    return answer<IdempotentUnaryResponse>(context, request.response_definition(), info_with(context, request));
  }

  Task<ClientStreamResponse> ClientStream(ServerContext& context, Reader<ClientStreamRequest>& requests) override {
    RequestInfo info = info_of(context);
    UnaryResponseDefinition definition;
    while (const std::optional<ClientStreamRequest> request = co_await requests.next()) {
      if (info.requests().empty()) definition = request->response_definition();
      info.add_requests()->PackFrom(*request);
    }
    ClientStreamResponse response = co_await answer<ClientStreamResponse>(context, definition, std::move(info));
    co_return response;
  }

  AsyncGenerator<ServerStreamResponse> ServerStream(ServerContext& context,
                                                    const ServerStreamRequest& request) override {
    const StreamResponseDefinition& definition = request.response_definition();
    begin(context, definition);
    RequestInfo info = info_with(context, request);
    for (int i = 0; i < definition.response_data_size(); ++i) {
      co_await sleep(std::chrono::milliseconds{definition.response_delay_ms()});
      ServerStreamResponse response;
      response.mutable_payload()->set_data(definition.response_data(i));
      if (i == 0) response.mutable_payload()->mutable_request_info()->Swap(&info);
      co_yield std::move(response);
    }
    end(definition, definition.response_data().empty() ? &info : nullptr);
  }

  AsyncGenerator<BidiStreamResponse> BidiStream(ServerContext& context, Reader<BidiStreamRequest>& requests) override {
    RequestInfo info = info_of(context);
    StreamResponseDefinition definition;
    bool full_duplex = false;
    bool first = true;
    int sent = 0;
    while (const std::optional<BidiStreamRequest> request = co_await requests.next()) {
      if (std::exchange(first, false)) {
        definition = request->response_definition();
        full_duplex = request->full_duplex();
        if (full_duplex) begin(context, definition);
      }
      info.add_requests()->PackFrom(*request);
      if (!full_duplex) continue;
      if (sent == definition.response_data_size()) break;
      co_await sleep(std::chrono::milliseconds{definition.response_delay_ms()});
      BidiStreamResponse response = next_response(definition, sent++, info);
      co_yield std::move(response);
    }
    if (!full_duplex) begin(context, definition);
    while (sent < definition.response_data_size()) {
      co_await sleep(std::chrono::milliseconds{definition.response_delay_ms()});
      BidiStreamResponse response = next_response(definition, sent++, info);
      co_yield std::move(response);
    }
    end(definition, sent == 0 ? &info : nullptr);
  }

 private:
  static RequestInfo info_of(const ServerContext& context) {
    RequestInfo info;
    set_headers(context.metadata(), *info.mutable_request_headers());
    if (const std::optional<Clock::duration> left = context.time_remaining()) {
      info.set_timeout_ms(std::chrono::ceil<std::chrono::milliseconds>(*left).count());
    }
    return info;
  }

  template <class Request>
  static RequestInfo info_with(const ServerContext& context, const Request& request) {
    RequestInfo info = info_of(context);
    info.add_requests()->PackFrom(request);
    return info;
  }

  /// The response to a call with one response. An error carries the request's info as its last detail.
  template <class Response>
  static Task<Response> answer(ServerContext& context, UnaryResponseDefinition definition, RequestInfo info) {
    add_headers(definition.response_headers(), context.initial_metadata());
    add_headers(definition.response_trailers(), context.trailing_metadata());
    co_await sleep(std::chrono::milliseconds{definition.response_delay_ms()});
    if (definition.has_error()) {
      definition.mutable_error()->add_details()->PackFrom(info);
      ServerContext::abort(to_status(definition.error()));
    }
    Response response;
    response.mutable_payload()->set_data(definition.response_data());
    response.mutable_payload()->mutable_request_info()->Swap(&info);
    co_return response;
  }

  /// Sends the response's headers at once, so that clients see them before the first message.
  static void begin(ServerContext& context, const StreamResponseDefinition& definition) {
    add_headers(definition.response_headers(), context.initial_metadata());
    add_headers(definition.response_trailers(), context.trailing_metadata());
    if (!definition.response_data().empty()) context.send_initial_metadata();
  }

  /// The request's info is in the first response of a stream. Later ones have the requests that came since.
  static BidiStreamResponse next_response(const StreamResponseDefinition& definition, int index, RequestInfo& info) {
    BidiStreamResponse response;
    response.mutable_payload()->set_data(definition.response_data(index));
    if (!info.requests().empty()) response.mutable_payload()->mutable_request_info()->Swap(&info);
    return response;
  }

  /// Ends a stream. `info` is a detail of the error if the client has had no response.
  static void end(const StreamResponseDefinition& definition, const RequestInfo* info) {
    if (!definition.has_error()) return;
    Error error = definition.error();
    if (info != nullptr) error.add_details()->PackFrom(*info);
    ServerContext::abort(to_status(error));
  }
};

}  // namespace tern::conformance

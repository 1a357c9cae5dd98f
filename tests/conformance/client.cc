// The client under test of Connect's conformance suite: reads ClientCompatRequests from stdin, makes the call that each
// describes, and writes a ClientCompatResponse to stdout. tern's client speaks gRPC over HTTP/2.
#include <connectrpc/conformance/v1/client_compat.pb.h>

#include <memory>
#include <utility>
#include <vector>

#include "conformance/service.h"

namespace tern::conformance {
namespace {

using connectrpc::conformance::v1::ClientCompatRequest;
using connectrpc::conformance::v1::ClientCompatResponse;
using connectrpc::conformance::v1::ClientResponseResult;
using connectrpc::conformance::v1::UnimplementedRequest;
using Stub = connectrpc::conformance::v1::ConformanceService::Stub;
using Cancel = ClientCompatRequest::Cancel;
using std::chrono::milliseconds;

/// One call: what it is to do, and what came of it. `context` has the metadata and the status when the call has ended.
struct Call {
  const ClientCompatRequest& request;
  Stub stub;
  CallOptions options;
  CallInfo context;
  ClientResponseResult result;

  /// After how many milliseconds past the last request the call is to be cancelled.
  [[nodiscard]] std::optional<milliseconds> cancel_after_requests() const {
    if (!request.has_cancel()) return std::nullopt;
    const Cancel& cancel = request.cancel();
    if (cancel.cancel_timing_case() == Cancel::kAfterCloseSendMs) return milliseconds{cancel.after_close_send_ms()};
    if (cancel.cancel_timing_case() == Cancel::CANCEL_TIMING_NOT_SET) return milliseconds{0};
    return std::nullopt;
  }
  [[nodiscard]] bool cancels_before_end_of_requests() const { return request.cancel().has_before_close_send(); }
  /// Whether this many responses are where the call is to be cancelled.
  [[nodiscard]] bool cancels_at(int responses) const {
    return request.cancel().has_after_num_responses() &&
           request.cancel().after_num_responses() == static_cast<std::uint32_t>(responses);
  }
};

template <class Request>
Request request_at(const Call& call, int index) {
  Request request;
  if (index >= call.request.request_messages_size() || !call.request.request_messages(index).UnpackTo(&request)) {
    throw std::invalid_argument("request_messages has no " + Request::descriptor()->full_name() + " at " +
                                std::to_string(index));
  }
  return request;
}

template <class Streaming>
Task<void> cancel_later(Streaming& streaming, milliseconds delay) {
  co_await sleep(delay);
  streaming.cancel();
}

template <class Response>
void take_payload(Call& call, const Response& response) {
  *call.result.add_payloads() = response.payload();
}
void take_payload(Call& /*call*/, const connectrpc::conformance::v1::UnimplementedResponse& /*response*/) {}

template <class Response>
void take_result(Call& call, const Result<Response>& result) {
  if (result.ok()) {
    take_payload(call, *result);
  } else {
    call.context.status = result.status();
  }
}

template <class Response>
Task<void> await_unary(Call& call, UnaryCall<Response> unary) {
  try {
    const Result<Response> result = co_await std::move(unary).result();
    take_result(call, result);
  } catch (const Cancelled&) {
    call.context.status = Status{StatusCode::kCancelled, "cancelled by the client"};
    throw;
  }
}

template <class Response>
Task<void> run_unary(Call& call, UnaryCall<Response> unary) {
  const std::optional<milliseconds> cancelled_after = call.cancel_after_requests();
  if (!cancelled_after) {
    co_await await_unary(call, std::move(unary));
    co_return;
  }
  TaskGroup group;
  group.spawn(await_unary(call, std::move(unary)));
  co_await sleep(*cancelled_after);
  group.cancel();
  co_await group.join();
}

/// Writes every request and counts the requests that could not be sent.
template <class Request, class Streaming>
Task<void> write_requests(Call& call, Streaming& streaming) {
  for (int i = 0; i < call.request.request_messages_size(); ++i) {
    const auto request = request_at<Request>(call, i);
    co_await sleep(milliseconds{call.request.request_delay_ms()});
    const bool sent = co_await streaming.write(request);
    if (!sent) {
      call.result.set_num_unsent_requests(call.request.request_messages_size() - i);
      co_return;
    }
  }
}

Task<void> run_client_stream(Call& call) {
  auto streaming = call.stub.ClientStream(call.options);
  co_await write_requests<ClientStreamRequest>(call, streaming);
  if (call.cancels_before_end_of_requests()) streaming.cancel();
  TaskGroup group;
  if (const auto delay = call.cancel_after_requests()) group.spawn(cancel_later(streaming, *delay));
  const Result<ClientStreamResponse> result = co_await streaming.result();
  take_result(call, result);
  group.cancel();
  co_await group.join();
}

/// Reads until the call ends.
template <class Streaming>
Task<void> read_responses(Call& call, Streaming& streaming) {
  while (auto response = co_await streaming.read()) {
    take_payload(call, *response);
    if (call.cancels_at(call.result.payloads_size())) streaming.cancel();
  }
  call.context.status = co_await streaming.status();
}

template <class Streaming>
Task<void> read_to_end(Call& call, Streaming& streaming) {
  TaskGroup group;
  if (const auto delay = call.cancel_after_requests()) group.spawn(cancel_later(streaming, *delay));
  co_await read_responses(call, streaming);
  group.cancel();
  co_await group.join();
}

Task<void> run_server_stream(Call& call) {
  const auto request = request_at<ServerStreamRequest>(call, 0);
  auto streaming = call.stub.ServerStream(request, call.options);
  co_await read_to_end(call, streaming);
}

Task<void> run_bidi_stream(Call& call) {
  auto streaming = call.stub.BidiStream(call.options);
  const bool full_duplex =
      call.request.stream_type() == connectrpc::conformance::v1::STREAM_TYPE_FULL_DUPLEX_BIDI_STREAM;
  if (!full_duplex) {
    co_await write_requests<BidiStreamRequest>(call, streaming);
  } else {
    for (int i = 0; i < call.request.request_messages_size(); ++i) {
      const auto request = request_at<BidiStreamRequest>(call, i);
      co_await sleep(milliseconds{call.request.request_delay_ms()});
      const bool sent = co_await streaming.write(request);
      const std::optional<BidiStreamResponse> response = co_await streaming.read();
      if (response) {
        take_payload(call, *response);
        if (call.cancels_at(call.result.payloads_size())) streaming.cancel();
      }
      if (!sent || !response) {
        call.result.set_num_unsent_requests(call.request.request_messages_size() - i - (sent ? 1 : 0));
        break;
      }
    }
  }
  if (call.cancels_before_end_of_requests()) streaming.cancel();
  co_await streaming.done_writing();
  co_await read_to_end(call, streaming);
}

Task<void> run_method(Call& call) {
  const std::string& method = call.request.method();
  if (method == "Unary") return run_unary(call, call.stub.Unary(request_at<UnaryRequest>(call, 0), call.options));
  if (method == "IdempotentUnary") {
    return run_unary(call, call.stub.IdempotentUnary(request_at<IdempotentUnaryRequest>(call, 0), call.options));
  }
  if (method == "Unimplemented") {
    return run_unary(call, call.stub.Unimplemented(request_at<UnimplementedRequest>(call, 0), call.options));
  }
  if (method == "ClientStream") return run_client_stream(call);
  if (method == "ServerStream") return run_server_stream(call);
  if (method == "BidiStream") return run_bidi_stream(call);
  throw std::invalid_argument("unknown method \"" + method + "\"");
}

Compression compression_of(const ClientCompatRequest& request) {
  switch (request.compression()) {
    case connectrpc::conformance::v1::COMPRESSION_GZIP:
      return Compression::kGzip;
    case connectrpc::conformance::v1::COMPRESSION_DEFLATE:
      return Compression::kDeflate;
    default:
      return Compression::kIdentity;
  }
}

Task<ClientResponseResult> make_call(const ClientCompatRequest& request, TemporaryFolder& files) {
  std::unique_ptr<ClientTls> tls;
  if (!request.server_tls_cert().empty()) {
    tls =
        std::make_unique<ClientTls>(ClientTlsOptions{.authority_file = files.write(request.server_tls_cert()),
                                                     .certificate_file = files.write(request.client_tls_creds().cert()),
                                                     .key_file = files.write(request.client_tls_creds().key())});
  }
  ChannelOptions channel_options{.compression = compression_of(request), .tls = tls.get()};
  if (request.message_receive_limit() != 0) {
    channel_options.max_receive_message_length = request.message_receive_limit();
  }
  Channel channel{request.host() + ":" + std::to_string(request.port()), channel_options};
  Metadata metadata;
  add_headers(request.request_headers(), metadata);
  Call call{request, Stub{channel}, {}, {}, {}};
  call.options.metadata = &metadata;
  call.options.info = &call.context;
  if (request.has_timeout_ms()) call.options.timeout = milliseconds{request.timeout_ms()};
  co_await run_method(call);
  set_headers(call.context.initial_metadata, *call.result.mutable_response_headers());
  set_headers(call.context.trailing_metadata, *call.result.mutable_response_trailers());
  if (!call.context.status.ok()) *call.result.mutable_error() = to_error(call.context.status);
  co_await channel.close();
  co_return std::move(call.result);
}

/// Answers one request after the other. Requests are read on the executor's one thread, as reading blocks.
Task<void> answer_requests(Executor& input, TemporaryFolder& files) {
  for (;;) {
    ClientCompatRequest request;
    const bool more = co_await run_in_executor(input, [&request] { return read_delimited(request); });
    if (!more) co_return;
    ClientCompatResponse response;
    response.set_test_name(request.test_name());
    try {
      *response.mutable_response() = co_await make_call(request, files);
    } catch (const std::exception& error) {
      response.mutable_error()->set_message(error.what());
    }
    write_delimited(response);
  }
}

Task<void> answer_all() {
  constexpr int kCallsAtOnce = 16;
  TemporaryFolder files;
  Executor input{1};
  TaskGroup group;
  for (int i = 0; i < kCallsAtOnce; ++i) group.spawn(answer_requests(input, files));
  co_await group.join();
}

}  // namespace
}  // namespace tern::conformance

int main() { return tern::run(tern::conformance::answer_all()); }

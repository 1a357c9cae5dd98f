#include "rest/transcoding.h"

#include <memory>
#include <optional>
#include <utility>

#include "rest/error_response.h"
#include "rest/request_message.h"
#include "rest/response_body.h"
#include "rest/status_json.h"

namespace tern::rest {

namespace {

using StreamingCall = ServerStreamCall<RawMessage>;

constexpr std::string_view kLines = "application/x-ndjson";
constexpr std::string_view kEvents = "text/event-stream";
constexpr std::string_view kBytes = "application/octet-stream";

/// A stream of one method to one client.
struct Streaming {
  const Gateway& gateway;
  const HttpBinding& binding;
  bool events;
  std::unique_ptr<StreamingCall> call = nullptr;

  [[nodiscard]] bool raw() const noexcept { return binding.sends_any_content(); }
  /// Throws RpcError where the stream is raw: its bytes have no place for an error, so the client must see a body that
  /// breaks off. EventSource reconnects after a plain end, so an event of its own says that the stream is over.
  [[nodiscard]] std::string end(const Status& status) const {
    if (raw() && !status.ok()) throw RpcError{status};
    if (raw()) return {};
    if (status.ok()) return events ? "event: end\ndata: {}\n\n" : "";
    const std::string error = to_json(status);
    return events ? "event: error\ndata: " + error + "\n\n" : R"({"error":)" + error + "}\n";
  }
  [[nodiscard]] std::string piece(std::string body) const {
    if (raw()) return body;
    return events ? "data: " + body + "\n\n" : body + "\n";
  }
};

/// `first` is the stream's first message, if it was read and converted already.
AsyncGenerator<std::string> pieces_of(std::unique_ptr<Streaming> streaming, std::optional<std::string> first) {
  if (first) {
    std::string piece = streaming->piece(*std::move(first));
    co_yield std::move(piece);
  }
  Status status;
  while (status.ok()) {
    std::optional<RawMessage> message = co_await streaming->call->read();
    if (!message) break;
    Result<ResponseBody> converted = response_body(streaming->gateway, streaming->binding, message->bytes);
    status = converted.status();
    if (!converted.ok()) break;
    std::string piece = streaming->piece(std::move(converted->bytes));
    co_yield std::move(piece);
  }
  if (!status.ok()) streaming->call->cancel();
  const Status ended = co_await streaming->call->status();
  std::string last = streaming->end(status.ok() ? ended : status);
  co_yield std::move(last);
}

Task<Response> serve_stream(const Gateway& gateway, const HttpBinding& binding, Request& request, std::string message) {
  const std::string_view accepted = request.fields.get("accept").value_or(std::string_view{});
  const bool events = accepted.find(kEvents) != std::string_view::npos;
  auto streaming = std::make_unique<Streaming>(Streaming{gateway, binding, events});
  const Metadata metadata = metadata_of(request);
  const CallOptions options{.timeout = timeout_of(request), .metadata = &metadata};
  const RawMessage raw{std::move(message)};
  StreamingCall& call =
      *(streaming->call = std::make_unique<StreamingCall>(gateway.channel(), binding.call_path(), raw, options));
  // An error before the first message is still an HTTP status.
  std::string content_type{events ? kEvents : kLines};
  if (streaming->raw()) content_type = kBytes;
  std::optional<std::string> first;
  const Metadata initial = co_await call.initial_metadata();
  // Metadata that the handler sent by themselves go out before the first message: who waits for them may be the one
  // that makes the first message happen. A raw stream has its content type in its first message.
  const bool goes_out_at_once = !streaming->raw() && call.must_wait_to_read();
  if (!goes_out_at_once) {
    const std::optional<RawMessage> reply = co_await call.read();
    if (reply) {
      Result<ResponseBody> body = response_body(gateway, binding, reply->bytes);
      if (!body.ok()) co_return error_response(gateway.options(), request, body.status());
      if (streaming->raw()) content_type = std::move(body->content_type);
      first = std::move(body->bytes);
    } else {
      const Status status = co_await call.status();
      if (!status.ok()) {
        Response failed = error_response(gateway.options(), request, status);
        add_fields(failed.fields, initial);
        add_fields(failed.fields, call.trailing_metadata(), "trailer-");
        co_return failed;
      }
    }
  }
  Response response = Response::stream(content_type, pieces_of(std::move(streaming), std::move(first)));
  response.fields.add("cache-control", "no-cache");
  add_fields(response.fields, initial);
  co_return response;
}

}  // namespace

Task<Response> serve_binding(const Gateway& gateway, const HttpBinding& binding, Request& request) {
  std::string body;
  if (binding.body() != HttpBinding::Body::kNone) body = co_await request.body();
  std::string message = request_message(gateway, binding, request, body);
  if (binding.method().server_streaming()) {
    co_return co_await serve_stream(gateway, binding, request, std::move(message));
  }
  const auto respond = [&gateway, &binding, &request](const Result<RawMessage>& reply) {
    if (!reply.ok()) return error_response(gateway.options(), request, reply.status());
    Result<ResponseBody> content = response_body(gateway, binding, reply->bytes);
    if (!content.ok()) return error_response(gateway.options(), request, content.status());
    return Response{200, content->content_type, std::move(content->bytes)};
  };
  co_return co_await call_unary(gateway, request, binding.call_path(), std::move(message), respond);
}

}  // namespace tern::rest

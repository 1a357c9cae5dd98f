#include "rest/transcoding.h"

#include <memory>
#include <optional>
#include <utility>

#include "rest/status_json.h"

namespace tern::rest {

namespace {

using StreamingCall = ServerStreamCall<RawMessage>;

constexpr std::string_view kLines = "application/x-ndjson";
constexpr std::string_view kEvents = "text/event-stream";

/// A stream of one method to one client.
struct Streaming {
  const Gateway& gateway;
  const HttpBinding& binding;
  bool events;
  std::unique_ptr<StreamingCall> call = nullptr;

  /// EventSource would ask again after a plain end, so an event of its own says that it was one.
  [[nodiscard]] std::string end(const Status& status) const {
    if (status.ok()) return events ? "event: end\ndata: {}\n\n" : "";
    const std::string error = to_json(status);
    return events ? "event: error\ndata: " + error + "\n\n" : R"({"error":)" + error + "}\n";
  }
  [[nodiscard]] std::string piece(const std::string& json) const {
    return events ? "data: " + json + "\n\n" : json + "\n";
  }
};

/// `first` has been read already.
AsyncGenerator<std::string> pieces_of(std::unique_ptr<Streaming> streaming, std::optional<RawMessage> first) {
  std::optional<RawMessage> message = std::move(first);
  Status status;
  while (message && status.ok()) {
    Result<std::string> json = streaming->binding.to_json(streaming->gateway, message->bytes);
    status = json.status();
    if (!json.ok()) break;
    std::string piece = streaming->piece(*json);
    co_yield std::move(piece);
    message = co_await streaming->call->read();
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
  // An error that comes before any message is still an HTTP status.
  std::optional<RawMessage> first = co_await call.read();
  if (!first) {
    const Status status = co_await call.status();
    if (!status.ok()) co_return Response::error(status);
  }
  const Metadata initial = co_await call.initial_metadata();
  Response response = Response::stream(events ? kEvents : kLines, pieces_of(std::move(streaming), std::move(first)));
  response.fields.add("cache-control", "no-cache");
  add_fields(response.fields, initial);
  co_return response;
}

}  // namespace

Task<Response> serve_binding(const Gateway& gateway, const HttpBinding& binding, Request& request) {
  std::string body;
  if (binding.body() != HttpBinding::Body::kNone) body = co_await request.body();
  std::string message = binding.bind(request, body);
  if (binding.method().server_streaming()) {
    co_return co_await serve_stream(gateway, binding, request, std::move(message));
  }
  const auto respond = [&gateway, &binding](const Result<RawMessage>& reply) {
    if (!reply.ok()) return Response::error(reply.status());
    Result<std::string> json = binding.to_json(gateway, reply->bytes);
    return json.ok() ? Response::json(std::move(json).value()) : Response::error(json.status());
  };
  co_return co_await call_unary(gateway, request, binding.call_path(), std::move(message), respond);
}

}  // namespace tern::rest

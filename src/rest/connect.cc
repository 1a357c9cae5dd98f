// Connect (connectrpc.com/docs/protocol): unary calls, whose message is the body, and how errors are written.
#include <fmt/format.h>
#include <google/protobuf/any.pb.h>
#include <google/protobuf/descriptor.pb.h>

#include <optional>
#include <utility>

#include "google/rpc/status.pb.h"
#include "rest/rpc_protocol.h"
#include "rest/status_json.h"
#include "rpc/base64.h"

namespace tern::rest {

namespace {

/// What is asked, from the body or from the query.
struct Asked {
  std::string message;
  bool json;
};

Result<std::string> inflated(const Request& request, std::string_view field, std::string bytes, std::size_t limit) {
  const Result<Compression> compression = compression_of(request, field);
  if (!compression.ok()) return compression.status();
  if (*compression == Compression::kIdentity) return bytes;
  Result<Buffer> whole = rpc::inflate_message(Buffer::copy_of(bytes), *compression, limit);
  if (!whole.ok()) return whole.status();
  return std::string{whole->text()};
}

/// Base64 with the letters of URLs, too (RFC 4648 §5).
Result<std::string> from_url_base64(std::string text) {
  for (char& letter : text) {
    if (letter == '-') letter = '+';
    if (letter == '_') letter = '/';
  }
  const auto bytes = rpc::decode_base64(text);
  if (!bytes) return Status{StatusCode::kInvalidArgument, "the query's message is not base64"};
  return *bytes;
}

/// Unary-Get: the query has the message, and how it is written.
Result<Asked> asked_by_query(const Request& request, std::size_t limit) {
  std::string message;
  std::string encoding;
  std::string compression;
  bool base64 = false;
  for (const auto& [name, value] : request.query_parameters()) {
    if (name == "message") message = value;
    if (name == "encoding") encoding = value;
    if (name == "compression") compression = value;
    if (name == "base64") base64 = value == "1";
  }
  if (encoding != "json" && encoding != "proto") {
    throw HttpError{415, R"(the query's encoding is neither "json" nor "proto")"};
  }
  if (base64) {
    Result<std::string> bytes = from_url_base64(std::move(message));
    if (!bytes.ok()) return bytes.status();
    message = std::move(bytes).value();
  }
  if (!compression.empty()) {
    const auto known = rpc::parse_compression(compression);
    if (!known) return Status{StatusCode::kUnimplemented, "compression \"" + compression + "\" is not supported"};
    if (*known != Compression::kIdentity) {
      Result<Buffer> whole = rpc::inflate_message(Buffer::copy_of(message), *known, limit);
      if (!whole.ok()) return whole.status();
      message = whole->text();
    }
  }
  return Asked{std::move(message), encoding == "json"};
}

Response failed(const Status& status) { return Response::json(connect_error(status), http_status_of(status.code())); }

/// A GET may be repeated and cached on the way: only for methods that change nothing.
void require_no_side_effects(const Gateway& gateway, std::string_view path) {
  const auto* method = gateway.find(path);
  if (method != nullptr && method->options().idempotency_level() == google::protobuf::MethodOptions::NO_SIDE_EFFECTS) {
    return;
  }
  throw HttpError{405, std::string{path} + " is not for GET: it has no idempotency_level = NO_SIDE_EFFECTS"};
}

}  // namespace

Task<Response> serve_connect_unary(const Gateway& gateway, Request& request, RpcProtocol protocol) {
  const std::string_view path = request.path();
  const auto* method = gateway.find(path);
  if (method != nullptr && (method->client_streaming() || method->server_streaming())) {
    throw HttpError{415, std::string{path} + " streams: its content type is application/connect+json or +proto"};
  }
  const std::size_t limit = gateway.options().max_body_length;
  Asked asked{{}, protocol.json};
  if (request.method == "GET") {
    require_no_side_effects(gateway, path);
    Result<Asked> from_query = asked_by_query(request, limit);
    if (!from_query.ok()) co_return failed(from_query.status());
    asked = std::move(from_query).value();
  } else {
    std::string body = co_await request.body();
    Result<std::string> whole = inflated(request, "content-encoding", std::move(body), limit);
    if (!whole.ok()) co_return failed(whole.status());
    asked.message = std::move(whole).value();
  }
  Result<std::string> message = decode_request(gateway, path, asked.json, std::move(asked.message));
  if (!message.ok()) co_return failed(message.status());

  const Metadata metadata = metadata_of(request);
  ClientContext context;
  const CallOptions options{.timeout = timeout_of(request), .metadata = &metadata, .context = &context};
  Result<RawMessage> reply =
      co_await GenericStub{gateway.channel()}.unary(path, RawMessage{std::move(message).value()}, options).result();
  Status status = reply.status();
  Response response;
  if (reply.ok()) {
    Result<std::string> body = encode_response(gateway, path, asked.json, std::move(reply->bytes));
    status = body.status();
    if (body.ok()) {
      response = Response{200, asked.json ? "application/json" : "application/proto", std::move(body).value()};
    }
  }
  if (!status.ok()) response = failed(status);
  add_fields(response.fields, context.initial_metadata);
  add_fields(response.fields, context.trailing_metadata, "trailer-");
  co_return response;
}

std::string connect_error(const Status& status) {
  std::string details;
  google::rpc::Status whole;
  if (whole.ParseFromString(status.error_details())) {
    for (const google::protobuf::Any& detail : whole.details()) {
      const std::string_view url = detail.type_url();
      const std::string type{url.substr(url.rfind('/') + 1)};
      details += fmt::format(R"({}{{"type":{},"value":{}}})", details.empty() ? "" : ",", json_string(type),
                             json_string(rpc::encode_base64(detail.value())));
    }
  }
  std::string text =
      fmt::format(R"({{"code":"{}","message":{})", lower_name_of(status.code()), json_string(status.details()));
  if (!details.empty()) text += R"(,"details":[)" + details + "]";
  return text + "}";
}

std::string connect_end(const Status& status, const Metadata& trailing) {
  std::string text = "{";
  if (!status.ok()) text += R"("error":)" + connect_error(status);
  std::map<std::string, std::string> values;
  for (const auto& [name, value] : trailing) {
    std::string& all = values[std::string{name}];
    if (!all.empty()) all += ',';
    all += json_string(name.ends_with("-bin") ? rpc::encode_base64(value) : value);
  }
  if (!values.empty()) {
    if (text.size() > 1) text += ',';
    text += R"("metadata":{)";
    for (const auto& [name, all] : values) {
      if (!text.ends_with('{')) text += ',';
      text += json_string(name) + ":[" + all + "]";
    }
    text += '}';
  }
  return text + "}";
}

}  // namespace tern::rest

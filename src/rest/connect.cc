// Connect (connectrpc.com/docs/protocol): unary calls, whose message is the body, and how errors are written.
#include <fmt/format.h>
#include <google/protobuf/descriptor.pb.h>

#include <optional>
#include <utility>

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

Result<std::string> inflated(Compression compression, std::string bytes, std::size_t limit) {
  if (compression == Compression::kIdentity) return bytes;
  Result<Buffer> whole = rpc::inflate_message(Buffer::copy_of(bytes), compression, limit);
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
    Result<std::string> whole = inflated(*known, std::move(message), limit);
    if (!whole.ok()) return whole.status();
    message = std::move(whole).value();
  }
  return Asked{std::move(message), encoding == "json"};
}

Response failed(const Status& status) { return Response::json(connect_error(status), http_status_of(status.code())); }

/// A GET may be repeated and cached on the way: only for methods that change nothing.
void require_no_side_effects(const google::protobuf::MethodDescriptor& method) {
  if (method.options().idempotency_level() == google::protobuf::MethodOptions::NO_SIDE_EFFECTS) return;
  throw HttpError{405, path_of(method) + " is not for GET: it has no idempotency_level = NO_SIDE_EFFECTS"};
}

}  // namespace

Task<Response> serve_connect_unary(const Gateway& gateway, Request& request, RpcProtocol protocol) {
  if (protocol.method->client_streaming() || protocol.method->server_streaming()) {
    throw HttpError{415,
                    path_of(*protocol.method) + " streams: its content type is application/connect+json or +proto"};
  }
  const std::size_t limit = gateway.options().max_body_length;
  std::string bytes;
  if (request.method == "GET") {
    require_no_side_effects(*protocol.method);
    Result<Asked> asked = asked_by_query(request, limit);
    if (!asked.ok()) co_return failed(asked.status());
    protocol.json = asked->json;
    bytes = std::move(asked->message);
  } else {
    std::string body = co_await request.body();
    const Result<Compression> compression = compression_of(request, "content-encoding");
    if (!compression.ok()) co_return failed(compression.status());
    Result<std::string> whole = inflated(*compression, std::move(body), limit);
    if (!whole.ok()) co_return failed(whole.status());
    bytes = std::move(whole).value();
  }
  Result<std::string> message = decode_request(gateway, protocol, std::move(bytes));
  if (!message.ok()) co_return failed(message.status());
  const auto respond = [&gateway, &protocol](Result<RawMessage> reply) {
    if (!reply.ok()) return failed(reply.status());
    Result<std::string> body = encode_response(gateway, protocol, std::move(reply->bytes));
    if (!body.ok()) return failed(body.status());
    return Response{200, protocol.json ? "application/json" : "application/proto", std::move(body).value()};
  };
  co_return co_await call_unary(gateway, request, request.path(), std::move(message).value(), respond);
}

std::string connect_error(const Status& status) {
  const std::string details = join_details(status, [](const google::protobuf::Any& detail) {
    const std::string_view url = detail.type_url();
    return fmt::format(R"({{"type":{},"value":{}}})", json_string(url.substr(url.rfind('/') + 1)),
                       json_string(rpc::encode_base64(detail.value())));
  });
  std::string text =
      fmt::format(R"({{"code":"{}","message":{})", lower_name_of(status.code()), json_string(status.details()));
  if (!details.empty()) text += R"(,"details":[)" + details + "]";
  return text + "}";
}

std::string connect_end(const Status& status, const Metadata& trailing) {
  std::string text = "{";
  if (!status.ok()) text += R"("error":)" + connect_error(status);
  std::map<std::string, std::string> values;
  Fields fields;
  add_fields(fields, trailing);
  for (const auto& [name, value] : fields) {
    std::string& all = values[name];
    if (!all.empty()) all += ',';
    all += json_string(value);
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

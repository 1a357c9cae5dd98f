// Connect's unary calls (connectrpc.com/docs/protocol), whose message is the body or in the query.
#include <string>
#include <utility>

#include "rest/connect_error.h"
#include "rest/connect_query.h"
#include "rest/content_coding.h"
#include "rest/rpc_protocol.h"

namespace tern::rest {

namespace {

Task<SentMessage> message_in_body(Request& request) {
  require_connect_version(request);
  SentMessage sent;
  // Before the body is read: what cannot be inflated need not come.
  sent.coding = parse_coding(request.fields.joined("content-encoding"), "content-encoding");
  sent.bytes = co_await request.body();
  co_return sent;
}

std::string inflated(SentMessage sent, std::size_t limit) {
  if (sent.coding == Compression::kIdentity) return std::move(sent.bytes);
  return std::string{inflate(Buffer::copy_of(std::string_view{sent.bytes}), sent.coding, limit).text()};
}

}  // namespace

void require_connect_version(const Request& request) {
  const auto version = request.fields.get("connect-protocol-version");
  if (!version || *version == "1") return;
  throw RpcError{
      Status{StatusCode::kInvalidArgument, R"(connect-protocol-version is "1", not ")" + std::string{*version} + "\""}};
}

Task<Response> serve_connect_unary(const Gateway& gateway, Request& request, RpcProtocol protocol) {
  SentMessage sent;
  if (request.method == "POST") {
    sent = co_await message_in_body(request);
  } else {
    sent = message_in_query(request);
  }
  Result<std::string> message =
      decode_request(gateway, protocol, inflated(std::move(sent), gateway.options().max_body_length));
  if (!message.ok()) co_return connect_failure(gateway, message.status());
  const auto respond = [&gateway, &protocol](Result<RawMessage> reply) {
    if (!reply.ok()) return connect_failure(gateway, reply.status());
    Result<std::string> body = encode_response(gateway, protocol, std::move(reply->bytes));
    if (!body.ok()) return connect_failure(gateway, body.status());
    return Response{200, protocol.content_type, std::move(body).value()};
  };
  co_return co_await call_unary(gateway, request, request.path(), std::move(message).value(), respond);
}

}  // namespace tern::rest

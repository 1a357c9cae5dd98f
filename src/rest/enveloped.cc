// Messages in envelopes, as gRPC has them on its wire: a byte of flags, the length in four bytes, the message
// (rpc/message_reader). Connect's streams and gRPC-Web differ in how the last envelope says the end.
#include <fmt/format.h>

#include <chrono>
#include <memory>
#include <optional>
#include <utility>

#include "call/wire_metadata.h"
#include "rest/connect_error.h"
#include "rest/content_coding.h"
#include "rest/envelope.h"
#include "rest/envelope_reader.h"
#include "rest/rpc_protocol.h"
#include "rpc/base64.h"
#include "rpc/compression.h"

namespace tern::rest {

namespace {

using EnvelopedCall = BidiStreamCall<RawMessage, RawMessage>;

constexpr std::uint8_t kConnectEnd = 0x02;
constexpr std::uint8_t kGrpcWebTrailers = 0x80;

/// One exchange: what both directions need.
struct Exchanged {
  const Gateway& gateway;
  Request& request;
  RpcProtocol protocol;
  Compression request_coding = Compression::kIdentity;
  Compression response_coding = Compression::kIdentity;
};

const CodingFields& codings_of(const RpcProtocol& protocol) {
  return protocol.kind == RpcProtocol::Kind::kConnectStream ? kConnectStreamCodings : kGrpcWebCodings;
}

/// The next piece of the body. HTTP's errors (too late, malformed) end the call, and reach the client as its status.
Task<std::optional<std::string>> read_piece(Request& request) {
  try {
    co_return co_await request.read();
  } catch (const HttpError& error) {
    throw RpcError{status_of(error)};
  }
}

/// The client's messages as they come.
AsyncGenerator<RawMessage> requests_of(const Exchanged& exchanged) {
  EnvelopeReader reader{exchanged.protocol.text, exchanged.request_coding, exchanged.gateway.options().max_body_length};
  bool ended = false;
  while (!ended) {
    const std::optional<std::string> piece = co_await read_piece(exchanged.request);
    ended = !piece.has_value();
    if (ended) {
      reader.end();
    } else {
      reader.add(*piece);
    }
    exchanged.request.holds(reader.unfinished());
    while (std::optional<std::string> message = reader.next()) {
      Result<std::string> bytes = decode_request(exchanged.gateway, exchanged.protocol, *std::move(message));
      RawMessage raw{std::move(bytes).value()};
      co_yield std::move(raw);
    }
  }
}

std::string as_sent(const RpcProtocol& protocol, const Buffer& envelope) {
  if (!protocol.text_response) return std::string{envelope.text()};
  std::string text = rpc::encode_base64(envelope.text());
  while (text.size() % 4 != 0) text += '=';
  return text;
}

Buffer end_of(const Gateway& gateway, const RpcProtocol& protocol, const Status& status, const Metadata& trailing) {
  if (protocol.kind == RpcProtocol::Kind::kConnectStream) {
    return envelope(kConnectEnd, connect_end(gateway, status, trailing));
  }
  return envelope(kGrpcWebTrailers, grpc_web_trailers(status, trailing));
}

/// What the service answers, and the end.
AsyncGenerator<std::string> answers_of(std::unique_ptr<Exchanged> exchanged, std::unique_ptr<EnvelopedCall> call) {
  Status status;
  while (status.ok()) {
    std::optional<RawMessage> message = co_await call->read();
    if (!message) break;
    Result<std::string> bytes = encode_response(exchanged->gateway, exchanged->protocol, std::move(message->bytes));
    if (bytes.ok()) {
      Buffer whole = envelope(0, *bytes);
      // Where the service compresses a message, so does this.
      if (call->message_was_compressed()) {
        whole = rpc::compress_message(std::move(whole), exchanged->response_coding);
      }
      std::string piece = as_sent(exchanged->protocol, whole);
      co_yield std::move(piece);
    } else {
      status = bytes.status();
      call->cancel();
    }
  }
  const Status ended = co_await call->status();
  std::string last = as_sent(exchanged->protocol, end_of(exchanged->gateway, exchanged->protocol,
                                                         status.ok() ? ended : status, call->trailing_metadata()));
  co_yield std::move(last);
}

/// The request's fields as a call takes them.
struct CallFields {
  Status problem;
  Compression request_coding = Compression::kIdentity;
  Metadata metadata;
  std::optional<std::chrono::nanoseconds> timeout;
};

CallFields read_fields(const Request& request, const RpcProtocol& protocol) {
  CallFields fields;
  try {
    if (protocol.kind == RpcProtocol::Kind::kConnectStream) require_connect_version(request);
    const std::string_view name = codings_of(protocol).content;
    fields.request_coding = parse_coding(request.fields.joined(name), name);
    fields.metadata = metadata_of(request);
    fields.timeout = timeout_of(request);
  } catch (const RpcError& error) {
    fields.problem = error.status();
  } catch (const HttpError& error) {
    fields.problem = status_of(error);
  }
  return fields;
}

}  // namespace

Response enveloped_error(const Gateway& gateway, const RpcProtocol& protocol, const Status& status) {
  Response response{200, protocol.content_type, as_sent(protocol, end_of(gateway, protocol, status, {}))};
  if (status.code() == StatusCode::kUnimplemented) {
    response.fields.add(codings_of(protocol).accept, rpc::kAcceptedEncodings);
  }
  return response;
}

Task<Response> serve_enveloped(const Gateway& gateway, Request& request, RpcProtocol protocol) {
  const CallFields fields = read_fields(request, protocol);
  if (!fields.problem.ok()) co_return enveloped_error(gateway, protocol, fields.problem);
  const CodingFields& codings = codings_of(protocol);
  const Compression coding = response_coding(request, codings);
  auto exchanged =
      std::make_unique<Exchanged>(Exchanged{gateway, request, std::move(protocol), fields.request_coding, coding});
  const CallOptions options{.timeout = fields.timeout, .metadata = &fields.metadata};
  auto call = std::make_unique<EnvelopedCall>(gateway.channel(), request.path(), requests_of(*exchanged), options);
  const Metadata initial = co_await call->initial_metadata();

  const std::string content_type = exchanged->protocol.content_type;
  const auto* method = exchanged->protocol.method;
  const bool one_answer = method != nullptr && !method->server_streaming();
  AsyncGenerator<std::string> answers = answers_of(std::move(exchanged), std::move(call));
  Response response;
  if (one_answer) {
    std::string body;
    while (std::optional<std::string> piece = co_await answers.next()) body += *piece;
    response = Response{200, content_type, std::move(body)};
  } else {
    response = Response::stream(content_type, std::move(answers));
  }
  // Announced before it is known whether the service compresses: each message then says for itself.
  if (coding != Compression::kIdentity) response.fields.add(codings.content, name_of(coding));
  add_fields(response.fields, initial);
  co_return response;
}

std::string grpc_web_trailers(const Status& status, const Metadata& trailing) {
  http2::HeaderFields fields;
  FieldTexts texts;
  append_status(fields, status, texts);
  append_metadata(fields, trailing, texts);
  std::string lines;
  for (const http2::HeaderField& field : fields) lines += fmt::format("{}: {}\r\n", field.name, field.value);
  return lines;
}

}  // namespace tern::rest

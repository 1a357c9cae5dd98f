// Messages in envelopes, as gRPC has them on its wire: a byte of flags, the length in four bytes, the message
// (rpc/message_reader). Connect's streams and gRPC-Web differ in how the last envelope says the end.
#include <fmt/format.h>

#include <memory>
#include <optional>
#include <utility>

#include "call/wire_metadata.h"
#include "rest/rpc_protocol.h"
#include "rpc/base64.h"
#include "tern/rpc/message_reader.h"

namespace tern::rest {

namespace {

using EnvelopedCall = BidiStreamCall<RawMessage, RawMessage>;

constexpr char kConnectEnd = 0x02;
constexpr char kGrpcWebTrailers = static_cast<char>(0x80);

std::string envelope(char flags, std::string_view content) {
  std::string whole(rpc::kPrefixBytes, '\0');
  rpc::write_prefix(reinterpret_cast<std::uint8_t*>(whole.data()), content.size());
  whole[0] = flags;
  return whole.append(content);
}

/// gRPC-Web's text: base64 that is cut anywhere, and may be padded wherever the client had a piece ready.
class TextDecoder {
 public:
  std::string decode(std::string_view text) {
    letters_ += text;
    std::string bytes;
    std::size_t at = 0;
    for (; at + 4 <= letters_.size(); at += 4) {
      const auto quartet = rpc::decode_base64(std::string_view{letters_}.substr(at, 4));
      if (!quartet) throw RpcError{Status{StatusCode::kInvalidArgument, "the body is not base64"}};
      bytes += *quartet;
    }
    letters_.erase(0, at);
    return bytes;
  }
  [[nodiscard]] bool whole() const noexcept { return letters_.empty(); }

 private:
  std::string letters_;
};

/// One exchange: what both directions need.
struct Exchanged {
  const Gateway& gateway;
  Request& request;
  RpcProtocol protocol;
  Compression compression = Compression::kIdentity;
};

Buffer whole_message(Buffer message, const Exchanged& exchanged) {
  if (!message.marked()) return message;
  const std::size_t limit = exchanged.gateway.options().max_body_length;
  return std::move(rpc::inflate_message(message, exchanged.compression, limit)).value();
}

/// The client's messages as they come.
AsyncGenerator<RawMessage> requests_of(const Exchanged& exchanged) {
  rpc::MessageReader reader{exchanged.gateway.options().max_body_length};
  if (exchanged.compression != Compression::kIdentity) reader.allow_compressed();
  TextDecoder text;
  BufferQueue messages;
  while (std::optional<std::string> piece = co_await exchanged.request.read()) {
    if (exchanged.protocol.text) piece = text.decode(*piece);
    const Status status =
        reader.receive({reinterpret_cast<const std::uint8_t*>(piece->data()), piece->size()}, messages);
    if (!status.ok()) throw RpcError{status};
    exchanged.request.holds(reader.unfinished());
    while (!messages.empty()) {
      const Buffer message = whole_message(messages.pop(), exchanged);
      Result<std::string> bytes = decode_request(exchanged.gateway, exchanged.protocol, std::string{message.text()});
      RawMessage raw{std::move(bytes).value()};
      co_yield std::move(raw);
    }
  }
  if (!reader.between_messages() || !text.whole()) {
    throw RpcError{Status{StatusCode::kInvalidArgument, "the body ended inside of a message"}};
  }
}

std::string as_sent(const RpcProtocol& protocol, std::string bytes) {
  if (!protocol.text) return bytes;
  std::string text = rpc::encode_base64(bytes);
  while (text.size() % 4 != 0) text += '=';
  return text;
}

std::string end_of(const RpcProtocol& protocol, const Status& status, const Metadata& trailing) {
  if (protocol.kind == RpcProtocol::Kind::kConnectStream) return envelope(kConnectEnd, connect_end(status, trailing));
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
      std::string piece = as_sent(exchanged->protocol, envelope(0, *bytes));
      co_yield std::move(piece);
    } else {
      status = bytes.status();
      call->cancel();
    }
  }
  const Status ended = co_await call->status();
  std::string last = as_sent(exchanged->protocol,
                             end_of(exchanged->protocol, status.ok() ? ended : status, call->trailing_metadata()));
  co_yield std::move(last);
}

Response at_once(const RpcProtocol& protocol, const Status& status) {
  return Response{200, protocol.content_type, as_sent(protocol, end_of(protocol, status, {}))};
}

}  // namespace

Task<Response> serve_enveloped(const Gateway& gateway, Request& request, RpcProtocol protocol) {
  const std::string_view encoding =
      protocol.kind == RpcProtocol::Kind::kConnectStream ? "connect-content-encoding" : "grpc-encoding";
  const Result<Compression> compression = compression_of(request, encoding);
  if (!compression.ok()) co_return at_once(protocol, compression.status());
  const Metadata metadata = metadata_of(request);
  auto exchanged = std::make_unique<Exchanged>(Exchanged{gateway, request, std::move(protocol), *compression});
  const CallOptions options{.timeout = timeout_of(request), .metadata = &metadata};
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

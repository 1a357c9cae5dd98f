#include <optional>
#include <string>
#include <utility>

#include "client/client_call.h"
#include "rpc/codec.h"
#include "tern/async/task.h"
#include "tern/detail/client_call.h"

namespace tern::detail {

namespace {

template <class Response>
Status decode_response(ClientCall& call, const Buffer& bytes, Response& response) {
  Status status = rpc::decode_message(bytes, response);
  if (status.ok() && call.shows_responses()) call.message_read(response);
  return status;
}

Status status_of_generator(const std::exception_ptr& error) {
  try {
    std::rethrow_exception(error);
  } catch (const RpcError& thrown) {
    return thrown.status();
  } catch (const std::exception& thrown) {
    return Status{StatusCode::kCancelled, std::string{"the generator of requests failed: "} + thrown.what()};
  } catch (...) {
    return Status{StatusCode::kCancelled, "the generator of requests failed"};
  }
}

}  // namespace

void DeleteCall::operator()(ClientCall* call) const noexcept { delete call; }

OwnedCall make_call(const ChannelHandle& channel, std::string_view method, const CallOptions& options,
                    const MessageRef* request, Responses responses) {
  OwnedCall owned{new ClientCall{channel, method, options}};
  if (responses == Responses::kOne) owned->expect_one_response();
  if (request != nullptr) owned->set_request(owned->encode(*request));
  return owned;
}

Task<Result<Buffer>> call_unary(ClientCall& call) {
  call.start();
  std::optional<Buffer> response = co_await call.read_message();
  co_await call.end();
  if (!call.status().ok()) co_return call.status();
  if (!response) co_return Status{StatusCode::kInternal, "the server sent no response"};
  co_return *std::move(response);
}

void start(ClientCall& call) { call.start(); }
Event::Waiting opened(ClientCall& call) { return call.opened(); }
MessageStream& stream_of(ClientCall& call) noexcept { return call; }
bool must_wait_to_read(const ClientCall& call) noexcept { return call.must_wait_to_read(); }

Status decode(ClientCall& call, const Buffer& bytes, google::protobuf::MessageLite& response) {
  return decode_response(call, bytes, response);
}
Status decode(ClientCall& call, const Buffer& bytes, RawMessage& response) {
  return decode_response(call, bytes, response);
}

void throw_if_failed(const ClientCall& call) {
  if (!call.status().ok()) throw RpcError{call.status()};
}

void cancel(ClientCall& call, Status status) { call.cancel(std::move(status)); }

WriteWait write(ClientCall& call, MessageRef message) {
  Result<Buffer> encoded = call.encode(message);
  if (!encoded.ok()) throw RpcError{encoded.status()};
  return call.write_message(std::move(encoded).value());
}

void end_requests(ClientCall& call, const std::exception_ptr& error) {
  if (error == nullptr) return call.end_requests();
  call.cancel(status_of_generator(error));
}

}  // namespace tern::detail

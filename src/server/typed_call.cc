#include <utility>

#include "rpc/codec.h"
#include "server/server_call.h"
#include "tern/detail/server_call.h"

namespace tern::detail {

namespace {

template <class Request>
void decode_request(ServerCall& call, const Buffer& bytes, Request& request) {
  if (Status status = rpc::decode_message(bytes, request); !status.ok()) throw AbortError{std::move(status)};
  if (call.intercepted()) call.show_request(request);
}

}  // namespace

ServerContext& context_of(ServerCall& call) noexcept { return call.context(); }
MessageStream& stream_of(ServerCall& call) noexcept { return call; }

void take_request(ServerCall& call, google::protobuf::MessageLite& request) {
  decode_request(call, call.only_request(), request);
}
void take_request(ServerCall& call, RawMessage& request) { decode_request(call, call.only_request(), request); }
void decode(ServerCall& call, const Buffer& bytes, google::protobuf::MessageLite& request) {
  decode_request(call, bytes, request);
}
void decode(ServerCall& call, const Buffer& bytes, RawMessage& request) { decode_request(call, bytes, request); }

void send_message(ServerCall& call, MessageRef message) { call.send_message(message); }
WriteWait write(ServerCall& call, MessageRef message) { return write_encoded(call, call.encode(message)); }
Buffer encode(ServerCall& call, MessageRef message) { return call.encode(message); }

WriteWait write_encoded(ServerCall& call, Buffer message) {
  call.send_initial_metadata();
  return call.write_message(std::move(message));
}

Executor& workers_of(const ServerCall& call) { return call.workers(); }
std::shared_ptr<BlockingBridge> bridge_of(ServerCall& call) { return call.bridge(); }

WorkersTurn::WorkersTurn(ServerCall& call) : call_(call) {
  static_cast<void>(call.bridge());  // made on the loop
  call.begin_workers_turn();
}
WorkersTurn::~WorkersTurn() { call_.end_workers_turn(); }

}  // namespace tern::detail

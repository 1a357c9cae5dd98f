#include <memory>
#include <utility>

#include "rpc/codec.h"
#include "server/server_call.h"
#include "tern/async/executor.h"
#include "tern/detail/server_call.h"
#include "tern/detail/sync_handlers.h"

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

std::shared_ptr<BlockingBridge> bridge_of(ServerCall& call) { return call.bridge(); }

namespace {

/// While a synchronous handler runs, the metadata that it sets belongs to its thread: a deadline or a cancellation that
/// comes meanwhile is sent without them.
class WorkersTurn {
 public:
  explicit WorkersTurn(ServerCall& call) : call_(call) {
    static_cast<void>(call.bridge());  // made on the loop
    call.begin_workers_turn();
  }
  WorkersTurn(const WorkersTurn&) = delete;
  WorkersTurn& operator=(const WorkersTurn&) = delete;
  ~WorkersTurn() { call_.end_workers_turn(); }

 private:
  ServerCall& call_;
};

}  // namespace

Task<void> SyncHandler::handle(ServerCall& call) {
  const std::unique_ptr<SyncCall> sync_call = begin(call);
  sync_call->begin(call);
  {
    const WorkersTurn turn{call};
    auto run = [&call, &sync_call = *sync_call] { sync_call.run(call.context()); };
    co_await run_in_executor(call.workers(), run);
  }
  sync_call->end(call);
}

}  // namespace tern::detail

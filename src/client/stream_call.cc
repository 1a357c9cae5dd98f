#include "tern/client/stream_call.h"

namespace tern::detail {

Task<Status> StreamCall::status() {
  co_await call_->end();
  co_return call_->status();
}

Task<Metadata> StreamCall::initial_metadata() {
  call_->start();
  co_await call_->headers();
  co_return call_->initial_metadata();
}

Task<bool> StreamCall::write_bytes(Result<Buffer> message) {
  if (!message.ok()) {
    call_->cancel(message.status());
    co_return false;
  }
  co_await call_->opened();
  if (call_->ended()) co_return false;
  co_return co_await call_->write_message(std::move(message).value());
}

Task<void> StreamCall::end_writes() {
  co_await call_->opened();
  call_->end_requests();
}

}  // namespace tern::detail

#include "tern/client/stream_call.h"

namespace tern::detail {

Task<Status> StreamCall::status() {
  co_await call().end();
  co_return call().status();
}

Task<Metadata> StreamCall::initial_metadata() {
  call().start();
  co_await call().headers();
  co_return call().initial_metadata();
}

Task<bool> StreamCall::write_bytes(Result<Buffer> message) {
  if (!message.ok()) {
    call().cancel(message.status());
    co_return false;
  }
  co_await call().opened();
  if (call().ended()) co_return false;
  co_return co_await call().write_message(std::move(message).value());
}

Task<void> StreamCall::end_writes() {
  co_await call().opened();
  call().end_requests();
}

}  // namespace tern::detail

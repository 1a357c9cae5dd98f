#include "tern/client/stream_call.h"

#include "tern/async/yield.h"

namespace tern::detail {

// A call may end without having waited: its request is too long, its channel closed. A program that makes such calls in
// a loop still lets the event loop go on, because each way to learn of the end suspends.

Task<Status> StreamCall::status() {
  if (call().ended()) co_await Yield{};
  co_await call().end();
  co_return call().status();
}

Task<Metadata> StreamCall::initial_metadata() {
  call().start();
  if (call().ended()) co_await Yield{};
  co_await call().headers();
  co_return call().initial_metadata();
}

Task<bool> StreamCall::write_bytes(Result<Buffer> message) {
  if (!message.ok()) {
    call().cancel(message.status());
  } else {
    co_await call().opened();
  }
  if (call().ended()) {
    co_await Yield{};
    co_return false;
  }
  co_return co_await call().write_message(std::move(message).value());
}

Task<void> StreamCall::end_writes() {
  co_await call().opened();
  if (call().ended()) co_await Yield{};
  call().end_requests();
}

}  // namespace tern::detail

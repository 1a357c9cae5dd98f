#include "tern/client/stream_call.h"

#include <array>

#include "async/awaiter_names.h"
#include "client/client_call.h"
#include "tern/async/loop.h"
#include "tern/async/yield.h"
#include "tern/detail/misuse.h"

namespace tern::detail {

namespace {

constexpr std::array<AwaiterName, 1> kNames{{
    {"tern::detail::ReadingCall", "a message of the peer"},
}};
const AwaiterNames kCallAwaiters{kNames};

}  // namespace

void throw_generator_writes() {
  throw_misuse(
      "write() or done_writing() on a call whose requests a generator yields: yield the message there, or make the "
      "call "
      "without a generator");
}

// A call may end without having waited: its request is too long, its channel closed. A program that makes such calls in
// a loop still lets the event loop go on, because each way to learn of the end suspends.

Task<Status> StreamCall::status() {
  call().require_own_loop();
  if (call().ended()) co_await Yield{};
  co_await call().end();
  co_return call().status();
}

Task<Metadata> StreamCall::initial_metadata() {
  call().require_own_loop();
  call().start();
  if (call().ended()) co_await Yield{};
  co_await call().headers();
  co_return call().initial_metadata();
}

// Where no loop runs, as at the end of one, destructors may cancel.
void StreamCall::cancel() {
  if (Loop::current() != nullptr) call().require_own_loop();
  call().cancel(Status{StatusCode::kCancelled, "cancelled by the client"});
}

const Metadata& StreamCall::trailing_metadata() {
  if (!call().ended()) throw_misuse("trailing_metadata() comes with the end of the call: await status() before");
  return call().trailing_metadata();
}

bool StreamCall::message_was_compressed() { return call().message_was_compressed(); }

Task<bool> StreamCall::write_message(MessageRef message, WriteOptions options) {
  return write_bytes(call().encode(message, options));
}

Task<bool> StreamCall::write_bytes(Result<Buffer> message) {
  call().require_own_loop();
  if (call().requests_ended()) {
    throw_misuse("a write after done_writing() or finish(): write all messages before, or make another call");
  }
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
  call().require_own_loop();
  co_await call().opened();
  if (call().ended()) co_await Yield{};
  call().end_requests();
}

Task<Result<Buffer>> StreamCall::only_response(bool& taken) {
  co_await end_writes();
  if (taken) throw_misuse("finish() or result() was called twice: the call has one response, keep the first one's");
  std::optional<Buffer> bytes = co_await call().read_message();
  taken = true;
  const Status ended = co_await status();
  if (!ended.ok()) co_return ended;
  if (!bytes) co_return Status{StatusCode::kInternal, "the server sent no response"};
  co_return *std::move(bytes);
}

}  // namespace tern::detail

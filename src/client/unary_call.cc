#include "tern/client/unary_call.h"

#include <chrono>

#include "tern/async/sleep.h"

namespace tern::detail {

Task<Result<Buffer>> call_unary(ClientCall& call) {
  call.start();
  // The request could not be sent. A program that calls in a loop must not keep the event loop from its turns.
  if (call.ended()) co_await sleep(std::chrono::nanoseconds{0});
  std::optional<Buffer> response = co_await call.read_message();
  co_await call.end();
  if (!call.status().ok()) co_return call.status();
  if (!response) co_return Status{StatusCode::kInternal, "the server sent no response"};
  co_return *std::move(response);
}

}  // namespace tern::detail

#include "tern/client/unary_call.h"

namespace tern::detail {

Task<Result<Buffer>> call_unary(ClientCall& call) {
  call.start();
  std::optional<Buffer> response = co_await call.read_message();
  co_await call.end();
  if (!call.status().ok()) co_return call.status();
  if (!response) co_return Status{StatusCode::kInternal, "the server sent no response"};
  co_return *std::move(response);
}

}  // namespace tern::detail

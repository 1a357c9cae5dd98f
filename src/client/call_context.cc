// ClientContext: what others see of a ClientCall. Apart from its header's name, since a ClientCall has one.
#include "tern/client/client_context.h"

#include <algorithm>
#include <utility>

#include "client/client_call.h"

namespace tern {

std::string_view ClientContext::method() const noexcept { return call_.method(); }
const std::string& ClientContext::target() const noexcept { return call_.target(); }
std::string ClientContext::peer() const { return call_.peer(); }
Metadata& ClientContext::metadata() noexcept { return call_.metadata(); }
const Metadata& ClientContext::metadata() const noexcept { return call_.metadata(); }
std::optional<Clock::time_point> ClientContext::deadline() const noexcept { return call_.deadline(); }

std::optional<Clock::duration> ClientContext::time_remaining() const noexcept {
  const std::optional<Clock::time_point> end = deadline();
  if (!end) return std::nullopt;
  return std::max(Clock::duration::zero(), *end - Clock::now());
}

const TraceContext* ClientContext::trace() const noexcept { return call_.trace(); }
void ClientContext::set_trace(std::shared_ptr<const TraceContext> trace) noexcept { call_.set_trace(std::move(trace)); }
const Metadata& ClientContext::initial_metadata() const noexcept { return call_.initial_metadata(); }
const Metadata& ClientContext::trailing_metadata() const noexcept { return call_.trailing_metadata(); }
bool ClientContext::message_was_compressed() const noexcept { return call_.message_was_compressed(); }
void ClientContext::cancel(Status status) { call_.cancel(std::move(status)); }

}  // namespace tern

#include "server/handover_channel.h"

#include <fcntl.h>

#include <boost/asio/posix/stream_descriptor.hpp>
#include <cassert>
#include <exception>
#include <utility>

#include "tern/async/asio.h"
#include "tern/async/loop.h"
#include "tern/async/with_timeout.h"

namespace tern {

namespace {

Task<std::string> next_message(int socket) {
  // Asio's object closes its descriptor.
  boost::asio::posix::stream_descriptor readable{Loop::require_current("a restart").context(),
                                                 ::fcntl(socket, F_DUPFD_CLOEXEC, 0)};
  for (;;) {
    std::optional<transport::DescriptorMessage> message = transport::receive_message(socket);
    if (message) co_return std::move(message->text);
    co_await readable.async_wait(boost::asio::posix::stream_descriptor::wait_read, use_task);
  }
}

}  // namespace

bool HandoverChannel::send(std::string_view text) noexcept {
  assert(open());
  try {
    transport::send_message(socket_.get(), text);
    return true;
  } catch (const std::exception&) {
    return false;
  }
}

Task<std::optional<std::string>> HandoverChannel::receive(Clock::time_point limit) const {
  std::optional<std::string> message;
  try {
    message = co_await with_timeout(limit - Clock::now(), next_message(socket_.get()));
  } catch (const TimedOut&) {
    message.reset();
  } catch (const std::exception&) {
    message = "";
  }
  co_return message;
}

}  // namespace tern

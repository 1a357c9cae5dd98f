// ClientConnection: one connection of a client, and one exchange at a time on it (RFC 9112).
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "tern/async/job.h"
#include "tern/async/task.h"
#include "tern/rest/client.h"
#include "transport/byte_stream.h"

namespace tern::rest {

class ClientConnection {
 public:
  explicit ClientConnection(std::unique_ptr<transport::ByteStream> stream) : stream_(std::move(stream)) {}

  /// Sends `request`, whole as on the wire, and reads the response to the method's request. Throws ClientError.
  Task<ClientResponse> exchange(std::string_view request, std::string_view method, const ClientOptions& options);

  /// The server closed it, or spoke out of turn, since the last exchange.
  [[nodiscard]] bool stale();
  /// It may be used again.
  [[nodiscard]] bool reusable() const noexcept { return reusable_; }
  /// Whether a byte of the last exchange's response came.
  [[nodiscard]] bool answered() const noexcept { return answered_; }

  Clock::time_point idle_since;

 private:
  Task<void> write(std::string_view text);

  std::unique_ptr<transport::ByteStream> stream_;
  bool reusable_ = false;
  bool answered_ = false;
};

}  // namespace tern::rest

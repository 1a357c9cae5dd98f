// HandoverChannel: this process's end of the connection between the two processes of a restart.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "tern/async/job.h"
#include "tern/async/task.h"
#include "transport/descriptor_message.h"

namespace tern {

class HandoverChannel {
 public:
  explicit HandoverChannel(transport::OwnedDescriptor socket) : socket_(std::move(socket)) {}

  [[nodiscard]] bool open() const noexcept { return socket_.open(); }
  [[nodiscard]] int descriptor() const noexcept { return socket_.get(); }
  void close() noexcept { socket_.close(); }

  /// Returns false when the other process has closed its end.
  bool send(std::string_view text) noexcept;
  /// Returns the next message; "" when the other process has closed its end, or its message cannot be read; empty when
  /// `limit` has come first. On a loop.
  [[nodiscard]] Task<std::optional<std::string>> receive(Clock::time_point limit) const;

 private:
  transport::OwnedDescriptor socket_;
};

}  // namespace tern

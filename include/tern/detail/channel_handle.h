// ChannelHandle: a channel as stubs and calls hold it. They may outlive their Channel: calls that are made afterwards
// end with CANCELLED, and blocking ones throw std::logic_error. Used by generated code.
#pragma once

#include <memory>

#include "tern/api.h"

namespace tern {

class Channel;
class ChannelCore;
class Loop;

namespace detail {

/// May be copied and used on any thread.
class TERN_API ChannelHandle {
 public:
  // Implicit, so that a call is given a Channel as it is.
  ChannelHandle(Channel& channel) noexcept;  // NOLINT(google-explicit-constructor)

  [[nodiscard]] const std::shared_ptr<ChannelCore>& core() const noexcept { return core_; }
  /// Returns the loop that blocking calls run on. Throws std::logic_error when the Channel is gone.
  [[nodiscard]] Loop& home() const;
  /// The same; null when the Channel is gone.
  [[nodiscard]] Loop* home_if_there() const noexcept;

 private:
  std::shared_ptr<ChannelCore> core_;
};

}  // namespace detail
}  // namespace tern

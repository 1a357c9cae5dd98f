// CallHead: what a call's request says besides its messages.
#pragma once

#include <memory>
#include <optional>
#include <string_view>

#include "tern/async/job.h"
#include "tern/client/call_options.h"
#include "tern/rpc/metadata.h"

namespace tern {

class TraceContext;

struct CallHead {
  /// "/package.Service/Method"; lives for ever.
  std::string_view method;
  CallOptions options;
  /// Sent with each attempt.
  Metadata metadata;
  /// Sent as grpc-timeout: the time left when an attempt begins.
  std::optional<Clock::time_point> deadline;
  /// The trace that the call belongs to; null: none.
  std::shared_ptr<const TraceContext> trace;
};

}  // namespace tern

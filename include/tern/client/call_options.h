// CallOptions: what a caller says of one call besides its request.
#pragma once

#include <chrono>
#include <optional>
#include <type_traits>

#include "tern/rpc/compression.h"
#include "tern/rpc/metadata.h"
#include "tern/rpc/status.h"

namespace tern {

class CallCredentials;

/// What came back of a call besides its messages. Filled in when the call ends, however it ends.
struct CallInfo {
  Metadata initial_metadata;
  Metadata trailing_metadata;
  Status status;
  std::string peer;
  /// Whether the last message of the server had come compressed.
  bool message_was_compressed = false;
};

struct CallOptions {
  /// The call ends with DEADLINE_EXCEEDED when it takes longer; counted from its start, sent along as grpc-timeout.
  /// Default: no limit but the deadline of the job that makes the call. Set it for every call over a network.
  std::optional<std::chrono::nanoseconds> timeout = std::nullopt;
  /// Waits for the server while it is away, as long as the timeout allows. Default: as the service config says, else
  /// false, and the call ends with UNAVAILABLE. Set it for calls that may wait, with a timeout.
  std::optional<bool> wait_for_ready = std::nullopt;
  /// Sent along; copied when the call is made. Default: none.
  const Metadata* metadata = nullptr;
  /// How the requests are compressed. Default: as the channel says. A server that cannot read it answers UNIMPLEMENTED.
  std::optional<Compression> compression = std::nullopt;
  /// Adds metadata besides the channel's credentials; borrowed, must outlive the call. Default: null, none.
  CallCredentials* credentials = nullptr;
  /// Where to put what comes back; must outlive the call.
  CallInfo* info = nullptr;
};

// g++ 12 destroys a member of an aggregate twice when the aggregate is written in a co_await expression, as this one
// is: no member may own anything.
static_assert(std::is_trivially_destructible_v<CallOptions>);

}  // namespace tern

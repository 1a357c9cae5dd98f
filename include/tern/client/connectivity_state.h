// How a channel stands with its servers (grpc/doc/connectivity-semantics-and-api.md).
#pragma once

#include <string_view>

#include "tern/api.h"

namespace tern {

enum class ConnectivityState { kIdle, kConnecting, kReady, kTransientFailure, kShutdown };

/// "IDLE", "CONNECTING", "READY", "TRANSIENT_FAILURE", "SHUTDOWN".
TERN_API std::string_view name_of(ConnectivityState state) noexcept;

}  // namespace tern

// Connecting to an address.
#pragma once

#include <memory>

#include "tern/async/loop.h"
#include "tern/async/task.h"
#include "transport/address.h"
#include "transport/socket_stream.h"

namespace tern::transport {

/// Tries the host's addresses one after the other. Throws std::runtime_error that names each and says why it failed.
/// Cancellation ends the attempt.
Task<std::unique_ptr<ByteStream>> connect(Loop& loop, Address address);

}  // namespace tern::transport

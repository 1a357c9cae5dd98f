// Connecting to addresses.
#pragma once

#include <memory>
#include <vector>

#include "tern/api.h"
#include "tern/async/loop.h"
#include "tern/async/task.h"
#include "transport/address.h"
#include "transport/socket_stream.h"

namespace tern::transport {

/// The addresses of a host: itself where it is numeric, or a unix socket's. Throws std::runtime_error.
Task<std::vector<Address>> look_up(Loop& loop, Address host);

/// Connects to one address; a host must be numeric. Throws std::runtime_error with the system's reason alone.
Task<std::unique_ptr<ByteStream>> connect_to(Loop& loop, Address address);

/// Tries one after the other; hosts' names are looked up. Throws std::runtime_error that names each and says why it
/// failed. Cancellation ends the attempt.
TERN_API Task<std::unique_ptr<ByteStream>> connect(Loop& loop, std::vector<Address> addresses);

}  // namespace tern::transport

// ignore_broken_pipes(): a write to a pipe that its reader has closed fails with EPIPE, and does not end the process.
#pragma once

namespace tern {

/// Takes SIGPIPE with a handler that does nothing, where the program has not said what it does. Programs that this
/// process starts begin with the signal's default again, which SIG_IGN would take from them. Any thread.
void ignore_broken_pipes() noexcept;

}  // namespace tern

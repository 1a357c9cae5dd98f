// `tern load`: calls a method of any gRPC server, over and over, and says how that went.
#pragma once

#include <CLI/CLI.hpp>
#include <functional>

namespace tern::tool {

/// Adds the command to `app`. What it gives back runs it, when it was the one that was asked for, and is the program's
/// exit status then; it throws UsageError and RpcError.
std::function<int()> add_load_command(CLI::App& app);

}  // namespace tern::tool

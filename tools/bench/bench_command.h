// `tern bench`: the table of the document that tern was made after: a synchronous service beside an asynchronous one,
// on waiting and on computing, each beside its physical limit.
#pragma once

#include <CLI/CLI.hpp>
#include <functional>

namespace tern::tool {

/// As add_load_command.
std::function<int()> add_bench_command(CLI::App& app);

}  // namespace tern::tool

// Durations on a command line: "500ms", "10s", "2m"; a bare number is seconds.
#pragma once

#include <CLI/CLI.hpp>
#include <string>

namespace tern::tool {

/// `seconds` gets the option's value.
CLI::Option* add_duration(CLI::App& command, const std::string& name, double& seconds, const std::string& help);

}  // namespace tern::tool

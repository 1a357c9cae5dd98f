// tern: the command line. `tern load` measures any gRPC server, `tern bench` what this library does on this machine.
#include <CLI/CLI.hpp>
#include <cstdio>
#include <exception>
#include <functional>
#include <string>

#include "bench/bench_command.h"
#include "cli/usage_error.h"
#include "load/load_command.h"
#include "tern/version.h"

int main(int argc, char** argv) {
  CLI::App app{"tern: gRPC for C++20 coroutines"};
  app.require_subcommand(1);
  app.set_version_flag("--version", std::string{tern::kVersion});
  const std::function<int()> load = tern::tool::add_load_command(app);
  const std::function<int()> bench = tern::tool::add_bench_command(app);
  CLI11_PARSE(app, argc, argv);
  try {
    return app.got_subcommand("load") ? load() : bench();
  } catch (const tern::tool::UsageError& error) {
    std::fprintf(stderr, "tern: %s\n", error.what());
    return 2;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "tern: %s\n", error.what());
    return 1;
  }
}

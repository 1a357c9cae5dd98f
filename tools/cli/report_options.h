// Where a command's figures go: text on the terminal, JSON for machines, a page with charts. All commands alike.
#pragma once

#include <CLI/CLI.hpp>
#include <functional>
#include <string>

namespace tern::tool {

struct ReportOptions {
  std::string json;
  std::string html;
  bool quiet = false;
};

void add_report_options(CLI::App& command, ReportOptions& options);

/// What a report may be asked for; only what is wanted is made.
struct Report {
  std::function<std::string()> text;
  std::function<std::string()> json;
  std::function<std::string()> html;
};
/// Throws std::runtime_error that names the file that cannot be written.
void put_out(const ReportOptions& options, const Report& report);

}  // namespace tern::tool

#include "cli/report_options.h"

#include <cstdio>

#include "report/html_page.h"

namespace tern::tool {

void add_report_options(CLI::App& command, ReportOptions& options) {
  command.add_option("--json", options.json, R"(Writes the figures there; "-": to the terminal, in place of the text)");
  command.add_option("--html", options.html, "Writes a page with charts there");
  command.add_flag("-q,--quiet", options.quiet, "No progress");
}

void put_out(const ReportOptions& options, const Report& report) {
  if (options.json == "-") {
    std::fputs(report.json().c_str(), stdout);
  } else {
    std::fputs(report.text().c_str(), stdout);
    if (!options.json.empty()) write_file(options.json, report.json());
  }
  if (!options.html.empty()) write_file(options.html, report.html());
}

}  // namespace tern::tool

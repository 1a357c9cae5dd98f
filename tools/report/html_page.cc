#include "report/html_page.h"

#include <fmt/format.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <stdexcept>

#include "report/chart.h"

namespace tern::tool {

namespace {

constexpr std::string_view kStyle = R"(
:root { color-scheme: light dark; --ink: #1d2430; --soft: #667085; --rule: #e2e6ec; --page: #fff;
  --fill0: #2f6fdf; --fill1: #e08a2c; --fill2: #2a9d73; --limit: #c0392b; }
@media (prefers-color-scheme: dark) { :root { --ink: #e6e9ee; --soft: #98a2b3; --rule: #333b47; --page: #14181f;
  --fill0: #6ea0f5; --fill1: #eea95c; --fill2: #55c39a; --limit: #ef7a6d; } }
body { font: 15px/1.5 system-ui, sans-serif; color: var(--ink); background: var(--page); max-width: 60rem;
  margin: 2.5rem auto; padding: 0 1.25rem; }
h1 { font-size: 1.5rem; } h2 { font-size: 1.1rem; margin-top: 2.2rem; } p, figcaption { color: var(--soft); }
table { border-collapse: collapse; } th, td { padding: .3rem .9rem .3rem 0; border-bottom: 1px solid var(--rule);
  text-align: left; } .number { text-align: right; font-variant-numeric: tabular-nums; }
figure { margin: 1rem 0; } svg { width: 100%; height: auto; } svg text { font-size: 12px; fill: var(--soft); }
.grid { stroke: var(--rule); } .spread { stroke: var(--ink); stroke-width: 1.5; }
.limit { stroke: var(--limit); stroke-width: 2.5; } .line0 { fill: none; stroke: var(--fill0); stroke-width: 2; }
.fill0 { fill: var(--fill0); } .fill1 { fill: var(--fill1); } .fill2 { fill: var(--fill2); }
)";

}  // namespace

void HtmlPage::heading(const std::string& text) { body_ += fmt::format("<h2>{}</h2>\n", escape_html(text)); }

void HtmlPage::paragraph(const std::string& text) { body_ += fmt::format("<p>{}</p>\n", escape_html(text)); }

void HtmlPage::table(const std::vector<std::vector<std::string>>& rows) {
  body_ += "<table>\n";
  bool head = true;
  for (const std::vector<std::string>& row : rows) {
    body_ += "<tr>";
    for (const std::string& cell : row) {
      const bool number = !head && !cell.empty() && cell.front() >= '0' && cell.front() <= '9';
      body_ +=
          fmt::format("<{0}{1}>{2}</{0}>", head ? "th" : "td", number ? R"( class="number")" : "", escape_html(cell));
    }
    body_ += "</tr>\n";
    head = false;
  }
  body_ += "</table>\n";
}

void HtmlPage::figure(std::string_view svg, const std::string& caption) {
  body_ += fmt::format("<figure>{}<figcaption>{}</figcaption></figure>\n", svg, escape_html(caption));
}

std::string HtmlPage::html() const {
  return fmt::format(
      "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\n"
      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
      "<title>{0}</title><style>{1}</style></head>\n<body><h1>{0}</h1>\n{2}</body></html>\n",
      escape_html(title_), kStyle, body_);
}

void write_file(const std::string& path, std::string_view content) {
  std::ofstream file{path, std::ios::binary};
  file << content;
  file.close();
  if (!file) throw std::runtime_error{fmt::format("cannot write {}: {}", path, std::strerror(errno))};
}

}  // namespace tern::tool

// HtmlPage: a report in one file of HTML: headings, paragraphs, tables, charts. Nothing in it is loaded from elsewhere.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace tern::tool {

class HtmlPage {
 public:
  explicit HtmlPage(std::string title) : title_(std::move(title)) {}

  // Texts are escaped here.
  void heading(const std::string& text);
  void paragraph(const std::string& text);
  /// The first row is the head; cells that begin with a digit stand to the right.
  void table(const std::vector<std::vector<std::string>>& rows);
  /// `svg` as chart.h draws it, and what it shows.
  void figure(std::string_view svg, const std::string& caption);

  [[nodiscard]] std::string html() const;

 private:
  std::string title_;
  std::string body_;
};

/// Throws std::runtime_error that names the file and the reason.
void write_file(const std::string& path, std::string_view content);

}  // namespace tern::tool

// Comments of .proto files, as comments of the generated header and as string literals.
#pragma once

#include <google/protobuf/descriptor.h>
#include <google/protobuf/io/printer.h>

#include <string>
#include <string_view>
#include <vector>

namespace tern::codegen {

/// Splits a comment into its lines and removes everything that compilers warn about. "\r\n", "\r" and "\n" end a line.
/// U+FFFD replaces bytes that are not UTF-8. Control characters are dropped, Unicode's bidirectional ones among them.
std::vector<std::string> comment_lines(std::string_view text);

/// Returns the lines of the comment above a declaration, or else of the comment behind it.
template <class Declaration>
std::vector<std::string> comment_of(const Declaration& declaration) {
  google::protobuf::SourceLocation location;
  if (!declaration.GetSourceLocation(&location)) return {};
  return comment_lines(location.leading_comments.empty() ? location.trailing_comments : location.leading_comments);
}

/// Prints the lines as a `///` comment. A line that would continue on the next one (`\` at its end) is closed by `//`.
void print_comment(google::protobuf::io::Printer& printer, const std::vector<std::string>& lines);

/// Returns string literals that make up the lines joined by '\n', one below the other behind `indent`. Text beyond
/// 60,000 bytes is left out: compilers need not take literals of more than 65,536.
std::string literal_of(const std::vector<std::string>& lines, std::string_view indent);

}  // namespace tern::codegen

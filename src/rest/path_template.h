// PathTemplate: a path with parameters, in the syntax of google.api.http (google/api/http.proto):
//
//   Template = "/" Segments [ ":" Verb ]      Segments = Segment { "/" Segment }
//   Segment  = "*" | "**" | Literal | "{" FieldPath [ "=" Segments ] "}"
//
// "*" stands for one segment, "**", which comes last, for any number.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace tern::rest {

class PathTemplate {
 public:
  struct Segment {
    enum class Kind { kLiteral, kOne, kRest };
    Kind kind;
    std::string literal;  // decoded
  };
  /// A parameter, and the segments that it stands for.
  struct Variable {
    std::string name;  // a field path: "user.id"
    std::size_t first;
    std::size_t count;
  };

  /// Throws std::invalid_argument that says what is wrong with it.
  static PathTemplate parse(std::string_view text);

  [[nodiscard]] const std::vector<Segment>& segments() const noexcept { return segments_; }
  [[nodiscard]] const std::vector<Variable>& variables() const noexcept { return variables_; }
  /// Without its colon; empty where there is none.
  [[nodiscard]] const std::string& verb() const noexcept { return verb_; }

  /// The parameters of a path that it matches, whose segments, as sent, these are. One segment is decoded as a whole;
  /// in several, %2F stays, or it could not be told from the slashes between them.
  [[nodiscard]] std::vector<std::pair<std::string, std::string>> values(
      const std::vector<std::string_view>& segments) const;

 private:
  std::vector<Segment> segments_;
  std::vector<Variable> variables_;
  std::string verb_;
};

/// What stands between the slashes of a path, which begins with one.
std::vector<std::string_view> segments_of(std::string_view path);

/// Without percent-escapes (RFC 3986 §2.1). Throws HttpError (400) when one is broken.
std::string decoded(std::string_view text);

}  // namespace tern::rest

#include "rest/path_template.h"

#include <algorithm>
#include <boost/url/pct_string_view.hpp>
#include <stdexcept>

#include "tern/rest/message.h"

namespace tern::rest {

namespace {

using Kind = PathTemplate::Segment::Kind;

/// Reads a template from its beginning to its end.
class Reader {
 public:
  explicit Reader(std::string_view text) : text_(text), rest_(text) {}

  void read(std::vector<PathTemplate::Segment>& segments, std::vector<PathTemplate::Variable>& variables,
            std::string& verb) {
    expect('/', "it begins with a slash");
    verb = cut_verb();
    if (rest_.empty()) return segments.push_back({Kind::kLiteral, {}});
    read_segments(segments, &variables);
    if (!rest_.empty()) fail("\"" + std::string{rest_} + "\" does not belong there");
    for (std::size_t i = 0; i + 1 < segments.size(); ++i) {
      if (segments[i].kind == Kind::kRest) fail("\"**\" stands only at its end");
    }
  }

 private:
  void read_segments(std::vector<PathTemplate::Segment>& segments, std::vector<PathTemplate::Variable>* variables) {
    do {
      read_segment(segments, variables);
    } while (accept('/'));
  }

  void read_segment(std::vector<PathTemplate::Segment>& segments, std::vector<PathTemplate::Variable>* variables) {
    if (accept('{')) {
      if (variables == nullptr) fail("a parameter stands inside of another one");
      return read_variable(segments, *variables);
    }
    const std::string_view word = read_until("/{}");
    if (word == "*" || word == "**") {
      segments.push_back({word.size() == 1 ? Kind::kOne : Kind::kRest, {}});
    } else if (word.find('*') != std::string_view::npos) {
      fail("\"" + std::string{word} + "\" is neither a star nor a word");
    } else {
      segments.push_back({Kind::kLiteral, decoded_literal(word)});
    }
  }

  /// Removes the verb from the end: what follows the first colon of the last segment. It may have colons itself.
  std::string cut_verb() {
    const std::size_t slash = rest_.rfind('/');
    const std::size_t brace = rest_.rfind('}');
    std::size_t last = slash == std::string_view::npos ? 0 : slash;
    if (brace != std::string_view::npos) last = std::max(last, brace);
    const std::size_t colon = rest_.find(':', last);
    if (colon == std::string_view::npos) return {};
    std::string verb{rest_.substr(colon + 1)};
    rest_ = rest_.substr(0, colon);
    if (verb.empty()) fail("nothing follows its colon");
    if (verb.find_first_of("{*") != std::string::npos) fail("\"" + verb + "\" is not a verb");
    return verb;
  }

  [[nodiscard]] std::string decoded_literal(std::string_view word) const {
    try {
      return decoded(word);
    } catch (const HttpError& error) {
      fail(error.what());
    }
  }

  void read_variable(std::vector<PathTemplate::Segment>& segments, std::vector<PathTemplate::Variable>& variables) {
    const std::string name{read_until("/{}:=")};
    if (name.empty()) fail("a parameter has no name");
    const std::size_t first = segments.size();
    if (accept('=')) {
      read_segments(segments, nullptr);
    } else {
      segments.push_back({Kind::kOne, {}});
    }
    expect('}', "a parameter is not closed");
    const bool twice = std::ranges::any_of(variables, [&name](const auto& other) { return other.name == name; });
    if (twice) fail("parameter " + name + " stands there twice");
    variables.push_back({name, first, segments.size() - first});
  }

  std::string_view read_until(std::string_view marks) {
    const std::string_view word = rest_.substr(0, rest_.find_first_of(marks));
    rest_.remove_prefix(word.size());
    return word;
  }
  bool accept(char letter) {
    if (!rest_.starts_with(letter)) return false;
    rest_.remove_prefix(1);
    return true;
  }
  void expect(char letter, const char* otherwise) {
    if (!accept(letter)) fail(otherwise);
  }
  [[noreturn]] void fail(const std::string& why) const {
    throw std::invalid_argument("\"" + std::string{text_} + "\" is not a path template: " + why);
  }

  std::string_view text_;
  std::string_view rest_;
};

/// Decoded but for %2F.
std::string decoded_but_slashes(std::string_view text) {
  std::string whole;
  for (;;) {
    const std::size_t before = std::min(text.find("%2F"), text.find("%2f"));
    whole += decoded(text.substr(0, before));
    if (before == std::string_view::npos) return whole;
    whole += text.substr(before, 3);
    text.remove_prefix(before + 3);
  }
}

}  // namespace

PathTemplate PathTemplate::parse(std::string_view text) {
  PathTemplate parsed;
  Reader{text}.read(parsed.segments_, parsed.variables_, parsed.verb_);
  return parsed;
}

std::vector<std::pair<std::string, std::string>> PathTemplate::values(
    const std::vector<std::string_view>& segments) const {
  std::vector<std::pair<std::string, std::string>> values;
  values.reserve(variables_.size());
  for (const Variable& variable : variables_) {
    const bool to_the_end = segments_[variable.first + variable.count - 1].kind == Kind::kRest;
    const std::size_t last = to_the_end ? segments.size() : variable.first + variable.count;
    const bool one = variable.count == 1 && !to_the_end;
    std::string value;
    for (std::size_t i = variable.first; i < last; ++i) {
      if (i > variable.first) value += '/';
      value += one ? decoded(segments[i]) : decoded_but_slashes(segments[i]);
    }
    values.emplace_back(variable.name, std::move(value));
  }
  return values;
}

std::vector<std::string_view> segments_of(std::string_view path) {
  std::vector<std::string_view> segments;
  while (path.starts_with('/')) {
    path.remove_prefix(1);
    segments.push_back(path.substr(0, path.find('/')));
    path.remove_prefix(segments.back().size());
  }
  return segments;
}

std::string decoded(std::string_view text) {
  const auto checked = boost::urls::make_pct_string_view(text);
  if (!checked) throw HttpError{400, "\"" + std::string{text} + "\" has a broken percent-escape"};
  return checked->decode();
}

}  // namespace tern::rest

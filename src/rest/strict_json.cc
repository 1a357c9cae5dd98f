#include "rest/strict_json.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json/basic_parser_impl.hpp>
#include <boost/json/error.hpp>
#include <boost/system/error_code.hpp>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace tern::rest {

namespace {

namespace json = boost::json;
using Error = boost::system::error_code;

/// Finds a name that an object has twice. Objects in progress keep a hash of each name, because the names themselves
/// could take many times the memory of the text.
class DuplicateFinder {
 public:
  // NOLINTBEGIN(readability-identifier-naming): basic_parser reads them under these names
  static constexpr auto max_object_size = static_cast<std::size_t>(-1);
  static constexpr auto max_array_size = static_cast<std::size_t>(-1);
  static constexpr auto max_key_size = static_cast<std::size_t>(-1);
  static constexpr auto max_string_size = static_cast<std::size_t>(-1);
  // NOLINTEND(readability-identifier-naming)

  explicit DuplicateFinder(std::optional<std::size_t> wanted = std::nullopt) : wanted_(wanted) {}

  /// The hash of the duplicate name.
  [[nodiscard]] const std::optional<std::size_t>& duplicate() const noexcept { return duplicate_; }
  /// The last name with the wanted hash.
  [[nodiscard]] const std::string& wanted_name() const noexcept { return wanted_name_; }

  bool on_object_begin(Error& /*error*/) {
    begins_.push_back(hashes_.size());
    return true;
  }
  bool on_object_end(std::size_t /*size*/, Error& error) {
    const auto first = hashes_.begin() + static_cast<std::ptrdiff_t>(begins_.back());
    std::sort(first, hashes_.end());
    if (const auto twice = std::adjacent_find(first, hashes_.end()); twice != hashes_.end()) {
      duplicate_ = *twice;
      error = json::make_error_code(json::error::syntax);
      return false;
    }
    hashes_.erase(first, hashes_.end());
    begins_.pop_back();
    return true;
  }
  bool on_key_part(json::string_view part, std::size_t /*size*/, Error& /*error*/) {
    name_.append(part.data(), part.size());
    return true;
  }
  bool on_key(json::string_view part, std::size_t /*size*/, Error& /*error*/) {
    name_.append(part.data(), part.size());
    const std::size_t hash = std::hash<std::string_view>{}(name_);
    hashes_.push_back(hash);
    if (wanted_ == hash) wanted_name_ = name_;
    name_.clear();
    return true;
  }

  bool on_document_begin(Error& /*error*/) { return true; }
  bool on_document_end(Error& /*error*/) { return true; }
  bool on_array_begin(Error& /*error*/) { return true; }
  bool on_array_end(std::size_t /*size*/, Error& /*error*/) { return true; }
  bool on_string_part(json::string_view /*part*/, std::size_t /*size*/, Error& /*error*/) { return true; }
  bool on_string(json::string_view /*part*/, std::size_t /*size*/, Error& /*error*/) { return true; }
  bool on_number_part(json::string_view /*part*/, Error& /*error*/) { return true; }
  bool on_int64(std::int64_t /*number*/, json::string_view /*text*/, Error& /*error*/) { return true; }
  bool on_uint64(std::uint64_t /*number*/, json::string_view /*text*/, Error& /*error*/) { return true; }
  bool on_double(double /*number*/, json::string_view /*text*/, Error& /*error*/) { return true; }
  bool on_bool(bool /*value*/, Error& /*error*/) { return true; }
  bool on_null(Error& /*error*/) { return true; }
  bool on_comment_part(json::string_view /*part*/, Error& /*error*/) { return true; }
  bool on_comment(json::string_view /*text*/, Error& /*error*/) { return true; }

 private:
  std::optional<std::size_t> wanted_;
  std::string wanted_name_;
  std::optional<std::size_t> duplicate_;
  std::vector<std::size_t> hashes_;
  std::vector<std::size_t> begins_;  // of each object in progress, in hashes_
  std::string name_;
};

json::parse_options options() {
  json::parse_options strict;
  strict.max_depth = kMaxJsonDepth;
  return strict;
}

std::string name_with_hash(std::string_view text, std::size_t hash) {
  json::basic_parser<DuplicateFinder> parser{options(), hash};
  Error error;
  parser.write_some(false, text.data(), text.size(), error);
  return parser.handler().wanted_name();
}

Status invalid(std::string text) { return Status{StatusCode::kInvalidArgument, std::move(text)}; }

}  // namespace

Status check_json(std::string_view text) {
  json::basic_parser<DuplicateFinder> parser{options()};
  Error error;
  const std::size_t read = parser.write_some(false, text.data(), text.size(), error);
  if (const auto duplicate = parser.handler().duplicate()) {
    return invalid(fmt::format("one object has the name \"{}\" twice", name_with_hash(text, *duplicate)));
  }
  if (error == json::error::too_deep) {
    return invalid(fmt::format("the JSON is nested deeper than {} levels", kMaxJsonDepth));
  }
  if (error) return invalid(fmt::format("invalid JSON at byte {}: {}", read, error.message()));
  if (read < text.size()) return invalid(fmt::format("invalid JSON at byte {}: text follows the value", read));
  return Status{};
}

}  // namespace tern::rest

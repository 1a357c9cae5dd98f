#include "tern/rpc/metadata.h"

#include <algorithm>
#include <stdexcept>

#include "rpc/base64.h"
#include "rpc/blanks.h"
#include "rpc/lower_case.h"
#include "rpc/reserved_names.h"

namespace tern {

namespace {

bool is_binary(std::string_view key) { return key.ends_with("-bin"); }

/// `stored` is in lower case.
bool same_key(std::string_view stored, std::string_view asked) noexcept {
  if (stored.size() != asked.size()) return false;
  for (std::size_t i = 0; i < stored.size(); ++i) {
    if (stored[i] == asked[i]) continue;
    if (asked[i] < 'A' || asked[i] > 'Z' || stored[i] != asked[i] - 'A' + 'a') return false;
  }
  return true;
}

bool is_key_letter(char letter) {
  return (letter >= 'a' && letter <= 'z') || (letter >= '0' && letter <= '9') || letter == '-' || letter == '_' ||
         letter == '.';
}

}  // namespace

Metadata::Metadata(std::initializer_list<Entry> entries) {
  for (const auto& [key, value] : entries) add(key, value);
}

void Metadata::add(std::string_view key, std::string_view value) {
  const std::string lower = rpc::lower_case(key);
  if (lower.empty() || !std::all_of(lower.begin(), lower.end(), is_key_letter)) {
    throw std::invalid_argument("metadata key \"" + lower + "\" has other characters than letters, digits and -_.");
  }
  if (rpc::is_reserved(lower) && !rpc::is_received(lower)) {
    throw std::invalid_argument("metadata key \"" + lower + "\" belongs to HTTP/2 or gRPC: choose another name");
  }
  if (!is_binary(lower) &&
      !std::all_of(value.begin(), value.end(), [](char letter) { return letter >= ' ' && letter <= '~'; })) {
    throw std::invalid_argument("metadata value of \"" + lower +
                                "\" is not printable ASCII: give the key a name that ends in -bin");
  }
  append(lower, is_binary(lower) ? value : rpc::without_blanks(value));
}

void Metadata::add_all(const Metadata& received) {
  for (const auto& [key, value] : Metadata{received}) append(key, value);
}

bool Metadata::add_received(std::string_view key, std::string_view value) {
  if (!is_binary(key)) {
    append(key, value);
    return true;
  }
  // Values of one key may have been joined by commas on the way.
  for (;;) {
    const std::size_t comma = value.find(',');
    const auto bytes = rpc::decode_base64(value.substr(0, comma));
    if (!bytes) return false;
    append(key, *bytes);
    if (comma == std::string_view::npos) return true;
    value.remove_prefix(comma + 1);
    while (value.starts_with(' ')) value.remove_prefix(1);
  }
}

void Metadata::append(std::string_view key, std::string_view value) {
  spans_.push_back({static_cast<std::uint32_t>(text_.size()), static_cast<std::uint32_t>(key.size()),
                    static_cast<std::uint32_t>(value.size())});
  text_.append(key).append(value);
}

Metadata::Entry Metadata::operator[](std::size_t index) const noexcept {
  const Span& span = spans_[index];
  const std::string_view text{text_};
  return {text.substr(span.offset, span.key_size), text.substr(span.offset + span.key_size, span.value_size)};
}

std::optional<std::string_view> Metadata::get(std::string_view key) const noexcept {
  for (std::size_t i = 0; i < size(); ++i) {
    const Entry entry = (*this)[i];
    if (same_key(entry.first, key)) return entry.second;
  }
  return std::nullopt;
}

std::vector<std::string_view> Metadata::get_all(std::string_view key) const {
  std::vector<std::string_view> values;
  for (const auto& [name, value] : *this) {
    if (same_key(name, key)) values.push_back(value);
  }
  return values;
}

void Metadata::clear() noexcept {
  text_.clear();
  spans_.clear();
}

}  // namespace tern

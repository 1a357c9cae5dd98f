#include "http2/hpack_encoder.h"

#include <algorithm>
#include <cstring>

#include "http2/huffman.h"

namespace tern::http2 {

namespace {

constexpr std::uint8_t kIndexed = 0x80;
constexpr std::uint8_t kInserted = 0x40;
constexpr std::uint8_t kSizeUpdate = 0x20;
constexpr std::uint8_t kNeverIndexed = 0x10;
constexpr std::uint8_t kNotInserted = 0x00;

// §5.1.
void put_integer(std::uint8_t kind, int bits, std::size_t value, std::vector<std::uint8_t>& to) {
  const std::size_t all = (std::size_t{1} << bits) - 1;
  if (value < all) {
    to.push_back(static_cast<std::uint8_t>(kind | value));
    return;
  }
  to.push_back(static_cast<std::uint8_t>(kind | all));
  for (value -= all; value >= 0x80; value >>= 7) to.push_back(static_cast<std::uint8_t>(value | 0x80));
  to.push_back(static_cast<std::uint8_t>(value));
}

// §5.2: in the Huffman code where that is shorter.
void put_text(std::string_view text, std::vector<std::uint8_t>& to) {
  const std::size_t coded = huffman::encoded_size(text);
  if (coded < text.size()) {
    put_integer(0x80, 7, coded, to);
    huffman::encode(text, to);
  } else {
    put_integer(0, 7, text.size(), to);
    to.insert(to.end(), text.begin(), text.end());
  }
}

/// Quick rather than thorough: what it confuses is compared.
std::uint32_t hash_of(const HeaderField& field) noexcept {
  const auto eight = [](std::string_view text) {
    std::uint64_t bytes = 0;
    if (!text.empty()) std::memcpy(&bytes, text.data(), std::min<std::size_t>(text.size(), sizeof bytes));
    return bytes;
  };
  const std::string_view name_end = field.name.substr(field.name.size() - std::min<std::size_t>(field.name.size(), 8));
  const std::string_view value_end =
      field.value.substr(field.value.size() - std::min<std::size_t>(field.value.size(), 8));
  std::uint64_t hash = (eight(name_end) ^ field.name.size()) * 0x9e3779b97f4a7c15U;
  hash = (hash ^ (hash >> 29) ^ eight(field.value)) * 0xbf58476d1ce4e5b9U;
  hash = (hash ^ (hash >> 32) ^ eight(value_end) ^ field.value.size()) * 0x94d049bb133111ebU;
  return static_cast<std::uint32_t>(hash >> 32);
}

/// Secrets stay out of tables, so that nobody who shares the connection can guess at them (§7.1).
bool is_secret(std::string_view name) noexcept { return name == "authorization" || name == "cookie"; }

}  // namespace

void HpackEncoder::limit_table(std::size_t bytes) noexcept {
  bytes = std::min(bytes, HpackTable::kDefaultSize);
  if (bytes == table_.max_size()) return;
  smallest_limit_ = limit_changed_ ? std::min(smallest_limit_, bytes) : bytes;
  limit_changed_ = true;
  table_.set_max_size(bytes);
}

void HpackEncoder::encode(std::span<const HeaderField> fields, std::vector<std::uint8_t>& to) {
  if (limit_changed_) {
    if (smallest_limit_ < table_.max_size()) put_integer(kSizeUpdate, 5, smallest_limit_, to);
    put_integer(kSizeUpdate, 5, table_.max_size(), to);
    limit_changed_ = false;
  }
  if (seen_.empty()) seen_.resize(kSeen);
  for (const HeaderField& field : fields) encode(field, to);
}

void HpackEncoder::encode(const HeaderField& field, std::vector<std::uint8_t>& to) {
  const std::uint32_t hash = hash_of(field);
  Seen& seen = seen_[hash % kSeen];
  const bool known = seen.hash == hash;
  const std::size_t index = table_.index_of(seen.id);
  HeaderBlock::Field entry;
  FieldId id = 0;
  if (known && table_.get(index, entry, id) && entry.name == field.name && entry.value == field.value) {
    return put_integer(kIndexed, 7, index, to);
  }
  const HpackTable::StaticMatch match = HpackTable::find_static(field.name, field.value);
  if (match.whole) {
    seen = {hash, match.index};
    return put_integer(kIndexed, 7, match.index, to);
  }
  if (is_secret(field.name)) return literal(kNeverIndexed, 4, match.index, field, to);
  const bool fits = field.name.size() + field.value.size() + HpackTable::kEntryOverhead <= table_.max_size() / 2;
  // The program's own literals come again for certain.
  if (fits && (known || field.lives_for_ever)) {
    literal(kInserted, 6, match.index, field, to);
    table_.insert({field.name, field.value});
    seen = {hash, table_.newest_id()};
    return;
  }
  // Not in place of one that is in use.
  if (index == 0) seen = {hash, 0};
  literal(kNotInserted, 4, match.index, field, to);
}

void HpackEncoder::literal(std::uint8_t kind, int prefix_bits, std::size_t name_index, const HeaderField& field,
                           std::vector<std::uint8_t>& to) {
  put_integer(kind, prefix_bits, name_index, to);
  if (name_index == 0) put_text(field.name, to);
  put_text(field.value, to);
}

}  // namespace tern::http2

#include "http2/hpack_encoder.h"

#include <algorithm>
#include <boost/endian/conversion.hpp>
#include <cassert>
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
  assert(bits >= 4 && bits <= 7);
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
    // A product's upper bits depend on the lower ones of its factors: there the first letters must be.
    return boost::endian::little_to_native(bytes);
  };
  const std::string_view name_end = field.name.substr(field.name.size() - std::min<std::size_t>(field.name.size(), 8));
  const std::string_view value_end =
      field.value.substr(field.value.size() - std::min<std::size_t>(field.value.size(), 8));
  std::uint64_t hash = (eight(name_end) ^ field.name.size()) * 0x9e3779b97f4a7c15U;
  hash = (hash ^ (hash >> 29) ^ eight(field.value)) * 0xbf58476d1ce4e5b9U;
  hash = (hash ^ (hash >> 32) ^ eight(value_end) ^ field.value.size()) * 0x94d049bb133111ebU;
  return static_cast<std::uint32_t>(hash >> 32);
}

template <class Word>
bool same_ends(const char* one, const char* other, std::size_t size) noexcept {
  Word heads[2];
  Word tails[2];
  std::memcpy(&heads[0], one, sizeof(Word));
  std::memcpy(&heads[1], other, sizeof(Word));
  std::memcpy(&tails[0], one + size - sizeof(Word), sizeof(Word));
  std::memcpy(&tails[1], other + size - sizeof(Word), sizeof(Word));
  return heads[0] == heads[1] && tails[0] == tails[1];
}

/// Most names and values have no more than 16 bytes, for which a call of memcmp() costs more than the comparison.
bool same_text(std::string_view one, std::string_view other) noexcept {
  const std::size_t size = one.size();
  if (size != other.size()) return false;
  if (size > 16) return std::memcmp(one.data(), other.data(), size) == 0;
  if (size >= 8) return same_ends<std::uint64_t>(one.data(), other.data(), size);
  if (size >= 4) return same_ends<std::uint32_t>(one.data(), other.data(), size);
  for (std::size_t i = 0; i < size; ++i) {
    if (one[i] != other[i]) return false;
  }
  return true;
}

/// Secrets stay out of tables, so that nobody who shares the connection can guess at them (§7.1).
bool is_secret(std::string_view name) noexcept { return name == "authorization" || name == "cookie"; }

/// Every call has its own: in a table it would only push out others, even if one comes twice by chance.
bool differs_each_time(std::string_view name) noexcept { return name == "grpc-timeout" || name == "traceparent"; }

}  // namespace

void HpackEncoder::limit_table(std::size_t bytes) noexcept {
  bytes = std::min(bytes, HpackTable::kDefaultSize);
  if (bytes == table_.max_size()) return;
  smallest_limit_ = limit_changed_ ? std::min(smallest_limit_, bytes) : bytes;
  limit_changed_ = true;
  table_.set_max_size(bytes);
  assert(smallest_limit_ <= table_.max_size());
  assert(table_.max_size() <= HpackTable::kDefaultSize);
}

void HpackEncoder::encode(std::span<const HeaderField> fields, std::vector<std::uint8_t>& to) {
  if (limit_changed_) {
    assert(smallest_limit_ <= table_.max_size());
    if (smallest_limit_ < table_.max_size()) put_integer(kSizeUpdate, 5, smallest_limit_, to);
    put_integer(kSizeUpdate, 5, table_.max_size(), to);
    limit_changed_ = false;
  }
  const std::size_t known = encode_known(fields, to);
  if (known == fields.size()) return;
  assert(known < fields.size());
  if (seen_.empty()) seen_.resize(kSeen);
  const std::uint64_t version = table_.version();
  const std::size_t begin = to.size();
  std::size_t end = begin;
  std::size_t indexed = 0;
  bool only_indices = known == 0;
  for (const HeaderField& field : fields.subspan(known)) {
    only_indices &= encode(field, to);
    if (!only_indices) continue;
    ++indexed;
    end = to.size();
  }
  if (indexed > 0 && table_.version() == version) {
    remember(fields.first(indexed), std::span{to}.subspan(begin, end - begin));
  }
}

std::size_t HpackEncoder::encode_known(std::span<const HeaderField> fields, std::vector<std::uint8_t>& to) const {
  for (const Beginning& known : beginnings_) {
    assert(known.texts.size() % 2 == 0);
    const std::size_t size = known.texts.size() / 2;
    if (known.version != table_.version() || size > fields.size()) continue;
    std::size_t same = 0;
    while (same < size && same_text(fields[same].name, known.texts[2 * same]) &&
           same_text(fields[same].value, known.texts[2 * same + 1])) {
      ++same;
    }
    if (same < size) continue;
    to.insert(to.end(), known.bytes.begin(), known.bytes.end());
    return size;
  }
  return 0;
}

void HpackEncoder::remember(std::span<const HeaderField> fields, std::span<const std::uint8_t> bytes) {
  assert(!fields.empty() && bytes.size() >= fields.size());  // an index for each
  if (beginnings_.size() < kBeginnings) beginnings_.emplace_back();
  assert(next_beginning_ < beginnings_.size());
  // Into the memory of the one that it replaces.
  Beginning& known = beginnings_[next_beginning_];
  next_beginning_ = (next_beginning_ + 1) % kBeginnings;
  known.texts.resize(2 * fields.size());
  for (std::size_t i = 0; i < fields.size(); ++i) {
    known.texts[2 * i] = fields[i].name;
    known.texts[2 * i + 1] = fields[i].value;
  }
  known.bytes.assign(bytes.begin(), bytes.end());
  known.version = table_.version();
}

bool HpackEncoder::encode(const HeaderField& field, std::vector<std::uint8_t>& to) {
  if (differs_each_time(field.name)) {
    literal(kNotInserted, 4, 0, field, to);
    return false;
  }
  const std::uint32_t hash = hash_of(field);
  Seen* seen = place_of(hash);
  const bool known = seen != nullptr && seen->hash == hash;
  const std::size_t index = known ? table_.index_of(seen->id) : 0;
  HeaderBlock::Field entry;
  FieldId id = 0;
  if (table_.get(index, entry, id) && entry.name == field.name && entry.value == field.value) {
    put_integer(kIndexed, 7, index, to);
    return true;
  }
  const HpackTable::StaticMatch match = HpackTable::find_static(field.name, field.value);
  if (match.whole) {
    if (seen != nullptr) *seen = {hash, match.index};
    put_integer(kIndexed, 7, match.index, to);
    return true;
  }
  if (is_secret(field.name)) {
    literal(kNeverIndexed, 4, match.index, field, to);
    return false;
  }
  const bool fits = field.name.size() + field.value.size() + HpackTable::kEntryOverhead <= table_.max_size() / 2;
  if (fits && seen != nullptr && (known || field.recurs)) {
    literal(kInserted, 6, match.index, field, to);
    table_.insert({field.name, field.value});
    assert(table_.index_of(table_.newest_id()) == HpackTable::kStaticEntries + 1);
    *seen = {hash, table_.newest_id()};
    return false;
  }
  if (seen != nullptr && index == 0) *seen = {hash, 0};
  literal(kNotInserted, 4, match.index, field, to);
  return false;
}

HpackEncoder::Seen* HpackEncoder::place_of(std::uint32_t hash) noexcept {
  assert(seen_.size() == kSeen);
  Seen* free = nullptr;
  for (std::size_t i = 0; i < kNeighbours; ++i) {
    Seen& one = seen_[(hash + i) % kSeen];
    if (one.hash == hash) return &one;
    if (free == nullptr && table_.index_of(one.id) == 0) free = &one;
  }
  return free;
}

void HpackEncoder::literal(std::uint8_t kind, int prefix_bits, std::size_t name_index, const HeaderField& field,
                           std::vector<std::uint8_t>& to) {
  put_integer(kind, prefix_bits, name_index, to);
  if (name_index == 0) put_text(field.name, to);
  put_text(field.value, to);
}

}  // namespace tern::http2

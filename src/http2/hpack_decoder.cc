#include "http2/hpack_decoder.h"

#include <cassert>

#include "http2/huffman.h"

namespace tern::http2 {

/// Where in the block the decoder is.
struct HpackDecoder::Cursor {
  std::span<const std::uint8_t> left;

  /// An integer whose first byte has `bits` for it (§5.1); false when it is cut off or beyond 32 bits.
  bool integer(int bits, std::size_t& value) noexcept {
    assert(!left.empty());
    assert(bits >= 4 && bits <= 7);
    const auto all = static_cast<std::uint8_t>((1U << bits) - 1);
    value = left.front() & all;
    left = left.subspan(1);
    if (value < all) return true;
    for (int shift = 0; shift <= 28; shift += 7) {
      if (left.empty()) return false;
      const std::uint8_t byte = left.front();
      left = left.subspan(1);
      value += static_cast<std::size_t>(byte & 0x7f) << shift;
      if ((byte & 0x80) == 0) return value <= UINT32_MAX;
    }
    return false;
  }
};

bool HpackDecoder::decode(std::span<const std::uint8_t> block, Fields& fields) {
  Cursor cursor{block};
  bool size_update_allowed = true;  // only before the first field (§4.2)
  while (!cursor.left.empty()) {
    const std::uint8_t first = cursor.left.front();
    if ((first & 0x80) != 0) {
      std::size_t index = 0;
      HeaderBlock::Field field;
      FieldId id = 0;
      if (!cursor.integer(7, index) || !table_.get(index, field, id)) return false;
      fields.on_field(field, id);
    } else if ((first & 0x40) != 0) {
      if (!literal(cursor, 6, true, fields)) return false;
    } else if ((first & 0x20) != 0) {
      std::size_t size = 0;
      if (!size_update_allowed || !cursor.integer(5, size) || size > HpackTable::kDefaultSize) return false;
      table_.set_max_size(size);
      continue;
    } else if (!literal(cursor, 4, false, fields)) {
      return false;
    }
    size_update_allowed = false;
  }
  return true;
}

// Literals are rare, and read into these.
namespace {
thread_local std::string name_scratch;
thread_local std::string value_scratch;
constexpr std::size_t kScratchKept = 4096;
}  // namespace

bool HpackDecoder::literal(Cursor& cursor, int prefix_bits, bool insert, Fields& fields) {
  std::size_t index = 0;
  if (!cursor.integer(prefix_bits, index)) return false;
  HeaderBlock::Field field;
  FieldId id = 0;
  if (index == 0) {
    if (!text(cursor, name_scratch, field.name)) return false;
  } else if (!table_.get(index, field, id)) {
    return false;
  }
  if (!text(cursor, value_scratch, field.value)) return false;
  id = 0;
  if (insert) {
    // Told from the table where it is there, since its own name may be what makes room for it.
    const FieldId before = table_.newest_id();
    if (index != 0) {
      name_scratch = field.name;
      field.name = name_scratch;
    }
    table_.insert(field);
    assert(table_.newest_id() == before || table_.newest_id() == before + 1);
    if (table_.newest_id() != before) table_.get(HpackTable::kStaticEntries + 1, field, id);
  }
  fields.on_field(field, id);
  if (name_scratch.capacity() > kScratchKept) std::string{}.swap(name_scratch);
  if (value_scratch.capacity() > kScratchKept) std::string{}.swap(value_scratch);
  return true;
}

bool HpackDecoder::text(Cursor& cursor, std::string& scratch, std::string_view& text) {
  if (cursor.left.empty()) return false;
  const bool coded = (cursor.left.front() & 0x80) != 0;
  std::size_t size = 0;
  if (!cursor.integer(7, size) || size > cursor.left.size()) return false;
  assert(size <= cursor.left.size());
  const std::span<const std::uint8_t> bytes = cursor.left.first(size);
  cursor.left = cursor.left.subspan(size);
  if (!coded) {
    text = {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
    return true;
  }
  scratch.clear();
  if (!huffman::decode(bytes, scratch)) return false;
  text = scratch;
  return true;
}

}  // namespace tern::http2

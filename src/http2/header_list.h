// The size of a header block as SETTINGS_MAX_HEADER_LIST_SIZE counts it: name, value and 32 bytes for each field
// (RFC 9113 §6.5.2). HPACK's compression does not matter to it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "http2/hpack_table.h"
#include "http2/stream.h"

namespace tern::http2 {

/// Returns the bytes that one field counts.
constexpr std::size_t header_field_size(std::size_t name, std::size_t value) noexcept {
  return name + value + HpackTable::kEntryOverhead;
}

/// Returns the bytes that the whole block counts.
inline std::size_t header_list_size(std::span<const HeaderField> fields) noexcept {
  std::size_t size = 0;
  for (const HeaderField& field : fields) size += header_field_size(field.name.size(), field.value.size());
  return size;
}

}  // namespace tern::http2

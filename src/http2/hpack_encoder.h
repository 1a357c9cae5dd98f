// HpackEncoder: the bytes of header blocks (RFC 7541 §6). A field that comes a second time goes into the table, so that
// values which never come again do not push out those that do.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "http2/hpack_table.h"
#include "tern/http2/stream.h"

namespace tern::http2 {

class HpackEncoder {
 public:
  /// Appends the block of `fields`; it must be sent before the next one is encoded.
  void encode(std::span<const HeaderField> fields, std::vector<std::uint8_t>& to);

  /// What the peer's SETTINGS_HEADER_TABLE_SIZE allows; told to it by the next block (§4.2).
  void limit_table(std::size_t bytes) noexcept;

 private:
  void encode(const HeaderField& field, std::vector<std::uint8_t>& to);
  void literal(std::uint8_t kind, int prefix_bits, std::size_t name_index, const HeaderField& field,
               std::vector<std::uint8_t>& to);

  /// By hash: a field that was sent, and the table's entry that it is; 0 when it was sent once, and is in none.
  struct Seen {
    std::uint32_t hash = 0;
    FieldId id = 0;
  };
  static constexpr std::size_t kSeen = 64;

  HpackTable table_;
  std::vector<Seen> seen_;  // made at the first block: idle connections have none
  std::size_t smallest_limit_ = HpackTable::kDefaultSize;
  bool limit_changed_ = false;
};

}  // namespace tern::http2

// HpackEncoder: the bytes of header blocks (RFC 7541 §6). A field that comes a second time goes into the table, so that
// values which never come again do not push out those that do; what a block begins with is remembered together with its
// bytes, since the next one begins with the same.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "http2/hpack_table.h"
#include "http2/stream.h"

namespace tern::http2 {

class HpackEncoder {
 public:
  /// Appends the block of `fields`; it must be sent before the next one is encoded.
  void encode(std::span<const HeaderField> fields, std::vector<std::uint8_t>& to);

  /// What the peer's SETTINGS_HEADER_TABLE_SIZE allows; told to it by the next block (§4.2).
  void limit_table(std::size_t bytes) noexcept;

 private:
  /// Appends the fields that are remembered; how many.
  std::size_t encode_known(std::span<const HeaderField> fields, std::vector<std::uint8_t>& to) const;
  void remember(std::span<const HeaderField> fields, std::span<const std::uint8_t> bytes);
  /// Whether an index stands for all of it.
  bool encode(const HeaderField& field, std::vector<std::uint8_t>& to);
  void literal(std::uint8_t kind, int prefix_bits, std::size_t name_index, const HeaderField& field,
               std::vector<std::uint8_t>& to);

  /// By hash: a field that was sent, and the table's entry that it is; 0 when it was sent once, and is in none.
  struct Seen {
    std::uint32_t hash = 0;
    FieldId id = 0;
  };
  static constexpr std::size_t kSeen = 64;
  static constexpr std::size_t kNeighbours = 4;
  /// Where the field with this hash is, or may be, noted; null where there is no room. Never in place of one that is
  /// in the table: two fields that took turns there would be inserted anew each time.
  Seen* place_of(std::uint32_t hash) noexcept;

  /// Fields and the indices that stand for them, as long as the table has this version.
  struct Beginning {
    std::vector<std::string> texts;  // name, value, name, value…
    std::vector<std::uint8_t> bytes;
    std::uint64_t version = 0;
  };
  static constexpr std::size_t kBeginnings = 4;

  HpackTable table_;
  std::vector<Seen> seen_;  // made at the first block: idle connections have none
  std::vector<Beginning> beginnings_;
  std::size_t next_beginning_ = 0;
  std::size_t smallest_limit_ = HpackTable::kDefaultSize;
  bool limit_changed_ = false;
};

}  // namespace tern::http2

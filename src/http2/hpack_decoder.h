// HpackDecoder: header fields out of the bytes of a header block (RFC 7541 §6).
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

#include "http2/hpack_table.h"

namespace tern::http2 {

class HpackDecoder {
 public:
  class Fields {
   public:
    /// The views live during the call. `id`: the table's entry that it is or has become; 0 for one that is in none.
    virtual void on_field(const HeaderBlock::Field& field, FieldId id) = 0;

   protected:
    ~Fields() = default;
  };

  /// A whole block. False when it is broken, which makes the connection useless: COMPRESSION_ERROR (RFC 9113 §4.3).
  bool decode(std::span<const std::uint8_t> block, Fields& fields);

  /// As long as it is the same before and after, the same bytes mean the same fields.
  [[nodiscard]] std::uint64_t version() const noexcept { return table_.version(); }

 private:
  struct Cursor;
  bool literal(Cursor& cursor, int prefix_bits, bool insert, Fields& fields);
  static bool text(Cursor& cursor, std::string& scratch, std::string_view& text);

  HpackTable table_;
};

}  // namespace tern::http2

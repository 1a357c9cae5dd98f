// HeaderMemo: remembers the last header blocks of a connection. A block that comes again byte by byte is recognised
// without decoding it; one that comes again field by field, while it is decoded, without a copy, an allocation or a
// check.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "http2/field_rules.h"
#include "http2/header_block.h"
#include "http2/hpack_table.h"

namespace tern::http2 {

class HeaderMemo {
 public:
  /// A field named `aside` is not part of blocks: its value differs from call to call. Empty: none.
  HeaderMemo(BlockKind kind, std::string_view aside) : kind_(kind), aside_name_(aside) {}
  HeaderMemo(const HeaderMemo&) = delete;
  HeaderMemo& operator=(const HeaderMemo&) = delete;
  ~HeaderMemo() = default;

  /// The block that these bytes made before, if the table (its version) is still what it was; null when it is not
  /// known.
  const HeaderBlockRef* find(std::span<const std::uint8_t> bytes, std::uint64_t version) noexcept;

  void begin();
  /// `id`: the table's entry that the field is; 0 for none.
  void add(const HeaderBlock::Field& field, FieldId id = 0);
  /// The block that the fields since begin() make.
  HeaderBlockRef end();
  /// The same, which these bytes mean as long as the table has this version.
  HeaderBlockRef end(std::span<const std::uint8_t> bytes, std::uint64_t version);

  /// The last value of the field that is kept aside; empty when there was none.
  [[nodiscard]] std::string_view aside() const noexcept { return aside_; }

 private:
  struct Known {
    HeaderBlockRef block;
    std::vector<FieldId> ids;  // of its fields
  };

  /// Null asks for the block's end.
  bool follow_known(const HeaderBlock::Field* next);
  void grow();
  HeaderBlockRef remember();

  struct Spelling {
    std::vector<std::uint8_t> bytes;
    std::uint64_t version = 0;
    HeaderBlockRef block;
    std::string aside;
  };

  static constexpr std::size_t kKnown = 8;
  static constexpr std::size_t kSpellings = 4;
  /// Longer blocks are not remembered: what an idle connection holds stays small.
  static constexpr std::size_t kLongestKnown = 1024;
  static constexpr std::size_t kLongestSpelling = 256;

  BlockKind kind_;
  std::string_view aside_name_;
  std::string aside_;
  std::vector<Spelling> spellings_;
  std::size_t next_spelling_ = 0;
  std::array<Known, kKnown> known_;
  std::size_t oldest_ = 0;
  Known* candidate_ = known_.data();  // agrees with the first matched_ fields; the last hit is tried first
  std::size_t matched_ = 0;
  boost::intrusive_ptr<HeaderBlock> growing_;  // none is known that agrees
  std::vector<FieldId> ids_;                   // of the fields since begin(), while it grows
};

}  // namespace tern::http2

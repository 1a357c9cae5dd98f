// HeaderMemo: remembers the last header blocks of a connection. A block that comes again, field by field, is recognised
// while it is decoded, without a copy, an allocation or a check.
#pragma once

#include <array>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "http2/field_id.h"
#include "http2/field_rules.h"
#include "tern/http2/header_block.h"

namespace tern::http2 {

class HeaderMemo {
 public:
  /// A field named `aside` is not part of blocks: its value differs from call to call. Empty: none.
  HeaderMemo(BlockKind kind, std::string_view aside) : kind_(kind), aside_name_(aside) {}
  HeaderMemo(const HeaderMemo&) = delete;
  HeaderMemo& operator=(const HeaderMemo&) = delete;
  ~HeaderMemo() = default;

  void begin();
  /// `name` and `value` are where the session found the field; null where it does not matter.
  void add(const HeaderBlock::Field& field, nghttp2_rcbuf* name = nullptr, nghttp2_rcbuf* value = nullptr);
  /// The block that the fields since begin() make.
  HeaderBlockRef end();
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

  static constexpr std::size_t kKnown = 8;
  /// Longer blocks are not remembered: what an idle connection holds stays small.
  static constexpr std::size_t kLongestKnown = 1024;

  BlockKind kind_;
  std::string_view aside_name_;
  std::string aside_;
  std::array<Known, kKnown> known_;
  std::size_t oldest_ = 0;
  Known* candidate_ = known_.data();  // agrees with the first matched_ fields; the last hit is tried first
  std::size_t matched_ = 0;
  boost::intrusive_ptr<HeaderBlock> growing_;  // none is known that agrees
  std::vector<FieldId> ids_;                   // of the fields since begin(), while it grows
};

}  // namespace tern::http2

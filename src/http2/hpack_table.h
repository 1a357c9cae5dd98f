// HPACK's table of header fields: 61 that are fixed, and those that were sent before, newest first (RFC 7541 §2.3). One
// for each direction of a connection; both ends keep the same.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "http2/buffer.h"
#include "http2/header_block.h"

namespace tern::http2 {

/// Which entry a field is, for as long as the connection lives: no other one ever has the same. 0: none.
using FieldId = std::uint64_t;

class HpackTable {
 public:
  /// An entry counts this much more than its bytes (RFC 7541 §4.1).
  static constexpr std::size_t kEntryOverhead = 32;
  /// What an endpoint may use unless it is told otherwise (§6.5.2 of RFC 9113).
  static constexpr std::size_t kDefaultSize = 4096;
  static constexpr std::size_t kStaticEntries = 61;

  /// By its index on the wire, from 1 on; false when there is none. The views live until the next insertion.
  bool get(std::size_t index, HeaderBlock::Field& field, FieldId& id) const noexcept;

  /// Makes room and adds it; `field` may be of this table. One that is larger than the table empties it (§4.4).
  void insert(const HeaderBlock::Field& field);
  void set_max_size(std::size_t bytes) noexcept;
  [[nodiscard]] std::size_t max_size() const noexcept { return max_size_; }

  /// As long as it is the same, each index means the same.
  [[nodiscard]] std::uint64_t version() const noexcept { return inserted_ + resized_; }
  /// The id of the newest entry.
  [[nodiscard]] FieldId newest_id() const noexcept { return kStaticEntries + inserted_; }
  /// The index on the wire of the entry with this id; 0 when it is gone.
  [[nodiscard]] std::size_t index_of(FieldId id) const noexcept;

  /// The index of a fixed entry with this name and value, or else of one with this name; 0 when there is none.
  struct StaticMatch {
    std::size_t index = 0;
    bool whole = false;
  };
  static StaticMatch find_static(std::string_view name, std::string_view value) noexcept;

 private:
  /// Name and value, one after the other.
  struct Entry {
    Buffer text;
    std::size_t name_size = 0;
    [[nodiscard]] std::size_t bytes() const noexcept { return text.size() + kEntryOverhead; }
  };
  [[nodiscard]] const Entry& newest(std::size_t place) const noexcept;
  void evict(std::size_t max_size) noexcept;
  void grow();

  std::vector<Entry> ring_;  // a power of two of places
  std::size_t count_ = 0;
  std::size_t bytes_ = 0;
  std::size_t max_size_ = kDefaultSize;
  std::uint64_t inserted_ = 0;
  std::uint64_t resized_ = 0;
};

}  // namespace tern::http2

// StreamTable: a connection's streams by their ids. Ids that follow each other have buckets of their own.
#pragma once

#include <bit>
#include <cassert>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "http2/stream.h"

namespace tern::http2 {

class StreamTable {
 public:
  /// Null when there is none.
  [[nodiscard]] Stream* find(std::uint32_t id) const noexcept {
    if (buckets_.empty()) return nullptr;
    Stream* stream = buckets_[bucket(id)];
    while (stream != nullptr && static_cast<std::uint32_t>(stream->id_) != id) stream = stream->next_in_table_;
    return stream;
  }

  /// By its id, which is in the table no other time.
  void put(Stream& stream) {
    assert(stream.id_ > 0);
    assert(find(static_cast<std::uint32_t>(stream.id_)) == nullptr);
    if (size_ == buckets_.size()) grow();
    link(stream);
    ++size_;
  }

  void erase(Stream& stream) noexcept {
    assert(size_ > 0);
    assert(find(static_cast<std::uint32_t>(stream.id_)) == &stream);
    Stream** at = &buckets_[bucket(static_cast<std::uint32_t>(stream.id_))];
    while (*at != &stream) at = &(*at)->next_in_table_;
    *at = stream.next_in_table_;
    --size_;
  }

 private:
  [[nodiscard]] std::size_t bucket(std::uint32_t id) const noexcept { return (id >> 1) & (buckets_.size() - 1); }
  void link(Stream& stream) noexcept {
    Stream*& first = buckets_[bucket(static_cast<std::uint32_t>(stream.id_))];
    stream.next_in_table_ = first;
    first = &stream;
  }
  void grow() {
    std::vector<Stream*> old(buckets_.empty() ? 8 : buckets_.size() * 2);
    old.swap(buckets_);
    assert(std::has_single_bit(buckets_.size()) && size_ < buckets_.size());
    for (Stream* stream : old) {
      while (stream != nullptr) {
        Stream* next = stream->next_in_table_;
        link(*stream);
        stream = next;
      }
    }
  }

  std::vector<Stream*> buckets_;  // a power of two of them
  std::size_t size_ = 0;
};

}  // namespace tern::http2

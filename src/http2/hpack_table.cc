#include "http2/hpack_table.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cassert>
#include <cstring>
#include <utility>

namespace tern::http2 {

namespace {

// RFC 7541 appendix A; index 1 is the first.
constexpr std::array<HeaderBlock::Field, HpackTable::kStaticEntries> kStatic{{
    {":authority", ""},
    {":method", "GET"},
    {":method", "POST"},
    {":path", "/"},
    {":path", "/index.html"},
    {":scheme", "http"},
    {":scheme", "https"},
    {":status", "200"},
    {":status", "204"},
    {":status", "206"},
    {":status", "304"},
    {":status", "400"},
    {":status", "404"},
    {":status", "500"},
    {"accept-charset", ""},
    {"accept-encoding", "gzip, deflate"},
    {"accept-language", ""},
    {"accept-ranges", ""},
    {"accept", ""},
    {"access-control-allow-origin", ""},
    {"age", ""},
    {"allow", ""},
    {"authorization", ""},
    {"cache-control", ""},
    {"content-disposition", ""},
    {"content-encoding", ""},
    {"content-language", ""},
    {"content-length", ""},
    {"content-location", ""},
    {"content-range", ""},
    {"content-type", ""},
    {"cookie", ""},
    {"date", ""},
    {"etag", ""},
    {"expect", ""},
    {"expires", ""},
    {"from", ""},
    {"host", ""},
    {"if-match", ""},
    {"if-modified-since", ""},
    {"if-none-match", ""},
    {"if-range", ""},
    {"if-unmodified-since", ""},
    {"last-modified", ""},
    {"link", ""},
    {"location", ""},
    {"max-forwards", ""},
    {"proxy-authenticate", ""},
    {"proxy-authorization", ""},
    {"range", ""},
    {"referer", ""},
    {"refresh", ""},
    {"retry-after", ""},
    {"server", ""},
    {"set-cookie", ""},
    {"strict-transport-security", ""},
    {"transfer-encoding", ""},
    {"user-agent", ""},
    {"vary", ""},
    {"via", ""},
    {"www-authenticate", ""},
}};

}  // namespace

bool HpackTable::get(std::size_t index, HeaderBlock::Field& field, FieldId& id) const noexcept {
  if (index == 0) return false;
  if (index <= kStaticEntries) {
    field = kStatic[index - 1];
    id = index;
    return true;
  }
  const std::size_t place = index - kStaticEntries - 1;
  if (place >= count_) return false;
  const Entry& entry = newest(place);
  field = {entry.text.text().substr(0, entry.name_size), entry.text.text().substr(entry.name_size)};
  id = kStaticEntries + inserted_ - place;
  return true;
}

const HpackTable::Entry& HpackTable::newest(std::size_t place) const noexcept {
  assert(place < count_);
  assert(std::has_single_bit(ring_.size()));
  return ring_[(inserted_ - 1 - place) & (ring_.size() - 1)];
}

void HpackTable::insert(const HeaderBlock::Field& field) {
  Entry entry{.text = Buffer::allocate(field.name.size() + field.value.size()), .name_size = field.name.size()};
  std::ranges::copy(field.name, entry.text.data());
  std::ranges::copy(field.value, entry.text.data() + field.name.size());
  const std::size_t bytes = entry.bytes();
  if (bytes > max_size_) {
    evict(0);
    assert(count_ == 0 && bytes_ == 0);
    ++resized_;
    return;
  }
  evict(max_size_ - bytes);
  assert(bytes_ + bytes <= max_size_);
  if (count_ == ring_.size()) grow();
  assert(count_ < ring_.size());
  ring_[inserted_ & (ring_.size() - 1)] = std::move(entry);
  ++inserted_;
  ++count_;
  bytes_ += bytes;
}

void HpackTable::set_max_size(std::size_t bytes) noexcept {
  max_size_ = bytes;
  ++resized_;
  evict(bytes);
  assert(bytes_ <= max_size_);
}

void HpackTable::evict(std::size_t max_size) noexcept {
  while (bytes_ > max_size) {
    assert(count_ > 0 && count_ <= inserted_);
    Entry& oldest = ring_[(inserted_ - count_) & (ring_.size() - 1)];
    assert(bytes_ >= oldest.bytes());
    bytes_ -= oldest.bytes();
    oldest = {};
    --count_;
  }
  assert(count_ > 0 || bytes_ == 0);
}

void HpackTable::grow() {
  assert(count_ == ring_.size());
  std::vector<Entry> larger(std::max<std::size_t>(ring_.size() * 2, 8));
  for (std::uint64_t number = inserted_ - count_; number < inserted_; ++number) {
    larger[number & (larger.size() - 1)] = std::move(ring_[number & (ring_.size() - 1)]);
  }
  ring_ = std::move(larger);
  assert(std::has_single_bit(ring_.size()) && count_ < ring_.size());
}

std::size_t HpackTable::index_of(FieldId id) const noexcept {
  if (id <= kStaticEntries) return id;
  const std::uint64_t place = newest_id() - id;  // wraps around for one that is not there yet
  return place < count_ ? kStaticEntries + 1 + place : 0;
}

HpackTable::StaticMatch HpackTable::find_static(std::string_view name, std::string_view value) noexcept {
  StaticMatch match;
  for (std::size_t place = 0; place < kStatic.size(); ++place) {
    if (kStatic[place].name != name) continue;
    if (kStatic[place].value == value) return {place + 1, true};
    if (match.index == 0) match.index = place + 1;
  }
  return match;
}

}  // namespace tern::http2

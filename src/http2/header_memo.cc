#include "http2/header_memo.h"

#include <algorithm>
#include <cassert>
#include <utility>

namespace tern::http2 {

const HeaderBlockRef* HeaderMemo::find(std::span<const std::uint8_t> bytes, std::uint64_t version) noexcept {
  for (const Spelling& spelling : spellings_) {
    if (spelling.version != version || !std::ranges::equal(spelling.bytes, bytes)) continue;
    aside_ = spelling.aside;
    return &spelling.block;
  }
  return nullptr;
}

HeaderBlockRef HeaderMemo::end(std::span<const std::uint8_t> bytes, std::uint64_t version) {
  HeaderBlockRef block = end();
  assert(block != nullptr);
  if (bytes.size() > kLongestSpelling || block->problem != nullptr) return block;
  if (spellings_.size() < kSpellings) spellings_.emplace_back();
  // Into the memory of the one that it replaces.
  assert(next_spelling_ < spellings_.size());
  Spelling& spelling = spellings_[next_spelling_];
  next_spelling_ = (next_spelling_ + 1) % kSpellings;
  spelling.bytes.assign(bytes.begin(), bytes.end());
  spelling.version = version;
  spelling.block = block;
  spelling.aside = aside_;
  return block;
}

void HeaderMemo::begin() {
  assert(candidate_ >= known_.data() && candidate_ < known_.data() + known_.size());
  matched_ = 0;
  aside_.clear();
  growing_.reset();
}

void HeaderMemo::add(const HeaderBlock::Field& field, FieldId id) {
  // The fields since begin() are the beginning of the candidate, or are copied into a block of their own.
  assert(growing_ != nullptr || matched_ <= candidate_->ids.size());
  assert(growing_ == nullptr || growing_->size() == ids_.size());
  if (id != 0 && growing_ == nullptr && matched_ < candidate_->ids.size() && candidate_->ids[matched_] == id) {
    ++matched_;
    return;
  }
  if (!aside_name_.empty() && field.name == aside_name_) {
    aside_ = field.value;
    return;
  }
  if (growing_ == nullptr) {
    if (follow_known(&field)) {
      // What was first sent in full is an entry of the table from then on.
      if (id != 0) candidate_->ids[matched_] = id;
      ++matched_;
      return;
    }
    grow();
  }
  growing_->add(field);
  ids_.push_back(id);
}

HeaderBlockRef HeaderMemo::end() {
  if (growing_ == nullptr) {
    if (follow_known(nullptr)) return candidate_->block;
    grow();
  }
  return remember();
}

bool HeaderMemo::follow_known(const HeaderBlock::Field* next) {
  assert(growing_ == nullptr);
  const auto goes_on = [this, next](const HeaderBlock& block) {
    return next == nullptr ? block.size() == matched_ : block.size() > matched_ && block[matched_] == *next;
  };
  if (candidate_->block != nullptr && goes_on(*candidate_->block)) return true;
  for (Known& other : known_) {
    if (&other == candidate_ || other.block == nullptr || !goes_on(*other.block)) continue;
    std::size_t same = 0;
    while (same < matched_ && (*other.block)[same] == (*candidate_->block)[same]) ++same;
    if (same < matched_) continue;
    candidate_ = &other;
    return true;
  }
  return false;
}

void HeaderMemo::grow() {
  assert(growing_ == nullptr);
  assert(matched_ == 0 || candidate_->block != nullptr);
  growing_.reset(new HeaderBlock);
  ids_.clear();
  for (std::size_t i = 0; i < matched_; ++i) growing_->add((*candidate_->block)[i]);
  ids_.resize(matched_);
  assert(growing_->size() == matched_);
}

HeaderBlockRef HeaderMemo::remember() {
  assert(growing_ != nullptr && growing_->size() == ids_.size());
  check_fields(*growing_, kind_);
  HeaderBlockRef block = std::exchange(growing_, nullptr);
  if (block->bytes() <= kLongestKnown && block->problem == nullptr) {
    assert(oldest_ < kKnown);
    candidate_ = &known_[oldest_];
    *candidate_ = {block, std::move(ids_)};
    oldest_ = (oldest_ + 1) % kKnown;
  }
  ids_.clear();
  return block;
}

}  // namespace tern::http2

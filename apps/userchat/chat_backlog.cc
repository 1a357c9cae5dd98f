#include "chat_backlog.h"

#include <algorithm>
#include <utility>

namespace userchat {

namespace {

// Of an entry and its message, besides the serialised bytes.
constexpr std::size_t kOverhead = 256;

}  // namespace

void ChatBacklog::join(Reader& reader) {
  reader.next = end();
  readers_.push_back(&reader);
}

void ChatBacklog::leave(Reader& reader) {
  readers_.remove(&reader);
  for (std::uint64_t number = std::max(reader.next, first_); number < end(); ++number)
    --entries_[number - first_].readers;
  drop_what_all_have_read();
}

std::optional<ChatBacklog::Time> ChatBacklog::append(const Message& message, Time now) {
  if (readers_.empty()) return std::nullopt;
  const std::size_t bytes = message->ByteSizeLong() + kOverhead;
  while (!entries_.empty() && bytes_ + bytes > limits_.most_bytes) {
    const std::optional<Time> until = patience_with_oldest(now);
    if (until) return until;
    pop_oldest();
  }
  for (Reader* reader : readers_) {
    if (reader->next == end()) reader->behind_since = now;
  }
  entries_.push_back({.message = message, .bytes = bytes, .readers = readers_.size()});
  bytes_ += bytes;
  return std::nullopt;
}

std::optional<ChatBacklog::Taken> ChatBacklog::take(Reader& reader, Time now) {
  if (reader.next == end()) return std::nullopt;
  Taken taken;
  taken.lost = first_ - std::min(reader.next, first_);
  reader.next += taken.lost;
  Entry& entry = entries_[reader.next - first_];
  taken.message = entry.message;
  --entry.readers;
  ++reader.next;
  reader.behind_since = now;
  drop_what_all_have_read();
  return taken;
}

/// Until when the readers of the oldest message may still take it; empty when they are all slow.
std::optional<ChatBacklog::Time> ChatBacklog::patience_with_oldest(Time now) const {
  std::optional<Time> until;
  for (const Reader* reader : readers_) {
    const Time end = reader->behind_since + limits_.patience;
    if (holds_oldest(*reader) && end > now && (!until || end > *until)) until = end;
  }
  return until;
}

void ChatBacklog::pop_oldest() {
  bytes_ -= entries_.front().bytes;
  entries_.pop_front();
  ++first_;
}

void ChatBacklog::drop_what_all_have_read() {
  while (!entries_.empty() && entries_.front().readers == 0) pop_oldest();
}

}  // namespace userchat

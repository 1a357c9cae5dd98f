#include "chat_backlog.h"

#include <algorithm>
#include <utility>

namespace userchat {

namespace {

// Of an entry and its message, besides the serialised bytes.
constexpr std::size_t kOverhead = 256;

std::size_t bytes_of(const ChatBacklog::Message& message) { return message->ByteSizeLong() + kOverhead; }

}  // namespace

void ChatBacklog::join(Reader& reader, std::uint64_t next, Time now) {
  reader = {.next = next, .behind_since = now};
  readers_.push_back(&reader);
}

void ChatBacklog::leave(Reader& reader) { readers_.remove(&reader); }

std::optional<ChatBacklog::Time> ChatBacklog::append(const Message& message, Time now) {
  const std::size_t bytes = bytes_of(message);
  while (!entries_.empty() && bytes_ + bytes > limits_.most_bytes) {
    const std::optional<Time> until = patience_with_oldest(now);
    if (until) return until;
    pop_oldest();
  }
  push_back(message, bytes, now);
  return std::nullopt;
}

void ChatBacklog::put(const Message& message, std::uint64_t number, Time now) {
  const std::size_t bytes = bytes_of(message);
  const bool follows = number == end();
  while (!entries_.empty() && (!follows || bytes_ + bytes > limits_.most_bytes)) pop_oldest();
  if (entries_.empty()) first_ = number;
  push_back(message, bytes, now);
}

void ChatBacklog::push_back(const Message& message, std::size_t bytes, Time now) {
  for (Reader* reader : readers_) {
    if (reader->next == end()) reader->behind_since = now;
  }
  entries_.push_back({.message = message, .bytes = bytes});
  bytes_ += bytes;
}

void ChatBacklog::restart(std::uint64_t first) {
  entries_.clear();
  bytes_ = 0;
  first_ = first;
  for (Reader* reader : readers_) reader->next = std::min(reader->next, first);
}

std::optional<ChatBacklog::Taken> ChatBacklog::take(Reader& reader, Time now) {
  if (reader.next >= end()) return std::nullopt;
  Taken taken;
  taken.lost = first_ - std::min(reader.next, first_);
  reader.next += taken.lost;
  taken.message = entries_[reader.next - first_].message;
  ++reader.next;
  reader.behind_since = now;
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

}  // namespace userchat

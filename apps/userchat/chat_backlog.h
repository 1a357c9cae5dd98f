// ChatBacklog: the newest messages of a room, numbered without gaps. One queue for all listeners, each of which has a
// place in it, so that a message is kept once however many listen. A listener that comes back finds there what it
// missed. Bounded in bytes: a message that exceeds the bound pushes the oldest one out. append() lets it wait first
// while listeners that hold the oldest message still read.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <list>
#include <memory>
#include <optional>

#include "chat/v1/chat.pb.h"
#include "tern/async/loop.h"

namespace userchat {

struct ChatRoomLimits {
  /// Of the messages that a room keeps in memory, as they are serialised, with some more for each.
  std::size_t most_bytes = std::size_t{16} * 1024 * 1024;
  /// How long a listener may take nothing before it is slow: it then holds up nobody and loses messages.
  std::chrono::milliseconds patience{2'000};
};

/// A state machine without I/O; the times are the caller's. Not for several threads at once.
class ChatBacklog {
 public:
  using Message = std::shared_ptr<const chat::v1::ChatMessage>;
  using Time = tern::Clock::time_point;

  /// A listener's place; joins the backlog of one room, and leaves it before it is destroyed.
  struct Reader {
    std::uint64_t next = 0;  // the number of the message that it reads next
    Time behind_since;       // when it last took one, or a message came that it had to wait for
  };
  struct Taken {
    Message message;
    std::uint64_t lost = 0;  // messages before it that were pushed out
  };

  /// `first` is the number of the first message.
  explicit ChatBacklog(ChatRoomLimits limits, std::uint64_t first = 0) : limits_(limits), first_(first) {}

  /// From message `next` on, which may be older than all that are kept, or newer.
  void join(Reader& reader, std::uint64_t next, Time now);
  void leave(Reader& reader);

  /// Appends `message` as number end() and returns nothing; or returns when to try again at the latest, where listeners
  /// that still read have to make room. It may succeed earlier, when a reader that held_oldest() has taken it or left.
  /// A message longer than the bound is kept alone.
  std::optional<Time> append(const Message& message, Time now);

  /// Appends message `number`, and waits for nobody. If it is not number end(), those before it are dropped.
  void put(const Message& message, std::uint64_t number, Time now);

  /// Drops all messages. The next one has the number `first`; readers of later ones get it, too.
  void restart(std::uint64_t first);

  /// The next message for `reader`; empty when it has read all.
  std::optional<Taken> take(Reader& reader, Time now);

  /// True if the backlog has dropped the reader's next message.
  [[nodiscard]] bool behind(const Reader& reader) const noexcept { return reader.next < first_; }

  /// True if `reader` has yet to read the oldest message.
  [[nodiscard]] bool holds_oldest(const Reader& reader) const noexcept {
    return !entries_.empty() && reader.next <= first_;
  }

  /// The number of the oldest message; end() when the backlog is empty.
  [[nodiscard]] std::uint64_t first() const noexcept { return first_; }
  /// The number of the next message.
  [[nodiscard]] std::uint64_t end() const noexcept { return first_ + entries_.size(); }
  [[nodiscard]] std::size_t bytes() const noexcept { return bytes_; }

 private:
  struct Entry {
    Message message;
    std::size_t bytes = 0;
  };

  [[nodiscard]] std::optional<Time> patience_with_oldest(Time now) const;
  void push_back(const Message& message, std::size_t bytes, Time now);
  void pop_oldest();

  ChatRoomLimits limits_;
  std::deque<Entry> entries_;
  std::uint64_t first_;  // the number of the oldest
  std::size_t bytes_ = 0;
  std::list<Reader*> readers_;
};

}  // namespace userchat

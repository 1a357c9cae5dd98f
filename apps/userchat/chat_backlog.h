// ChatBacklog: the messages of a room that some listener has yet to read. One queue for all listeners, each of which
// has a place in it, so that a message is kept once however many listen. Bounded in bytes: what exceeds the bound waits
// while the listeners that hold the oldest message still read, and pushes that message out when they do not.
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
  /// Of the messages that a room keeps, as they are serialised, with some more for each.
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

  explicit ChatBacklog(ChatRoomLimits limits) : limits_(limits) {}

  /// From the next message on.
  void join(Reader& reader);
  void leave(Reader& reader);

  /// Appends `message` and returns nothing; or returns when to try again at the latest, where listeners that still read
  /// have to make room. It may succeed earlier, when a reader that held_oldest() has taken it or left. A message longer
  /// than the bound is kept alone.
  std::optional<Time> append(const Message& message, Time now);

  /// The next message for `reader`; empty when it has read all.
  std::optional<Taken> take(Reader& reader, Time now);

  /// True if `reader` has yet to read the oldest message.
  [[nodiscard]] bool holds_oldest(const Reader& reader) const noexcept {
    return !entries_.empty() && reader.next <= first_;
  }

  [[nodiscard]] std::size_t bytes() const noexcept { return bytes_; }

 private:
  struct Entry {
    Message message;
    std::size_t bytes = 0;
    std::size_t readers = 0;  // that have yet to read it; not fewer than of the entry before
  };

  [[nodiscard]] std::uint64_t end() const noexcept { return first_ + entries_.size(); }
  [[nodiscard]] std::optional<Time> patience_with_oldest(Time now) const;
  void pop_oldest();
  void drop_what_all_have_read();

  ChatRoomLimits limits_;
  std::deque<Entry> entries_;
  std::uint64_t first_ = 0;  // the number of the oldest
  std::size_t bytes_ = 0;
  std::list<Reader*> readers_;
};

}  // namespace userchat

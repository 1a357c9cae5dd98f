// SaidMessages: the ids that senders chose for the newest messages of a room in memory, so that a message that is said
// again is not added again.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <string>
#include <unordered_map>

#include "chat/v1/chat.pb.h"

namespace userchat {

/// Not for several threads at once.
class SaidMessages {
 public:
  struct Said {
    std::size_t hash = 0;  // of who said what
    std::int64_t timestamp = 0;
    std::int64_t reply_number = 0;  // 0 until both have been added
  };

  /// Null if no message has this id, or too many have come after it.
  [[nodiscard]] const Said* find(const std::string& id) const;
  /// Remembers the id of a message that will be added. find() must not know it.
  void begin(const chat::v1::ChatMessage& message);
  /// Both have been added to the room.
  void finish(const chat::v1::ChatMessage& message, const chat::v1::ChatMessage& reply);
  /// The message was not added, and may be said again.
  void forget(const std::string& id) { said_.erase(id); }

  static std::size_t hash_of(const chat::v1::ChatMessage& message);

 private:
  std::unordered_map<std::string, Said> said_;
  std::deque<std::string> finished_;  // oldest first
};

}  // namespace userchat

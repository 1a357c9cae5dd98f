// ChatFollower: tells a server what all servers have said in the room, message by message in the order of their
// numbers.
//
// It has a connection of its own that listens for notifications (LISTEN), since a notification comes only to the
// session that asked for it. A notification has no content: it makes the follower read the rows after the last one that
// it has. It does the same after each new connection, and every few seconds in case a notification was lost. So it
// misses nothing while the database is away. Behind a pooler a session cannot listen: there it reads several times a
// second.
#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <vector>

#include "chat/v1/chat.pb.h"
#include "postgres/connection.h"
#include "tern/async.h"

namespace userchat {

struct ChatFollowing {
  /// Called on the follower's loop, with messages in order.
  std::function<void(std::vector<chat::v1::ChatMessage>)> messages;
  /// The database has lost messages that were read (a replica was promoted before it had them). The next message's
  /// number is this, again.
  std::function<void(std::int64_t next)> restarted;
};

/// On the loop that it was made on.
class ChatFollower {
 public:
  /// Messages from number `next` on.
  ChatFollower(postgres::Options options, std::int64_t next, ChatFollowing following);
  ChatFollower(const ChatFollower&) = delete;
  ChatFollower& operator=(const ChatFollower&) = delete;

  /// Until it is cancelled.
  tern::Task<void> run();

  /// Makes a follower behind a pooler read at once. From any loop.
  void nudge();

 private:
  tern::Task<void> follow();
  tern::Task<void> read_on(postgres::Connection& connection);
  /// The database lacks messages that were read, or has others in their place.
  tern::Task<void> look_for_lost_messages(postgres::Connection& connection);
  void restart(std::int64_t next);
  void say_how_it_stands(const postgres::Connection& connection);

  postgres::Options options_;
  std::int64_t next_;
  struct Read {
    std::int64_t number = 0;
    std::int64_t timestamp = 0;
  };
  std::deque<Read> newest_;  // that were read, without gaps up to next_
  tern::Clock::time_point last_look_;
  ChatFollowing following_;
  postgres::CancelRequests cancels_;
  tern::ThreadEvent nudged_;
  bool away_ = false;
  bool told_of_pooler_ = false;
};

}  // namespace userchat

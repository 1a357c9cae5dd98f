// ChatRoom: gives each message to all listeners, once and in one order, on whichever loop each of them is. On
// PostgreSQL all servers share one room: messages go into a table, and come from there to each server's backlog.
#pragma once

#include <boost/intrusive/list.hpp>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "chat/v1/chat.tern.h"
#include "chat_backlog.h"
#include "chat_follower.h"
#include "postgres_chat_store.h"
#include "said_messages.h"
#include "tern/async.h"

namespace userchat {

/// In bytes of UTF-8; said in chat.proto.
inline constexpr std::size_t kLongestUserId = 256;
inline constexpr std::size_t kLongestMessageId = 64;
inline constexpr std::size_t kLongestContent = std::size_t{1024} * 1024;

class ChatRoomService final : public chat::v1::ChatRoom::AsyncService {
 public:
  /// A room of this server alone, in memory. Its numbers begin at the microseconds since 1970, so that they are greater
  /// than those of the room before a restart.
  explicit ChatRoomService(ChatRoomLimits limits = {});
  ChatRoomService(const ChatRoomService&) = delete;
  ChatRoomService& operator=(const ChatRoomService&) = delete;
  ~ChatRoomService() override;

  /// The room of all servers on a PostgreSQL database. Throws postgres::Error when it cannot be reached now. Destroyed
  /// on the loop that called this, after close_database().
  static tern::Task<std::unique_ptr<ChatRoomService>> open(postgres::Options database, ChatRoomLimits limits = {},
                                                           ChatTableLimits table = {});

  tern::Task<chat::v1::ChatMessage> Say(tern::ServerContext& context, const chat::v1::ChatMessage& request) override;
  tern::AsyncGenerator<chat::v1::ChatMessage> Listen(tern::ServerContext& context,
                                                     const chat::v1::ListenRequest& request) override;

  /// Nobody listens any more: the server stops. From any loop.
  void close();

  /// After the server has stopped.
  tern::Task<void> close_database();

 private:
  /// In one list at a time, which it leaves when it is destroyed.
  using ListNode = boost::intrusive::list_base_hook<boost::intrusive::link_mode<boost::intrusive::auto_unlink>>;
  template <class T>
  using List =
      boost::intrusive::list<T, boost::intrusive::base_hook<ListNode>, boost::intrusive::constant_time_size<false>>;
  using MutableMessage = std::shared_ptr<chat::v1::ChatMessage>;
  struct Listener;
  class Sayer;
  class Seat;
  class Saying;

  ChatRoomService(ChatRoomLimits limits, std::unique_ptr<PostgresChatStore> store);
  void follow_database(postgres::Options database, ChatTableLimits table);

  tern::Task<chat::v1::ChatMessage> say_in_memory(chat::v1::ChatMessage message, chat::v1::ChatMessage reply);
  tern::Task<chat::v1::ChatMessage> say_in_database(chat::v1::ChatMessage message, chat::v1::ChatMessage reply);
  /// Returns the reply of a message that was said before with the same id. Otherwise remembers the id.
  std::optional<chat::v1::ChatMessage> begin_to_say(const chat::v1::ChatMessage& message,
                                                    const chat::v1::ChatMessage& reply);

  /// Where a listener's stream begins.
  tern::Task<std::int64_t> first_for(std::int64_t next);
  tern::Task<std::vector<chat::v1::ChatMessage>> read_from_table(const Seat& seat);

  /// Gives the message its number. Waits while the backlog is full of messages that listeners still read.
  tern::Task<void> tell(MutableMessage message);
  std::optional<ChatBacklog::Time> try_to_tell(const MutableMessage& message, Sayer& sayer);
  void wake_listeners();
  void wake_sayers();

  std::unique_ptr<PostgresChatStore> store_;  // null: in memory

  std::mutex mutex_;  // of all below, to closed_
  ChatBacklog backlog_;
  const std::int64_t first_;  // message of a room in memory
  SaidMessages said_;         // in memory
  List<Listener> listeners_;
  List<Sayer> sayers_;  // that wait for room
  bool closed_ = false;

  std::unique_ptr<ChatFollower> follower_;
  std::unique_ptr<tern::TaskGroup> tasks_;  // null in memory
};

}  // namespace userchat

#include "chat_room.h"

#include <fmt/format.h>

#include <algorithm>
#include <random>
#include <string>
#include <utility>

#include "chat_service.h"
#include "postgres_status.h"
#include "wall_clock.h"

namespace userchat {

using chat::v1::ChatMessage;

namespace {

void check_text(const char* field, const std::string& text, std::size_t most) {
  if (text.size() <= most) return;
  tern::ServerContext::abort(tern::StatusCode::kInvalidArgument,
                             fmt::format("{} has {} bytes; at most {} are allowed", field, text.size(), most));
}

void check_message(const ChatMessage& message) {
  if (message.content().empty()) {
    tern::ServerContext::abort(tern::StatusCode::kInvalidArgument, "A message needs content");
  }
  check_text("user_id", message.user_id(), kLongestUserId);
  check_text("message_id", message.message_id(), kLongestMessageId);
  check_text("content", message.content(), kLongestContent);
}

// Between two attempts to read the table while the database is away.
constexpr std::chrono::milliseconds kPauseOfReading{500};

/// A message id for a sender that has chosen none: 128 random bits in hexadecimal.
std::string random_message_id() {
  std::random_device random;  // the system's
  std::string id;
  for (int i = 0; i < 4; ++i) id += fmt::format("{:08x}", random());
  return id;
}

[[noreturn]] void drop_slow_listener(std::uint64_t lost) {
  tern::ServerContext::abort(tern::StatusCode::kResourceExhausted,
                             fmt::format("the listener read too slowly and lost {} messages", lost));
}

}  // namespace

/// Waits on one loop; is woken from any, under the room's mutex.
struct ChatRoomService::Listener : ListNode {
  ChatBacklog::Reader reader;
  bool asleep = false;  // it has read all
  tern::ThreadEvent told;
};

/// The same for a call that says something.
class ChatRoomService::Sayer : public ListNode {
 public:
  explicit Sayer(ChatRoomService& room) : room_(room) {}
  Sayer(const Sayer&) = delete;
  Sayer& operator=(const Sayer&) = delete;
  ~Sayer() {
    const std::lock_guard lock{room_.mutex_};
    if (is_linked()) unlink();
  }
  tern::ThreadEvent woken;

 private:
  ChatRoomService& room_;
};

/// A listener's place in the room, as long as it listens.
class ChatRoomService::Seat {
 public:
  /// The next step of a listener.
  struct Next {
    std::optional<ChatBacklog::Taken> taken;
    bool ended = false;   // the server stops
    bool behind = false;  // the backlog no longer has its next message, and the table may
  };

  Seat(ChatRoomService& room, std::int64_t next) : room_(room) {
    const std::lock_guard lock{room_.mutex_};
    const std::uint64_t from = next == 0 ? room_.backlog_.end() : static_cast<std::uint64_t>(next);
    room_.backlog_.join(listener_.reader, from, tern::Clock::now());
    room_.listeners_.push_back(listener_);
  }
  Seat(const Seat&) = delete;
  Seat& operator=(const Seat&) = delete;
  ~Seat() {
    const std::lock_guard lock{room_.mutex_};
    room_.backlog_.leave(listener_.reader);
    listener_.unlink();
    room_.wake_sayers();
  }

  Next take() {
    listener_.told.clear();
    const std::lock_guard lock{room_.mutex_};
    const bool held_oldest = room_.backlog_.holds_oldest(listener_.reader);
    Next next;
    next.ended = room_.store_ && room_.closed_;
    next.behind = room_.store_ && room_.backlog_.behind(listener_.reader);
    if (next.ended || next.behind) return next;
    next.taken = room_.backlog_.take(listener_.reader, tern::Clock::now());
    if (next.taken && held_oldest) room_.wake_sayers();
    listener_.asleep = !next.taken;
    next.ended = !next.taken && room_.closed_;
    return next;
  }
  auto wait() { return listener_.told.wait(); }

  [[nodiscard]] std::uint64_t next() const {
    const std::lock_guard lock{room_.mutex_};
    return listener_.reader.next;
  }
  /// Goes on behind message `number`. Returns how many messages before it were skipped.
  [[nodiscard]] std::int64_t pass(std::uint64_t number) {
    const std::lock_guard lock{room_.mutex_};
    const std::uint64_t from = std::exchange(listener_.reader.next, number + 1);
    return number > from ? static_cast<std::int64_t>(number - from) : 0;
  }
  [[nodiscard]] std::uint64_t first_in_memory() const {
    const std::lock_guard lock{room_.mutex_};
    return room_.backlog_.first();
  }

 private:
  ChatRoomService& room_;
  Listener listener_;
};

/// A message with an id on its way into a room in memory. Its id is forgotten when the call ends before that.
class ChatRoomService::Saying {
 public:
  Saying(ChatRoomService& room, std::string id) : room_(room), id_(std::move(id)) {}
  Saying(const Saying&) = delete;
  Saying& operator=(const Saying&) = delete;
  ~Saying() {
    const std::lock_guard lock{room_.mutex_};
    if (!id_.empty()) room_.said_.forget(id_);
  }
  void finish(const ChatMessage& message, const ChatMessage& reply) {
    const std::lock_guard lock{room_.mutex_};
    if (!std::exchange(id_, {}).empty()) room_.said_.finish(message, reply);
  }

 private:
  ChatRoomService& room_;
  std::string id_;  // empty when the message has no id, or has been added
};

ChatRoomService::ChatRoomService(ChatRoomLimits limits)
    : backlog_(limits, static_cast<std::uint64_t>(milliseconds_since_1970()) * 1000),
      first_(static_cast<std::int64_t>(backlog_.end())) {}

ChatRoomService::ChatRoomService(ChatRoomLimits limits, std::unique_ptr<PostgresChatStore> store)
    : store_(std::move(store)),
      backlog_(limits, static_cast<std::uint64_t>(store_->last_at_start()) + 1),
      first_(1),
      tasks_(std::make_unique<tern::TaskGroup>()) {}

ChatRoomService::~ChatRoomService() = default;

tern::Task<std::unique_ptr<ChatRoomService>> ChatRoomService::open(postgres::Options database, ChatRoomLimits limits,
                                                                   ChatTableLimits table) {
  std::unique_ptr<PostgresChatStore> store = co_await PostgresChatStore::open(database);
  std::unique_ptr<ChatRoomService> room{new ChatRoomService{limits, std::move(store)}};
  room->follow_database(std::move(database), table);
  co_return room;
}

void ChatRoomService::follow_database(postgres::Options database, ChatTableLimits table) {
  ChatFollowing following{.messages =
                              [this](std::vector<ChatMessage> messages) {
                                const std::lock_guard lock{mutex_};
                                for (ChatMessage& message : messages) {
                                  const auto number = static_cast<std::uint64_t>(message.number());
                                  backlog_.put(std::make_shared<const ChatMessage>(std::move(message)), number,
                                               tern::Clock::now());
                                }
                                wake_listeners();
                              },
                          .restarted =
                              [this](std::int64_t next) {
                                const std::lock_guard lock{mutex_};
                                backlog_.restart(static_cast<std::uint64_t>(next));
                              }};
  follower_ = std::make_unique<ChatFollower>(std::move(database), store_->last_at_start() + 1, std::move(following));
  tasks_->spawn(follower_->run());
  tasks_->spawn(store_->prune(table));
}

tern::Task<ChatMessage> ChatRoomService::Say(tern::ServerContext& /*context*/, const ChatMessage& request) {
  check_message(request);
  ChatMessage message = request;
  message.set_timestamp(milliseconds_since_1970());
  message.clear_lost();
  message.clear_number();
  ChatMessage reply = echo_of(request);
  return store_ ? say_in_database(std::move(message), std::move(reply))
                : say_in_memory(std::move(message), std::move(reply));
}

// The id makes it safe for the pool to store the message again when the first answer is lost.
tern::Task<ChatMessage> ChatRoomService::say_in_database(ChatMessage message, ChatMessage reply) {
  if (message.message_id().empty()) message.set_message_id(random_message_id());
  co_await store_->say(message, reply);
  follower_->nudge();
  co_return reply;
}

tern::Task<ChatMessage> ChatRoomService::say_in_memory(ChatMessage message, ChatMessage reply) {
  std::optional<ChatMessage> known = begin_to_say(message, reply);
  if (known) co_return *std::move(known);
  Saying saying{*this, message.message_id()};
  const auto said = std::make_shared<ChatMessage>(std::move(message));
  const auto replied = std::make_shared<ChatMessage>(std::move(reply));
  co_await tell(said);
  co_await tell(replied);
  saying.finish(*said, *replied);
  co_return *replied;
}

std::optional<ChatMessage> ChatRoomService::begin_to_say(const ChatMessage& message, const ChatMessage& reply) {
  if (message.message_id().empty()) return std::nullopt;
  const std::lock_guard lock{mutex_};
  const SaidMessages::Said* known = said_.find(message.message_id());
  if (known == nullptr) {
    said_.begin(message);
    return std::nullopt;
  }
  if (known->hash != SaidMessages::hash_of(message)) {
    tern::ServerContext::abort(tern::StatusCode::kAlreadyExists, "another message has this message_id");
  }
  if (known->reply_number == 0) {
    tern::ServerContext::abort(tern::StatusCode::kUnavailable, "another call says this message now");
  }
  ChatMessage again = reply;
  again.set_number(known->reply_number);
  again.set_timestamp(known->timestamp);
  return again;
}

tern::Task<std::int64_t> ChatRoomService::first_for(std::int64_t next) {
  if (next < 0) tern::ServerContext::abort(tern::StatusCode::kInvalidArgument, "next is negative");
  std::int64_t end = 0;
  {
    const std::lock_guard lock{mutex_};
    end = static_cast<std::int64_t>(backlog_.end());
  }
  if (next == 0) co_return end;
  if (next <= end) co_return std::max(next, first_);
  if (!store_) co_return end;
  // This server has yet to read what the listener has from another one; or the database has lost it.
  std::optional<postgres::Error> problem;
  std::int64_t last = 0;
  try {
    last = co_await store_->last();
  } catch (const postgres::Error& error) {
    problem = error;
  }
  if (problem) abort_for(*problem, "message");
  co_return std::min(next, last + 1);
}

tern::AsyncGenerator<ChatMessage> ChatRoomService::Listen(tern::ServerContext& context,
                                                          const chat::v1::ListenRequest& request) {
  const std::int64_t first = co_await first_for(request.next());
  Seat seat{*this, first};
  const bool drop = request.when_slow() == chat::v1::WHEN_SLOW_END;
  context.initial_metadata().add("chat-next", std::to_string(first));
  context.send_initial_metadata();  // from now on nothing is missed
  // It may begin in the table. One that has been in memory and falls out of it is slow.
  bool was_in_memory = false;
  for (;;) {
    Seat::Next next = seat.take();
    if (next.ended) co_return;
    if (next.behind) {
      const std::uint64_t kept = seat.first_in_memory();
      if (drop && was_in_memory) drop_slow_listener(kept - std::min(seat.next(), kept));
      std::vector<ChatMessage> messages = co_await read_from_table(seat);
      for (ChatMessage& message : messages) {
        message.set_lost(seat.pass(static_cast<std::uint64_t>(message.number())));
        co_yield std::move(message);
      }
      continue;
    }
    was_in_memory = true;
    if (!next.taken) {
      co_await seat.wait();
      continue;
    }
    if (next.taken->lost == 0) {
      co_yield *next.taken->message;
      continue;
    }
    if (drop) drop_slow_listener(next.taken->lost);
    ChatMessage message = *next.taken->message;
    message.set_lost(static_cast<std::int64_t>(next.taken->lost));
    co_yield std::move(message);
  }
}

/// Waits while the database is away. Empty when the server stops meanwhile.
tern::Task<std::vector<ChatMessage>> ChatRoomService::read_from_table(const Seat& seat) {
  for (;;) {
    std::optional<postgres::Error> problem;
    std::vector<ChatMessage> messages;
    try {
      messages = co_await store_->read(static_cast<std::int64_t>(seat.next()));
    } catch (const postgres::Error& error) {
      problem = error;
    }
    if (!problem && !messages.empty()) co_return messages;
    if (problem && !is_temporary(*problem)) abort_for(*problem, "message");
    {
      const std::lock_guard lock{mutex_};
      if (closed_) co_return messages;
    }
    co_await tern::sleep(kPauseOfReading);
  }
}

tern::Task<void> ChatRoomService::tell(MutableMessage message) {
  Sayer sayer{*this};
  for (;;) {
    sayer.woken.clear();
    const std::optional<ChatBacklog::Time> again = try_to_tell(message, sayer);
    if (!again) co_return;
    co_await sayer.woken.wait(again);
  }
}

std::optional<ChatBacklog::Time> ChatRoomService::try_to_tell(const MutableMessage& message, Sayer& sayer) {
  const std::lock_guard lock{mutex_};
  if (closed_) return std::nullopt;
  message->set_number(static_cast<std::int64_t>(backlog_.end()));
  const std::optional<ChatBacklog::Time> again = backlog_.append(message, tern::Clock::now());
  if (!again) {
    wake_listeners();
  } else if (!sayer.is_linked()) {
    sayers_.push_back(sayer);
  }
  return again;
}

void ChatRoomService::wake_listeners() {
  for (Listener& listener : listeners_) {
    if (std::exchange(listener.asleep, false)) listener.told.set();
  }
}

void ChatRoomService::wake_sayers() {
  while (!sayers_.empty()) {
    Sayer& sayer = sayers_.front();
    sayers_.pop_front();
    sayer.woken.set();
  }
}

void ChatRoomService::close() {
  const std::lock_guard lock{mutex_};
  closed_ = true;
  wake_listeners();
  wake_sayers();
}

tern::Task<void> ChatRoomService::close_database() {
  if (!store_) co_return;
  tasks_.reset();
  co_await store_->close();
}

}  // namespace userchat

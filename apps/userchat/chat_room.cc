#include "chat_room.h"

#include <fmt/format.h>

#include <string>
#include <utility>

#include "chat_service.h"
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
  check_text("content", message.content(), kLongestContent);
}

}  // namespace

/// Waits on one loop; others wake it by posting to that.
struct ChatRoomService::Listener {
  explicit Listener(tern::Loop& its_loop) : loop(its_loop) {}

  tern::Loop& loop;
  ChatBacklog::Reader reader;
  bool asleep = false;  // it has read all
  tern::Event told;
};

/// The same for one who says something.
struct ChatRoomService::Sayer {
  explicit Sayer(tern::Loop& its_loop) : loop(its_loop) {}

  tern::Loop& loop;
  bool queued = false;
  tern::Event woken;
};

/// A listener's place in the room, as long as it listens.
class ChatRoomService::Seat {
 public:
  explicit Seat(ChatRoomService& room)
      : room_(room), listener_(std::make_shared<Listener>(tern::Loop::require_current("a listener"))) {
    const std::lock_guard lock{room_.mutex_};
    room_.backlog_.join(listener_->reader);
    room_.listeners_.push_back(listener_);
  }
  Seat(const Seat&) = delete;
  Seat& operator=(const Seat&) = delete;
  ~Seat() {
    const std::lock_guard lock{room_.mutex_};
    room_.backlog_.leave(listener_->reader);
    room_.listeners_.remove(listener_);
    room_.wake_sayers();
  }

  /// Empty: there is nothing to read now, or, when `ended`, ever.
  std::optional<ChatBacklog::Taken> take(bool& ended) const {
    listener_->told.clear();
    const std::lock_guard lock{room_.mutex_};
    const bool held_oldest = room_.backlog_.holds_oldest(listener_->reader);
    std::optional<ChatBacklog::Taken> taken = room_.backlog_.take(listener_->reader, tern::Clock::now());
    if (taken && held_oldest) room_.wake_sayers();
    listener_->asleep = !taken;
    ended = !taken && room_.closed_;
    return taken;
  }
  auto wait() const { return listener_->told.wait(); }

 private:
  ChatRoomService& room_;
  std::shared_ptr<Listener> listener_;
};

tern::Task<ChatMessage> ChatRoomService::Say(tern::ServerContext& /*context*/, const ChatMessage& request) {
  check_message(request);
  auto said = std::make_shared<ChatMessage>(request);
  said->set_timestamp(milliseconds_since_1970());
  said->clear_lost();
  co_await tell(std::move(said));
  auto reply = std::make_shared<const ChatMessage>(echo_of(request));
  co_await tell(reply);
  co_return *reply;
}

tern::AsyncGenerator<ChatMessage> ChatRoomService::Listen(tern::ServerContext& context,
                                                          const chat::v1::ListenRequest& request) {
  const Seat seat{*this};
  context.send_initial_metadata();  // from now on nothing is missed
  for (;;) {
    bool ended = false;
    const std::optional<ChatBacklog::Taken> taken = seat.take(ended);
    if (ended) co_return;
    if (!taken) {
      co_await seat.wait();
      continue;
    }
    if (taken->lost == 0) {
      co_yield *taken->message;
      continue;
    }
    if (request.when_slow() == chat::v1::WHEN_SLOW_END) {
      tern::ServerContext::abort(tern::StatusCode::kResourceExhausted,
                                 fmt::format("the listener read too slowly and lost {} messages", taken->lost));
    }
    ChatMessage message = *taken->message;
    message.set_lost(static_cast<std::int64_t>(taken->lost));
    co_yield message;
  }
}

tern::Task<void> ChatRoomService::tell(ChatBacklog::Message message) {
  const auto sayer = std::make_shared<Sayer>(tern::Loop::require_current("a chat message"));
  for (;;) {
    sayer->woken.clear();
    const std::optional<ChatBacklog::Time> again = try_to_tell(message, sayer);
    if (!again) co_return;
    co_await sayer->woken.wait(*again);
  }
}

std::optional<ChatBacklog::Time> ChatRoomService::try_to_tell(const ChatBacklog::Message& message,
                                                              const std::shared_ptr<Sayer>& sayer) {
  const std::lock_guard lock{mutex_};
  if (closed_) return std::nullopt;
  const std::optional<ChatBacklog::Time> again = backlog_.append(message, tern::Clock::now());
  if (!again) {
    wake_listeners();
  } else if (!std::exchange(sayer->queued, true)) {
    sayers_.push_back(sayer);
  }
  return again;
}

void ChatRoomService::wake_listeners() {
  for (const auto& listener : listeners_) {
    if (!std::exchange(listener->asleep, false)) continue;
    listener->loop.post([listener] { listener->told.set(); });
  }
}

void ChatRoomService::wake_sayers() {
  for (const auto& sayer : std::exchange(sayers_, {})) {
    sayer->queued = false;
    sayer->loop.post([sayer] { sayer->woken.set(); });
  }
}

void ChatRoomService::close() {
  const std::lock_guard lock{mutex_};
  closed_ = true;
  wake_listeners();
  wake_sayers();
}

}  // namespace userchat

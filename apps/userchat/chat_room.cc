#include "chat_room.h"

#include <deque>
#include <utility>

#include "chat_service.h"
#include "wall_clock.h"

namespace userchat {

using chat::v1::ChatMessage;

namespace {

// A listener that is further behind than this is sent away, so that it does not take up the server's memory.
constexpr std::size_t kMostUnheard = 1000;

}  // namespace

/// On one loop; others tell it by posting to that.
struct ChatRoomService::Listener {
  explicit Listener(tern::Loop& its_loop) : loop(its_loop) {}

  tern::Loop& loop;
  std::deque<ChatMessage> unheard;
  bool ended = false;
  tern::Event told;
};

/// A listener's place in the room, as long as it listens.
class ChatRoomService::Seat {
 public:
  explicit Seat(ChatRoomService& room)
      : room_(room), listener_(std::make_shared<Listener>(tern::Loop::require_current("a listener"))) {
    const std::lock_guard lock{room_.mutex_};
    listener_->ended = room_.closed_;
    room_.listeners_.push_back(listener_);
  }
  Seat(const Seat&) = delete;
  Seat& operator=(const Seat&) = delete;
  ~Seat() {
    const std::lock_guard lock{room_.mutex_};
    room_.listeners_.remove(listener_);
  }
  Listener* operator->() const noexcept { return listener_.get(); }

 private:
  ChatRoomService& room_;
  std::shared_ptr<Listener> listener_;
};

tern::Task<ChatMessage> ChatRoomService::Say(tern::ServerContext& /*context*/, const ChatMessage& request) {
  if (request.content().empty()) {
    tern::ServerContext::abort(tern::StatusCode::kInvalidArgument, "A message needs content");
  }
  ChatMessage said = request;
  said.set_timestamp(milliseconds_since_1970());
  tell(said);
  ChatMessage reply = echo_of(request);
  tell(reply);
  co_return reply;
}

tern::AsyncGenerator<ChatMessage> ChatRoomService::Listen(tern::ServerContext& context,
                                                          const chat::v1::ListenRequest& /*request*/) {
  const Seat seat{*this};
  context.send_initial_metadata();  // from now on nothing is missed
  for (;;) {
    while (!seat->unheard.empty()) {
      ChatMessage message = std::move(seat->unheard.front());
      seat->unheard.pop_front();
      co_yield std::move(message);
    }
    if (seat->ended) co_return;
    if (seat->unheard.size() >= kMostUnheard) {
      tern::ServerContext::abort(tern::StatusCode::kResourceExhausted, "the listener is too far behind");
    }
    seat->told.clear();
    co_await seat->told.wait();
  }
}

void ChatRoomService::tell(const ChatMessage& message) {
  const std::lock_guard lock{mutex_};
  for (const auto& listener : listeners_) {
    listener->loop.post([listener, message] {
      if (listener->unheard.size() < kMostUnheard) listener->unheard.push_back(message);
      listener->told.set();
    });
  }
}

void ChatRoomService::close() {
  const std::lock_guard lock{mutex_};
  closed_ = true;
  for (const auto& listener : listeners_) {
    listener->loop.post([listener] {
      listener->ended = true;
      listener->told.set();
    });
  }
}

}  // namespace userchat

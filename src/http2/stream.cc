#include "http2/stream.h"

#include <cassert>
#include <cstddef>
#include <utility>

#include "async/turn_output.h"
#include "http2/memory_budget.h"
#include "http2/session.h"
#include "http2/waiting_request.h"

namespace tern::http2 {

namespace {

// Shorter messages do not count: a turn has too few of them.
constexpr std::size_t kLongOutput = std::size_t{16} * 1024;

}  // namespace

Stream::Stream() = default;

Stream::~Stream() {
  if (open()) renew(true);
}

void Stream::renew(bool tell_peer) {
  if (open()) {
    Session& session = *session_;
    const bool reset = !std::exchange(broken_, true);
    session.detach(*this);
    if (tell_peer && reset && on_wire_) session.put_reset(static_cast<std::uint32_t>(id_), ErrorCode::kCancel);
    session.output_added();
  }
  id_ = 0;
  on_wire_ = end_queued_ = local_ended_ = remote_ended_ = headers_received_ = broken_ = false;
  content_left_ = -1;
  unconsumed_ = 0;
  window_is_wide_ = false;
  outgoing_.clear();
  taken_ = 0;
  assert(!open() && !SendTurn::linked());
}

void Stream::take_over(Stream& other) {
  if (!other.open()) return;
  assert(!open() && outgoing_.empty() && &other != this);
  Session& session = *other.session_;
  if (other.on_wire_) session.table_.erase(other);
  session_ = &session;
  id_ = std::exchange(other.id_, 0);
  on_wire_ = std::exchange(other.on_wire_, false);
  end_queued_ = other.end_queued_;
  local_ended_ = other.local_ended_;
  remote_ended_ = other.remote_ended_;
  headers_received_ = other.headers_received_;
  broken_ = other.broken_;
  closing_ = other.closing_;
  send_window_ = other.send_window_;
  receive_window_ = other.receive_window_;
  content_left_ = other.content_left_;
  unconsumed_ = other.unconsumed_;
  window_is_wide_ = other.window_is_wide_;
  unfinished_ = std::exchange(other.unfinished_, 0);
  outgoing_.swap(other.outgoing_);
  taken_ = other.taken_;
  const bool waits_for_room = other.waiting_ != nullptr;
  waiting_ = std::move(other.waiting_);
  other.session_ = nullptr;
  other.ListNode<Stream>::unlink();
  other.SendTurn::unlink();
  other.renew(false);
  assert(other.unsent() == 0);
  session.streams_.push_back(*this);
  if (on_wire_) session.table_.put(*this);
  if (waits_for_room) {
    session.room_waits_.push_back(*this);
  } else if (broken_) {
    session.reset_.push_back(*this);
  } else {
    wants_to_send();
  }
}

std::size_t Stream::peer_header_limit() const noexcept {
  return open() ? session_->peer_header_limit() : kNoHeaderLimit;
}

void Stream::send_headers(std::span<const HeaderField> fields) {
  if (open() && !broken_) session_->submit_response(*this, fields, false);
}

void Stream::send_only_headers(std::span<const HeaderField> fields) {
  if (!open() || end_queued_) return;
  end_queued_ = true;
  session_->submit_response(*this, fields, true);
}

void Stream::send_data(Buffer bytes) {
  if (!open() || end_queued_) return;
  if (session_->budget_ != nullptr) session_->budget_->take_unsent(bytes.size());
  if (bytes.size() >= kLongOutput) count_turn_output(bytes.size());
  ++session_->messages_sent_;
  assert(taken_ == 0 || !outgoing_.empty());
  outgoing_.push(std::move(bytes));
  wants_to_send();
}

void Stream::send_end() {
  if (!open() || end_queued_) return;
  end_queued_ = true;
  wants_to_send();
}

// One that waits for something else is put there by who ends the waiting.
void Stream::wants_to_send() {
  assert(open());
  if (!on_wire_ || (unsent() == 0 && !end_queued_)) return;
  if (!SendTurn::linked()) session_->sendable_.push_back(*this);
  session_->output_added();
}

void Stream::reset(ErrorCode code) {
  if (!open() || broken_) return;
  broken_ = end_queued_ = true;
  closing_ = code;
  if (on_wire_) session_->put_reset(static_cast<std::uint32_t>(id_), code);
  SendTurn::unlink();
  assert(open() && !on_wire_ == (id_ == 0));
  session_->reset_.push_back(*this);
  session_->output_added();
}

void Stream::count_received(std::size_t messages) noexcept {
  if (open()) session_->messages_received_ += messages;
}

MemoryBudget* Stream::memory() const noexcept { return open() ? session_->budget_ : nullptr; }

void Stream::count_unfinished(std::size_t bytes) {
  if (!open() || !session_->takes_turns()) return;
  assert(session_->budget_ != nullptr);
  if (bytes == 0) {
    long_message_.reset();
  } else if (long_message_ != nullptr) {
    long_message_->has_come(bytes);
    if (long_message_->admitted()) return;  // it is counted there
  }
  wait_for(bytes);
}

bool Stream::may_go_on(std::size_t length) {
  if (!open() || length <= session_->settings_.first_stream_window || !session_->takes_turns()) return true;
  if (long_message_ == nullptr) {
    long_message_ = std::make_unique<LongMessage>(session_->budget_->long_messages(), *this, length);
    long_message_->has_come(unfinished_);
  }
  assert(session_->budget_ != nullptr);
  if (!long_message_->may_go_on()) return false;
  wait_for(0);
  return true;
}

// The connection does, for so much of this stream's.
void Stream::wait_for(std::size_t unfinished) {
  assert(open() && session_->budget_ != nullptr);
  session_->budget_->intake().change(std::exchange(unfinished_, unfinished), unfinished);
}

void Stream::room_came() {
  assert(long_message_ != nullptr && long_message_->admitted());
  wait_for(0);
  on_room();
}

bool Stream::held_up() const { return session_->budget_->intake().held_up(); }

// A peer that holds back all of its messages loses them all.
void Stream::stalled() {
  assert(open() && long_message_ != nullptr);
  Session& session = *session_;
  const bool silent = long_message_->connection_is_silent();
  on_stalled();
  if (silent && long_message_ == nullptr) session.give_up_unfinished(true);
}

void Stream::consume(std::size_t size) {
  if (!open()) return;
  // One WINDOW_UPDATE for many small messages, and none where nothing comes any more.
  unconsumed_ += size;
  const Settings& settings = session_->settings_;
  const std::uint32_t window = window_is_wide_ ? settings.stream_window : settings.first_stream_window;
  if (unconsumed_ < window / 4 || remote_ended_ || broken_) return;
  // Who is read from may send farther ahead.
  if (!std::exchange(window_is_wide_, true)) unconsumed_ += settings.stream_window - settings.first_stream_window;
  session_->put_window_update(static_cast<std::uint32_t>(id_), unconsumed_);
  receive_window_ += static_cast<std::int64_t>(unconsumed_);
  assert(receive_window_ <= kMaxWindow);
  unconsumed_ = 0;
  session_->output_added();
}

}  // namespace tern::http2

#include "http2/session.h"

#include <algorithm>
#include <array>
#include <cassert>
#include <utility>

#include "http2/memory_budget.h"
#include "http2/waiting_request.h"

namespace tern::http2 {

Session::Session(Role role, const Settings& settings, SessionEvents& events)
    : events_(events),
      settings_(settings),
      role_(role),
      preface_left_(role == Role::kServer ? kClientPreface.size() : 0),
      window_(std::max<std::size_t>(kInitialWindow, settings.first_connection_window)),
      first_blocks_(role == Role::kServer ? BlockKind::kRequest : BlockKind::kResponse, settings.aside_field),
      trailer_blocks_(BlockKind::kTrailers, {}) {
  assert(settings.first_stream_window <= settings.stream_window && settings.stream_window <= kMaxWindow);
  assert(settings.first_connection_window <= settings.connection_window && settings.connection_window <= kMaxWindow);
  if (role == Role::kClient) pending_.assign(kClientPreface.begin(), kClientPreface.end());
  struct Setting {
    SettingId id;
    std::uint32_t value;
  };
  std::array<Setting, 4> list{{{SettingId::kMaxConcurrentStreams, settings.max_concurrent_streams},
                               {SettingId::kInitialWindowSize, settings.first_stream_window},
                               {SettingId::kMaxHeaderListSize, settings.max_header_bytes},
                               {SettingId::kEnablePush, 0}}};
  // Only a client has pushes to turn off.
  const std::size_t count = role == Role::kServer ? list.size() - 1 : list.size();
  std::uint8_t* to = put_frame(FrameType::kSettings, 0, 0, 6 * count);
  for (const Setting& setting : std::span{list}.first(count)) {
    to[0] = 0;
    to[1] = static_cast<std::uint8_t>(setting.id);
    write_u32(to + 2, setting.value);
    to += 6;
  }
  if (window_ > kInitialWindow) {
    put_window_update(0, window_ - kInitialWindow);
    receive_window_ = static_cast<std::int64_t>(window_);
  }
}

Session::~Session() {
  output_announced_ = true;  // nobody writes it any more
  streams_.for_each([this](Stream& stream) { detach(stream); });
  assert(open_streams_ == 0);
}

void Session::charge_to(MemoryBudget& budget) noexcept {
  assert(budget_ == nullptr && open_streams_ == 0);
  budget_ = &budget;
  budget.intake().receive_for(*this);
}

bool Session::takes_turns() const noexcept { return budget_ != nullptr && budget_->takes_turns(); }

bool Session::finished() const noexcept {
  assert(pending_taken_ <= pending_.size());
  if (pending_taken_ < pending_.size()) return false;
  return failed_ || terminated_ || ((go_away_sent_ || go_away_received_) && open_streams_ == 0);
}

void Session::announce_shutdown() {
  put_go_away(kMaxStreamId, ErrorCode::kNoError, {});
  output_added();
}

void Session::go_away() {
  go_away_sent_ = true;
  put_go_away(last_peer_stream_, ErrorCode::kNoError, {});
  output_added();
}

void Session::ping() {
  put_frame(FrameType::kPing, 0, 0, 8);
  output_added();
}

void Session::terminate(ErrorCode code, std::string_view debug_data) {
  terminated_ = true;
  put_go_away(last_peer_stream_, code, debug_data);
  output_added();
}

void Session::fail(ErrorCode code, std::string_view why) {
  if (std::exchange(failed_, true)) return;
  error_ = why;
  error_code_ = code;
  put_go_away(last_peer_stream_, code, why);
}

void Session::close_streams(ErrorCode code) {
  while (!streams_.empty()) closed(streams_.front(), code);
  assert(open_streams_ == 0 && own_streams_ == 0);
}

void Session::attach(Stream& stream) {
  assert(stream.session_ == nullptr && stream.id_ == 0 && !stream.on_wire_);
  stream.session_ = this;
  streams_.push_back(stream);
  ++open_streams_;
  ++streams_opened_;
}

void Session::begin_on_wire(Stream& stream, std::uint32_t id) {
  assert(stream.session_ == this && !stream.on_wire_);
  assert(id % 2 == 1 && id <= kMaxStreamId);  // nobody pushes
  stream.id_ = static_cast<std::int32_t>(id);
  stream.on_wire_ = true;
  stream.send_window_ = peer_stream_window_;
  stream.receive_window_ = settings_.first_stream_window;
  // The peer may not know our settings yet.
  if (!settings_acknowledged_) stream.receive_window_ = std::max<std::int64_t>(stream.receive_window_, kInitialWindow);
  table_.put(stream);
}

// There is room for another one now.
void Session::own_stream_ended() noexcept {
  assert(role_ == Role::kClient && own_streams_ > 0);
  if (!room_waits_.empty()) {
    output_added();
  } else if (own_streams_ == peer_max_streams_) {
    events_.on_room();
  }
  --own_streams_;
}

void Session::forget(Stream& stream) noexcept {
  assert(stream.session_ == this && open_streams_ > 0);
  stream.hold_unfinished(0);
  if (stream.on_wire_) {
    table_.erase(stream);
    if (role_ == Role::kClient) own_stream_ended();
  }
  stream.session_ = nullptr;
  stream.ListNode<Stream>::unlink();
  stream.SendTurn::unlink();
  stream.waiting_.reset();
  --open_streams_;
  sent_or_dropped(stream.unsent());
}

void Session::detach(Stream& stream) noexcept {
  ++streams_failed_;
  forget(stream);
}

void Session::closed(Stream& stream, ErrorCode code) {
  assert(stream.session_ == this);
  ++(code == ErrorCode::kNoError ? streams_succeeded_ : streams_failed_);
  if (stream.remote_ended_ && code == ErrorCode::kNoError) history_.ended(static_cast<std::uint32_t>(stream.id_));
  forget(stream);
  stream.outgoing_.clear();
  stream.taken_ = 0;
  assert(!stream.open());
  stream.on_closed(code);
}

void Session::sent_or_dropped(std::size_t size) noexcept {
  if (budget_ != nullptr) budget_->give_unsent(size);
}

void Session::output_added() {
  if (output_announced_) return;
  output_announced_ = true;
  events_.on_output();
}

}  // namespace tern::http2

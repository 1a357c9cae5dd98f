// What the peer's frames mean (RFC 9113 §6). An event of a stream may do anything to any stream, this one included:
// after one, streams are looked up again.
#include <algorithm>
#include <cassert>
#include <utility>

#include "http2/header_list.h"
#include "http2/long_messages.h"
#include "http2/memory_budget.h"
#include "http2/session.h"

namespace tern::http2 {

bool Session::receive(std::span<const std::uint8_t> bytes) {
  if (failed_) return false;
  if (role_ == Role::kServer && pending_.size() - pending_taken_ > kMaxPendingBytes) {
    fail(ErrorCode::kEnhanceYourCalm, "the peer does not read what it asks for");
    return false;
  }
  assert(preface_left_ <= (role_ == Role::kServer ? kClientPreface.size() : 0));
  if (preface_left_ > 0) {
    const std::size_t part = std::min(preface_left_, bytes.size());
    const std::string_view text{reinterpret_cast<const char*>(bytes.data()), part};
    if (kClientPreface.substr(kClientPreface.size() - preface_left_, part) != text) {
      fail(ErrorCode::kProtocolError, "the peer does not speak HTTP/2");
      return false;
    }
    preface_left_ -= part;
    bytes = bytes.subspan(part);
  }
  if (!reader_.read(bytes, *this)) return false;
  assert(!failed_);
  if (received_ >= window_ / 2) open_window();
  if (pending_taken_ < pending_.size()) output_added();
  return true;
}

// The streams' windows bound what is held; the connection's is opened again as bytes arrive, unless all connections
// hold much. It grows to what has come and was whole.
void Session::open_window() {
  assert(received_ > 0);
  if (budget_ != nullptr && !budget_->intake().may_receive()) return;
  const std::uint64_t whole = received_in_all_ - (budget_ == nullptr ? 0 : budget_->intake().bytes());
  const auto wider = static_cast<std::size_t>(std::min<std::uint64_t>(whole, settings_.connection_window));
  if (wider > window_) received_ += wider - std::exchange(window_, wider);
  on_room(received_);
}

std::size_t Session::on_room(std::size_t bytes) {
  const std::size_t used = std::min(bytes, received_);
  if (used == 0) return 0;
  assert(receive_window_ + static_cast<std::int64_t>(received_) == static_cast<std::int64_t>(window_));
  put_window_update(0, used);
  receive_window_ += static_cast<std::int64_t>(used);
  received_ -= used;
  assert(receive_window_ <= static_cast<std::int64_t>(window_));
  output_added();
  return used;
}

void Session::give_up_unfinished(bool long_ones_too) {
  std::vector<std::uint32_t> unfinished;
  streams_.for_each([&unfinished, long_ones_too](const Stream& stream) {
    if (stream.long_message_ != nullptr ? long_ones_too : stream.unfinished_ > 0) {
      unfinished.push_back(static_cast<std::uint32_t>(stream.id_));
    }
  });
  for (const std::uint32_t id : unfinished) {
    if (Stream* stream = table_.find(id)) stream->on_stalled();
  }
}

bool Session::tolerate() {
  if (oddities_.take()) return true;
  fail(ErrorCode::kEnhanceYourCalm, "too many frames that have no use");
  return false;
}

// Whether the frame may come now at all.
bool Session::in_order(const FrameHeader& header) {
  assert(continued_stream_ != 0 || continued_block_.empty());
  if (continued_stream_ != 0 && (header.type != FrameType::kContinuation || header.stream != continued_stream_)) {
    fail(ErrorCode::kProtocolError, "a frame inside of a header block");
  } else if (!settings_received_ && (header.type != FrameType::kSettings || header.has(flag::kAck))) {
    fail(ErrorCode::kProtocolError, "the first frame is not SETTINGS");
  }
  return !failed_;
}

bool Session::on_frame(const FrameHeader& header, std::span<const std::uint8_t> payload) {
  if (!in_order(header)) return false;
  switch (header.type) {
    case FrameType::kHeaders:
      on_headers_frame(header, payload);
      break;
    case FrameType::kContinuation:
      on_continuation(header, payload);
      break;
    case FrameType::kResetStream:
      on_reset(header, payload);
      break;
    case FrameType::kSettings:
      on_settings_frame(header, payload);
      break;
    case FrameType::kPushPromise:
      fail(ErrorCode::kProtocolError, "a push, which nobody may make");
      break;
    case FrameType::kPing:
      on_ping_frame(header, payload);
      break;
    case FrameType::kGoAway:
      on_go_away_frame(header, payload);
      break;
    case FrameType::kWindowUpdate:
      on_window_update(header, payload);
      break;
    case FrameType::kPriority:
      if (header.stream == 0) {
        fail(ErrorCode::kProtocolError, "PRIORITY without a stream");
      } else if (payload.size() != 5) {
        fail(ErrorCode::kFrameSizeError, "PRIORITY is not of 5 bytes");
      } else {
        tolerate();
      }
      break;
    default:
      tolerate();  // a type that we do not know is not looked at (§4.1)
  }
  return !failed_;
}

bool Session::is_idle(std::uint32_t id) const noexcept {
  const bool own = (id % 2 == 1) == (role_ == Role::kClient);
  return own ? id >= next_stream_ : id > last_peer_stream_;
}

// §6.1.
bool Session::on_data_frame(const FrameHeader& header) {
  if (!in_order(header)) return false;
  if (header.stream == 0 || is_idle(header.stream)) {
    fail(ErrorCode::kProtocolError, "DATA on a stream that was never opened");
    return false;
  }
  delivered_ = 0;
  receive_window_ -= header.length;
  received_ += header.length;
  received_in_all_ += header.length;
  assert(receive_window_ + static_cast<std::int64_t>(received_) == static_cast<std::int64_t>(window_));
  if (receive_window_ < 0) {
    fail(ErrorCode::kFlowControlError, "more DATA than the connection's window allows");
    return false;
  }
  const bool pointless = header.length == 0 && !header.has(flag::kEndStream);
  if (pointless && !tolerate()) return false;
  Stream* stream = table_.find(header.stream);
  if (stream == nullptr) {
    check_late_frame(header.stream);
    return !failed_;
  }
  if (stream->remote_ended_) {
    fail(ErrorCode::kStreamClosed, "DATA after the end of a stream");
    return false;
  }
  stream->receive_window_ -= header.length;
  if (stream->receive_window_ < 0 && !stream->broken_) refuse(*stream, ErrorCode::kFlowControlError);
  return !failed_;
}

bool Session::on_data(const FrameHeader& header, std::span<const std::uint8_t> data, bool last) {
  delivered_ += data.size();
  assert(delivered_ <= header.length);
  if (Stream* stream = table_.find(header.stream); stream != nullptr && !data.empty()) take_data(*stream, data);
  if (!last) return !failed_;
  if (const std::size_t padding = header.length - delivered_; padding > 0) {
    if (Stream* stream = table_.find(header.stream)) stream->consume(padding);
  }
  if (header.has(flag::kEndStream)) {
    if (Stream* stream = table_.find(header.stream)) {
      stream->remote_ended_ = true;
      take_end(*stream);
      remote_ended(header.stream);
    }
  }
  return !failed_;
}

void Session::remote_ended(std::uint32_t id) {
  Stream* stream = table_.find(id);
  if (stream != nullptr && stream->local_ended_ && !stream->broken_) closed(*stream, ErrorCode::kNoError);
}

// §6.2.
void Session::on_headers_frame(const FrameHeader& header, std::span<const std::uint8_t> payload) {
  if (header.stream == 0) return fail(ErrorCode::kProtocolError, "HEADERS without a stream");
  std::size_t padding = 0;
  if (header.has(flag::kPadded)) {
    if (payload.empty()) return fail(ErrorCode::kFrameSizeError, "a padded HEADERS frame is empty");
    padding = payload.front();
    payload = payload.subspan(1);
  }
  const std::size_t priority = header.has(flag::kPriority) ? 5 : 0;
  if (priority > payload.size())
    return fail(ErrorCode::kFrameSizeError, "a HEADERS frame has no room for its priority");
  if (priority + padding > payload.size()) {
    return fail(ErrorCode::kProtocolError, "a HEADERS frame's padding is longer than the frame");
  }
  payload = payload.subspan(priority, payload.size() - priority - padding);
  const bool ends = header.has(flag::kEndStream);
  if (header.has(flag::kEndHeaders)) return on_header_block(header.stream, ends, payload);
  assert(continued_stream_ == 0 && continued_block_.empty());
  continued_stream_ = header.stream;
  continued_ends_ = ends;
  continuations_ = 0;
  continued_block_.assign(payload.begin(), payload.end());
}

// §6.10.
void Session::on_continuation(const FrameHeader& header, std::span<const std::uint8_t> payload) {
  if (continued_stream_ == 0) return fail(ErrorCode::kProtocolError, "CONTINUATION without HEADERS");
  assert(header.stream == continued_stream_);
  if (++continuations_ > std::max(kMaxContinuations, settings_.max_header_bytes / kMaxFramePayload + 1)) {
    return fail(ErrorCode::kEnhanceYourCalm, "a header block in too many frames");
  }
  continued_block_.insert(continued_block_.end(), payload.begin(), payload.end());
  if (!header.has(flag::kEndHeaders)) return;
  continued_stream_ = 0;
  std::vector<std::uint8_t> block;
  block.swap(continued_block_);
  on_header_block(header.stream, continued_ends_, block);
}

void Session::on_header_block(std::uint32_t id, bool ended, std::span<const std::uint8_t> block) {
  assert(continued_stream_ == 0);
  Stream* stream = table_.find(id);
  if (stream == nullptr) {
    stream = open_for_peer(id);
    if (failed_) return;
  } else if (stream->remote_ended_) {
    return fail(ErrorCode::kStreamClosed, "HEADERS after the end of a stream");
  }
  HeaderMemo* memo = nullptr;
  if (stream != nullptr && !stream->broken_) memo = stream->headers_received_ ? &trailer_blocks_ : &first_blocks_;
  // Blocks that nobody wants are decoded too: they change the table.
  const HeaderBlockRef decoded = decode(memo, block);
  if (failed_ || stream == nullptr) return;
  stream->remote_ended_ = ended;
  if (decoded == nullptr) return;
  assert(memo != nullptr && !stream->broken_);
  if (header_overflow_) {
    refuse_long_headers(*stream, *decoded);
  } else {
    take_headers(*stream, decoded, memo->aside(), ended);
  }
  if (ended) remote_ended(id);
}

Stream* Session::open_for_peer(std::uint32_t id) {
  if (role_ == Role::kClient || id % 2 == 0) {
    // Those of a call that was cancelled may still come.
    if (is_idle(id)) {
      fail(ErrorCode::kProtocolError, "HEADERS on a stream that was never opened");
    } else {
      check_late_frame(id);
    }
    return nullptr;
  }
  if (id <= last_peer_stream_) {
    check_late_frame(id);
    tolerate();
    return nullptr;
  }
  assert(id % 2 == 1 && id > last_peer_stream_);
  last_peer_stream_ = id;
  history_.opened(id);
  Stream* stream = nullptr;
  if (open_streams_ >= settings_.max_concurrent_streams) {
    if (!tolerate()) return nullptr;
  } else if (!go_away_sent_ && !terminated_) {
    stream = events_.on_stream_opened();
  }
  if (stream == nullptr) {
    put_reset(id, ErrorCode::kRefusedStream);
    events_.on_stream_refused(ErrorCode::kRefusedStream);
    return nullptr;
  }
  assert(open_streams_ < settings_.max_concurrent_streams);
  attach(*stream);
  begin_on_wire(*stream, id);
  return stream;
}

// A client ignores such frames, as RFC 9113 §5.1 allows: grpc++ 1.51 sends its trailers twice where a deadline and a
// cancellation meet.
void Session::check_late_frame(std::uint32_t id) {
  if (role_ == Role::kClient) return;
  if (history_.was_skipped(id)) {
    fail(ErrorCode::kProtocolError, "a frame on a stream whose number the peer had skipped");
  } else if (history_.has_ended(id)) {
    fail(ErrorCode::kStreamClosed, "a frame on a stream that the peer had ended");
  }
}

HeaderBlockRef Session::decode(HeaderMemo* memo, std::span<const std::uint8_t> block) {
  const std::uint64_t version = decoder_.version();
  header_overflow_ = false;
  if (memo != nullptr) {
    if (const HeaderBlockRef* known = memo->find(block, version)) return *known;
    memo->begin();
  }
  assert(memo == nullptr || memo == &first_blocks_ || memo == &trailer_blocks_);
  collecting_ = memo;
  header_bytes_ = header_count_ = 0;
  if (!decoder_.decode(block, *this)) {
    fail(ErrorCode::kCompressionError, "a header block that cannot be decoded");
    return nullptr;
  }
  if (memo == nullptr) return nullptr;
  return decoder_.version() == version && !header_overflow_ ? memo->end(block, version) : memo->end();
}

void Session::on_field(const HeaderBlock::Field& field, FieldId id) {
  if (collecting_ == nullptr) return;
  header_bytes_ += header_field_size(field.name.size(), field.value.size());
  ++header_count_;
  if (header_bytes_ > settings_.max_header_bytes || header_count_ > settings_.max_header_fields) {
    header_overflow_ = true;
    return;
  }
  collecting_->add(field, id);
}

// §6.4.
void Session::on_reset(const FrameHeader& header, std::span<const std::uint8_t> payload) {
  if (payload.size() != 4) return fail(ErrorCode::kFrameSizeError, "RST_STREAM is not of 4 bytes");
  if (header.stream == 0 || is_idle(header.stream)) {
    return fail(ErrorCode::kProtocolError, "RST_STREAM on a stream that was never opened");
  }
  // CVE-2023-44487.
  if (role_ == Role::kServer && !resets_.take()) return fail(ErrorCode::kEnhanceYourCalm, "too many resets");
  Stream* stream = table_.find(header.stream);
  if (stream == nullptr) return;
  closed(*stream, static_cast<ErrorCode>(read_u32(payload.data())));
}

// §6.5.
void Session::on_settings_frame(const FrameHeader& header, std::span<const std::uint8_t> payload) {
  if (header.stream != 0) return fail(ErrorCode::kProtocolError, "SETTINGS on a stream");
  if (header.has(flag::kAck)) {
    if (!payload.empty()) return fail(ErrorCode::kFrameSizeError, "an acknowledgement of SETTINGS is not empty");
    settings_acknowledged_ = true;
    return;
  }
  if (payload.size() % 6 != 0) return fail(ErrorCode::kFrameSizeError, "SETTINGS are not of 6 bytes each");
  assert(payload.size() % 6 == 0);
  settings_received_ = true;
  for (; !payload.empty(); payload = payload.subspan(6)) {
    if (!apply_setting(static_cast<SettingId>(read_u16(payload.data())), read_u32(payload.data() + 2))) return;
  }
  if (++acknowledgements_ > kMaxAcknowledgements) return fail(ErrorCode::kEnhanceYourCalm, "too many SETTINGS");
  put_frame(FrameType::kSettings, flag::kAck, 0, 0);
  output_added();
  events_.on_settings();
}

bool Session::apply_setting(SettingId id, std::uint32_t value) {
  switch (id) {
    case SettingId::kHeaderTableSize:
      encoder_.limit_table(value);
      break;
    case SettingId::kEnablePush:
      if (value > 1 || (value == 1 && role_ == Role::kClient)) {
        fail(ErrorCode::kProtocolError, "SETTINGS_ENABLE_PUSH is wrong");
      }
      break;
    case SettingId::kMaxConcurrentStreams:
      if (role_ == Role::kClient && own_streams_ >= peer_max_streams_ && own_streams_ < value) events_.on_room();
      peer_max_streams_ = value;
      break;
    case SettingId::kInitialWindowSize: {
      if (value > kMaxWindow) {
        fail(ErrorCode::kFlowControlError, "SETTINGS_INITIAL_WINDOW_SIZE is too large");
        break;
      }
      // It changes the windows of the streams that there are (§6.9.2); they may become negative.
      assert(peer_stream_window_ >= 0);
      const std::int64_t change = static_cast<std::int64_t>(value) - peer_stream_window_;
      peer_stream_window_ = static_cast<std::int32_t>(value);
      streams_.for_each([this, change](Stream& stream) {
        if (!stream.on_wire_) return;
        stream.send_window_ += change;
        if (stream.send_window_ > kMaxWindow) {
          fail(ErrorCode::kFlowControlError, "SETTINGS_INITIAL_WINDOW_SIZE makes a window too large");
        } else {
          window_opened(stream);
        }
      });
      break;
    }
    case SettingId::kMaxFrameSize:
      if (value < kMaxFramePayload || value > 0xffffff) {
        fail(ErrorCode::kProtocolError, "SETTINGS_MAX_FRAME_SIZE is out of range");
      }
      break;  // frames stay small, so that streams take turns
    case SettingId::kMaxHeaderListSize:
      peer_header_limit_ = value;
      break;
    default:
      break;
  }
  return !failed_;
}

// §6.7.
void Session::on_ping_frame(const FrameHeader& header, std::span<const std::uint8_t> payload) {
  if (payload.size() != 8) return fail(ErrorCode::kFrameSizeError, "PING is not of 8 bytes");
  if (header.stream != 0) return fail(ErrorCode::kProtocolError, "PING on a stream");
  if (header.has(flag::kAck)) return events_.on_ping_answered();
  if (++acknowledgements_ > kMaxAcknowledgements) return fail(ErrorCode::kEnhanceYourCalm, "too many PINGs");
  std::ranges::copy(payload, put_frame(FrameType::kPing, flag::kAck, 0, payload.size()));
  output_added();
  events_.on_ping();
}

// §6.8.
void Session::on_go_away_frame(const FrameHeader& header, std::span<const std::uint8_t> payload) {
  if (header.stream != 0) return fail(ErrorCode::kProtocolError, "GOAWAY on a stream");
  if (payload.size() < 8) return fail(ErrorCode::kFrameSizeError, "GOAWAY is shorter than 8 bytes");
  const std::uint32_t last = read_u31(payload.data());
  go_away_received_ = true;
  const std::span<const std::uint8_t> debug_data = payload.subspan(8);
  events_.on_go_away(static_cast<ErrorCode>(read_u32(payload.data() + 4)),
                     {reinterpret_cast<const char*>(debug_data.data()), debug_data.size()});
  if (role_ == Role::kServer) return;
  // What the peer has not seen and will not: the calls may be made elsewhere.
  std::vector<std::uint32_t> unseen;
  streams_.for_each([&unseen, last](Stream& stream) {
    const auto id = static_cast<std::uint32_t>(stream.id_);
    if (stream.on_wire_ && id > last) unseen.push_back(id);
  });
  for (const std::uint32_t id : unseen) {
    if (Stream* stream = table_.find(id)) closed(*stream, ErrorCode::kRefusedStream);
  }
  while (!room_waits_.empty()) closed(static_cast<Stream&>(room_waits_.front()), ErrorCode::kRefusedStream);
}

// §6.9.
void Session::on_window_update(const FrameHeader& header, std::span<const std::uint8_t> payload) {
  if (payload.size() != 4) return fail(ErrorCode::kFrameSizeError, "WINDOW_UPDATE is not of 4 bytes");
  const std::uint32_t increment = read_u31(payload.data());
  if (header.stream == 0) {
    if (increment == 0) return fail(ErrorCode::kProtocolError, "WINDOW_UPDATE by nothing");
    send_window_ += increment;
    if (send_window_ > kMaxWindow) return fail(ErrorCode::kFlowControlError, "the connection's window is too large");
    if (window_waits_.empty()) return;
    while (!window_waits_.empty()) sendable_.push_back(window_waits_.pop_front());
    return output_added();
  }
  if (is_idle(header.stream)) {
    return fail(ErrorCode::kProtocolError, "WINDOW_UPDATE on a stream that was never opened");
  }
  Stream* stream = table_.find(header.stream);
  if (stream == nullptr) return;
  if (increment == 0) return refuse(*stream, ErrorCode::kProtocolError);
  stream->send_window_ += increment;
  if (stream->send_window_ > kMaxWindow) return refuse(*stream, ErrorCode::kFlowControlError);
  window_opened(*stream);
}

void Session::take_headers(Stream& stream, const HeaderBlockRef& block, std::string_view aside, bool ended) {
  assert(stream.session_ == this && !stream.broken_);
  assert(stream.remote_ended_ == ended);
  if (block->problem != nullptr) return refuse(stream, ErrorCode::kProtocolError);
  if (stream.headers_received_) {
    if (!ended) return refuse(stream, ErrorCode::kProtocolError);
    // A request's trailers say nothing in gRPC.
    if (role_ == Role::kServer) return take_end(stream);
    if (stream.content_left_ > 0) return refuse(stream, ErrorCode::kProtocolError);
    return stream.on_headers(block, {}, true);
  }
  if (block->informational) return take_interim(stream, ended);
  interim_responses_ = 0;
  stream.headers_received_ = true;
  if (stream.content_left_ == kNoContentExpected) {
    stream.content_left_ = -1;
  } else if (block->content_length) {
    // A 304 has the length of the response that a 200 would be (RFC 9110 §8.6, RFC 9113 §8.1.1).
    const bool has_no_content = ended && block->get(":status") == "304";
    if (ended && *block->content_length > 0 && !has_no_content) return refuse(stream, ErrorCode::kProtocolError);
    if (!has_no_content) stream.content_left_ = *block->content_length;
  }
  stream.on_headers(block, aside, ended);
}

// An interim response (1xx) says nothing to a stream, and ends none.
void Session::take_interim(Stream& stream, bool ended) {
  if (ended) return refuse(stream, ErrorCode::kProtocolError);
  if (++interim_responses_ > kInterimResponses * (own_streams_ + 1)) {
    fail(ErrorCode::kEnhanceYourCalm, "interim responses without end");
  }
}

// The whole block is decoded first, for the table's sake; what exceeds the limit was not kept.
void Session::refuse_long_headers(Stream& stream, const HeaderBlock& begun) {
  events_.on_stream_refused(ErrorCode::kEnhanceYourCalm);
  if (!tolerate()) return;
  // DATA frames of the rejected request may follow.
  stream.headers_received_ = true;
  if (begun.problem != nullptr) return stream.reset(ErrorCode::kEnhanceYourCalm);
  stream.on_headers_too_long(begun, {header_bytes_, header_count_});
}

void Session::take_data(Stream& stream, std::span<const std::uint8_t> bytes) {
  assert(!bytes.empty() && !stream.remote_ended_);
  if (stream.broken_) return;
  if (!stream.headers_received_) return refuse(stream, ErrorCode::kProtocolError);
  if (stream.content_left_ >= 0) {
    stream.content_left_ -= static_cast<std::int64_t>(bytes.size());
    if (stream.content_left_ < 0) return refuse(stream, ErrorCode::kProtocolError);
  }
  stream.on_data(bytes);
}

void Session::take_end(Stream& stream) {
  assert(stream.remote_ended_);
  if (stream.broken_) return;
  if (!stream.headers_received_ || stream.content_left_ > 0) return refuse(stream, ErrorCode::kProtocolError);
  stream.on_end();
}

void Session::refuse(Stream& stream, ErrorCode code) {
  // Provoking resets is an attack of its own (CVE-2025-8671).
  events_.on_stream_refused(code);
  if (tolerate()) stream.reset(code);
}

}  // namespace tern::http2

// What goes out, and in which order: first the frames that are pending, among them all HEADERS (the order in which they
// were encoded is the order in which they must arrive), then DATA, a frame of each stream in turn.
#include <algorithm>
#include <array>
#include <cassert>
#include <utility>

#include "http2/memory_budget.h"
#include "http2/session.h"
#include "http2/waiting_request.h"

namespace tern::http2 {

void Session::fill(OutputBatch& batch) {
  output_announced_ = false;
  while (!reset_.empty()) {
    auto& stream = static_cast<Stream&>(reset_.front());
    assert(stream.broken_);
    closed(stream, stream.closing_);
  }
  if (!failed_ && !terminated_) admit_waiting();
  for (;;) {
    flush_pending(batch);
    if (batch.full() || sendable_.empty() || failed_ || terminated_) return;
    send_from(static_cast<Stream&>(sendable_.pop_front()), batch);
  }
}

void Session::flush_pending(OutputBatch& batch) {
  assert(pending_taken_ <= pending_.size());
  while (pending_taken_ < pending_.size() && !batch.full()) {
    const std::size_t part = std::min(pending_.size() - pending_taken_, kFrameBytes);
    batch.copy({pending_.data() + pending_taken_, part});
    pending_taken_ += part;
  }
  if (pending_taken_ < pending_.size()) return;
  pending_taken_ = acknowledgements_ = 0;
  pending_.clear();
  if (pending_.capacity() > kPendingKept) std::vector<std::uint8_t>{}.swap(pending_);
}

// One frame at most, and the end where nothing is left.
void Session::send_from(Stream& stream, OutputBatch& batch) {
  assert(stream.session_ == this && stream.on_wire_ && !stream.broken_);
  assert(!stream.SendTurn::linked());
  if (stream.local_ended_) return local_ended(stream);
  const std::size_t unsent = stream.unsent();
  if (unsent > 0) {
    if (stream.send_window_ <= 0) return;  // window_opened() puts it back
    if (send_window_ <= 0) return window_waits_.push_back(stream);
    const auto window = static_cast<std::size_t>(std::min(stream.send_window_, send_window_));
    const std::size_t size = std::min({unsent, window, kMaxFramePayload});
    assert(size > 0);
    const bool ends = role_ == Role::kClient && stream.end_queued_ && size == unsent;
    const auto id = static_cast<std::uint32_t>(stream.id_);
    send_data_frame(stream, size, ends, batch);
    stream.on_sent();
    Stream* still_there = table_.find(id);
    if (still_there != &stream) return;
    if (stream.local_ended_) return local_ended(stream);
    if (stream.unsent() > 0) {
      if (!stream.SendTurn::linked()) sendable_.push_back(stream);
      return;
    }
  }
  if (!stream.end_queued_) return;
  stream.SendTurn::unlink();
  if (role_ == Role::kServer) return send_trailers(stream, batch);
  send_data_frame(stream, 0, true, batch);
  local_ended(stream);
}

void Session::send_data_frame(Stream& stream, std::size_t size, bool ends, OutputBatch& batch) {
  assert(size <= stream.unsent() && size <= kMaxFramePayload);
  assert(!stream.local_ended_);
  std::array<std::uint8_t, kFrameHeaderBytes> header{};
  write_frame_header(header.data(), {.length = static_cast<std::uint32_t>(size),
                                     .type = FrameType::kData,
                                     .flags = ends ? flag::kEndStream : std::uint8_t{0},
                                     .stream = static_cast<std::uint32_t>(stream.id_)});
  batch.copy(header);
  ++content_sent_;
  stream.send_window_ -= static_cast<std::int64_t>(size);
  send_window_ -= static_cast<std::int64_t>(size);
  assert(size == 0 || (stream.send_window_ >= 0 && send_window_ >= 0));
  stream.local_ended_ = ends;
  sent_or_dropped(size);
  while (size > 0) {
    Buffer first = stream.outgoing_.front();
    assert(stream.taken_ <= first.size());
    const std::size_t part = std::min(size, first.size() - stream.taken_);
    const std::span<const std::uint8_t> bytes = std::as_const(first).bytes().subspan(stream.taken_, part);
    size -= part;
    stream.taken_ += part;
    if (stream.taken_ == first.size()) {
      stream.outgoing_.pop();
      stream.taken_ = 0;
    }
    if (part >= kReferenceFrom) {
      batch.refer(bytes, std::move(first));
    } else {
      batch.copy(bytes);
    }
  }
}

void Session::send_trailers(Stream& stream, OutputBatch& batch) {
  assert(role_ == Role::kServer && stream.end_queued_ && stream.unsent() == 0);
  trailers_.clear();
  stream.on_trailers_due(trailers_);
  if (trailers_.empty()) {
    send_data_frame(stream, 0, true, batch);
  } else {
    put_headers(static_cast<std::uint32_t>(stream.id_), trailers_, true);
    stream.local_ended_ = true;
  }
  local_ended(stream);
}

// Its last frame is on its way. A server that has answered wants nothing more of the client: it says so, or the stream
// would stay open as long as the client sends (§8.1).
void Session::local_ended(Stream& stream) {
  assert(stream.local_ended_ && stream.unsent() == 0);
  if (role_ == Role::kClient && !stream.remote_ended_) return;
  if (!stream.remote_ended_) put_reset(static_cast<std::uint32_t>(stream.id_), ErrorCode::kNoError);
  closed(stream, ErrorCode::kNoError);
}

bool Session::open(Stream& stream, std::span<const HeaderField> fields, RequestShape shape) {
  if (failed_ || terminated_ || go_away_sent_ || go_away_received_ || next_stream_ > settings_.last_stream_id)
    return false;
  assert(role_ == Role::kClient);
  attach(stream);
  stream.end_queued_ = shape.only_fields;
  if (shape.no_content_expected) stream.content_left_ = kNoContentExpected;
  if (room_waits_.empty() && own_streams_ < peer_max_streams_) {
    put_on_wire(stream, fields);
  } else {
    stream.waiting_ = std::make_unique<Stream::WaitingRequest>(fields);
    room_waits_.push_back(stream);
  }
  output_added();
  return true;
}

void Session::admit_waiting() {
  while (!room_waits_.empty() && own_streams_ < peer_max_streams_) {
    auto& stream = static_cast<Stream&>(room_waits_.front());
    if (next_stream_ > settings_.last_stream_id) {
      closed(stream, ErrorCode::kRefusedStream);  // the call may be made on another connection
      continue;
    }
    stream.SendTurn::unlink();
    assert(stream.waiting_ != nullptr && !stream.on_wire_);
    const std::unique_ptr<Stream::WaitingRequest> request = std::move(stream.waiting_);
    put_on_wire(stream, request->view());
    stream.wants_to_send();
  }
}

void Session::put_on_wire(Stream& stream, std::span<const HeaderField> fields) {
  assert(own_streams_ < peer_max_streams_ && next_stream_ <= settings_.last_stream_id);
  const std::uint32_t id = next_stream_;
  next_stream_ += 2;
  ++own_streams_;
  begin_on_wire(stream, id);
  stream.local_ended_ = stream.end_queued_ && stream.unsent() == 0;
  put_headers(id, fields, stream.local_ended_);
}

std::uint8_t* Session::put_frame(FrameType type, std::uint8_t flags, std::uint32_t stream, std::size_t length) {
  assert(length <= kMaxFramePayload);
  const std::size_t begin = pending_.size();
  pending_.resize(begin + kFrameHeaderBytes + length);
  write_frame_header(pending_.data() + begin,
                     {.length = static_cast<std::uint32_t>(length), .type = type, .flags = flags, .stream = stream});
  return pending_.data() + begin + kFrameHeaderBytes;
}

// A block that is longer than a frame goes on in others (§4.3).
void Session::put_headers(std::uint32_t id, std::span<const HeaderField> fields, bool ends) {
  assert(id != 0);
  const std::uint8_t end_stream = ends ? flag::kEndStream : std::uint8_t{0};
  const std::size_t begin = pending_.size();
  ++content_sent_;
  pending_.resize(begin + kFrameHeaderBytes);
  encoder_.encode(fields, pending_);
  const std::size_t length = pending_.size() - begin - kFrameHeaderBytes;
  if (length <= kMaxFramePayload) {
    write_frame_header(pending_.data() + begin, {.length = static_cast<std::uint32_t>(length),
                                                 .type = FrameType::kHeaders,
                                                 .flags = static_cast<std::uint8_t>(flag::kEndHeaders | end_stream),
                                                 .stream = id});
    return;
  }
  const std::vector<std::uint8_t> block{pending_.begin() + static_cast<std::ptrdiff_t>(begin + kFrameHeaderBytes),
                                        pending_.end()};
  pending_.resize(begin);
  for (std::size_t at = 0; at < block.size(); at += kMaxFramePayload) {
    const std::size_t part = std::min(kMaxFramePayload, block.size() - at);
    const std::uint8_t end_headers = at + part == block.size() ? flag::kEndHeaders : std::uint8_t{0};
    std::uint8_t* to = at == 0 ? put_frame(FrameType::kHeaders, end_headers | end_stream, id, part)
                               : put_frame(FrameType::kContinuation, end_headers, id, part);
    std::copy_n(block.data() + at, part, to);
  }
}

void Session::put_reset(std::uint32_t id, ErrorCode code) {
  assert(id != 0);
  write_u32(put_frame(FrameType::kResetStream, 0, id, 4), static_cast<std::uint32_t>(code));
}

void Session::put_window_update(std::uint32_t id, std::size_t increment) {
  assert(increment > 0 && increment <= static_cast<std::size_t>(kMaxWindow));
  write_u32(put_frame(FrameType::kWindowUpdate, 0, id, 4), static_cast<std::uint32_t>(increment));
}

void Session::put_go_away(std::uint32_t last_stream, ErrorCode code, std::string_view debug_data) {
  std::uint8_t* to = put_frame(FrameType::kGoAway, 0, 0, 8 + debug_data.size());
  write_u32(to, last_stream);
  write_u32(to + 4, static_cast<std::uint32_t>(code));
  std::ranges::copy(debug_data, to + 8);
}

void Session::submit_response(Stream& stream, std::span<const HeaderField> fields, bool only) {
  put_headers(static_cast<std::uint32_t>(stream.id_), fields, only);
  if (only) {
    stream.local_ended_ = true;
    if (!stream.SendTurn::linked()) sendable_.push_back(stream);
  }
  output_added();
}

void Session::window_opened(Stream& stream) {
  if (stream.send_window_ > 0 && stream.unsent() > 0) stream.wants_to_send();
}

}  // namespace tern::http2

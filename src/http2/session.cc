#include "http2/session.h"

#include <nghttp2/nghttp2.h>

#include <algorithm>
#include <array>
#include <new>
#include <utility>

#include "http2/memory_budget.h"
#include "http2/nghttp2_fields.h"
#include "http2/nghttp2_memory.h"

namespace tern::http2 {

/// nghttp2's callbacks, each translated into an event of a stream or of the connection.
struct Session::Callbacks {
  static Session& self(void* user_data) { return *static_cast<Session*>(user_data); }
  static Stream* stream(nghttp2_session* session, std::int32_t id) {
    return static_cast<Stream*>(nghttp2_session_get_stream_user_data(session, id));
  }
  static std::string_view text(nghttp2_rcbuf* buffer) {
    const nghttp2_vec bytes = nghttp2_rcbuf_get_buf(buffer);
    return {reinterpret_cast<const char*>(bytes.base), bytes.len};
  }

  static int on_begin_headers(nghttp2_session* session, const nghttp2_frame* frame, void* user_data) {
    Session& me = self(user_data);
    me.collecting_ = nullptr;
    if (frame->hd.type != NGHTTP2_HEADERS) return 0;
    Stream* receiver = stream(session, frame->hd.stream_id);
    if (frame->headers.cat == NGHTTP2_HCAT_REQUEST) {
      receiver = me.events_.on_stream_opened();
      if (receiver == nullptr) {
        nghttp2_submit_rst_stream(session, NGHTTP2_FLAG_NONE, frame->hd.stream_id, NGHTTP2_REFUSED_STREAM);
        return 0;
      }
      me.attach(*receiver, frame->hd.stream_id);
      nghttp2_session_set_stream_user_data(session, frame->hd.stream_id, receiver);
    }
    if (receiver == nullptr || receiver->broken_) return 0;
    me.collecting_ = receiver->headers_received_ ? &me.trailer_blocks_ : &me.first_blocks_;
    me.collecting_->begin();
    me.header_bytes_ = me.header_count_ = 0;
    return 0;
  }

  // nghttp2 1.52 announces a limit for header lists and does not enforce it.
  static int on_header(nghttp2_session* session, const nghttp2_frame* frame, nghttp2_rcbuf* name, nghttp2_rcbuf* value,
                       std::uint8_t /*flags*/, void* user_data) {
    Session& me = self(user_data);
    if (me.collecting_ == nullptr) return 0;
    const HeaderBlock::Field field{text(name), text(value)};
    me.header_bytes_ += static_cast<std::uint32_t>(field.name.size() + field.value.size() + 32);
    if (me.header_bytes_ > me.settings_.max_header_bytes || ++me.header_count_ > me.settings_.max_header_fields) {
      me.collecting_ = nullptr;
      if (Stream* receiver = stream(session, frame->hd.stream_id)) me.refuse(*receiver, ErrorCode::kEnhanceYourCalm);
      return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
    }
    me.collecting_->add(field, name, value);
    return 0;
  }

  static int on_data(nghttp2_session* session, std::uint8_t /*flags*/, std::int32_t id, const std::uint8_t* data,
                     std::size_t size, void* user_data) {
    self(user_data).received_ += size;
    if (Stream* receiver = stream(session, id)) self(user_data).take_data(*receiver, {data, size});
    return 0;
  }

  static int on_frame(nghttp2_session* session, const nghttp2_frame* frame, void* user_data) {
    Session& me = self(user_data);
    const bool ended = (frame->hd.flags & NGHTTP2_FLAG_END_STREAM) != 0;
    switch (frame->hd.type) {
      case NGHTTP2_HEADERS:
        if (Stream* receiver = stream(session, frame->hd.stream_id)) me.take_headers(*receiver, ended);
        break;
      case NGHTTP2_DATA:
        if (!ended) break;
        if (Stream* receiver = stream(session, frame->hd.stream_id)) me.take_end(*receiver);
        break;
      case NGHTTP2_SETTINGS:
        if ((frame->hd.flags & NGHTTP2_FLAG_ACK) == 0) me.events_.on_settings();
        break;
      case NGHTTP2_PING:
        if ((frame->hd.flags & NGHTTP2_FLAG_ACK) != 0) {
          me.events_.on_ping_answered();
        } else {
          me.events_.on_ping();
        }
        break;
      case NGHTTP2_GOAWAY:
        me.events_.on_go_away(
            static_cast<ErrorCode>(frame->goaway.error_code),
            {reinterpret_cast<const char*>(frame->goaway.opaque_data), frame->goaway.opaque_data_len});
        break;
      default:
        break;
    }
    return 0;
  }

  static int on_stream_close(nghttp2_session* session, std::int32_t id, std::uint32_t code, void* user_data) {
    if (Stream* closing = stream(session, id)) self(user_data).closed(*closing, static_cast<ErrorCode>(code));
    return 0;
  }

  // Says how much of the next DATA frame there is; send_data then takes it.
  static ssize_t read_data(nghttp2_session* session, std::int32_t id, std::uint8_t* /*to*/, std::size_t room,
                           std::uint32_t* flags, nghttp2_data_source* /*source*/, void* user_data) {
    Session& me = self(user_data);
    Stream* sender = stream(session, id);
    if (sender == nullptr) return NGHTTP2_ERR_DEFERRED;  // dropped; its reset is on the way
    const std::size_t unsent = sender->unsent();
    if (unsent == 0 && !sender->end_queued_) {
      sender->waiting_for_data_ = true;
      return NGHTTP2_ERR_DEFERRED;
    }
    *flags |= NGHTTP2_DATA_FLAG_NO_COPY;
    if (unsent > room || !sender->end_queued_) return static_cast<ssize_t>(std::min(unsent, room));
    *flags |= NGHTTP2_DATA_FLAG_EOF;
    if (me.role_ == Role::kServer) {
      *flags |= NGHTTP2_DATA_FLAG_NO_END_STREAM;
      me.trailers_.clear();
      sender->on_trailers_due(me.trailers_);
      const Nghttp2Fields fields{me.trailers_};
      nghttp2_submit_trailer(session, id, fields.data(), fields.size());
    }
    return static_cast<ssize_t>(unsent);
  }

  static int send_data(nghttp2_session* session, nghttp2_frame* frame, const std::uint8_t* frame_header,
                       std::size_t size, nghttp2_data_source* /*source*/, void* user_data) {
    Session& me = self(user_data);
    // nghttp2 goes on to the next frame by itself; a full batch stops it here, until the next fill().
    if (me.filling_->full()) return NGHTTP2_ERR_WOULDBLOCK;
    Stream* dropped_or_sender = stream(session, frame->hd.stream_id);
    if (dropped_or_sender == nullptr) return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
    Stream& sender = *dropped_or_sender;
    me.filling_->copy({frame_header, 9});
    me.sent_or_dropped(size);
    while (size > 0) {
      Buffer first = sender.outgoing_.front();
      const std::size_t part = std::min(size, first.size() - sender.taken_);
      const std::span<const std::uint8_t> bytes = first.bytes().subspan(sender.taken_, part);
      size -= part;
      sender.taken_ += part;
      if (sender.taken_ == first.size()) {
        sender.outgoing_.pop();
        sender.taken_ = 0;
      }
      if (part >= kReferenceFrom) {
        me.filling_->refer(bytes, std::move(first));
      } else {
        me.filling_->copy(bytes);
      }
    }
    sender.on_sent();
    return 0;
  }

  // A server that has answered wants nothing more of the client: it says so, or the stream would stay open as long as
  // the client sends (RFC 9113 §8.1).
  static int on_frame_sent(nghttp2_session* session, const nghttp2_frame* frame, void* user_data) {
    if (frame->hd.type != NGHTTP2_HEADERS || (frame->hd.flags & NGHTTP2_FLAG_END_STREAM) == 0) return 0;
    if (self(user_data).role_ != Role::kServer) return 0;
    if (nghttp2_session_get_stream_remote_close(session, frame->hd.stream_id) == 0) {
      nghttp2_submit_rst_stream(session, NGHTTP2_FLAG_NONE, frame->hd.stream_id, NGHTTP2_NO_ERROR);
    }
    return 0;
  }

  // A header block that cannot be sent (longer than nghttp2's 64 KiB, say) must not leave the peer waiting for it.
  static int on_frame_not_sent(nghttp2_session* session, const nghttp2_frame* frame, int /*error*/,
                               void* /*user_data*/) {
    if (frame->hd.type == NGHTTP2_HEADERS && frame->headers.cat != NGHTTP2_HCAT_REQUEST) {
      nghttp2_submit_rst_stream(session, NGHTTP2_FLAG_NONE, frame->hd.stream_id, NGHTTP2_INTERNAL_ERROR);
    }
    return 0;
  }

  static nghttp2_session_callbacks* all() {
    static nghttp2_session_callbacks* callbacks = [] {
      nghttp2_session_callbacks* made = nullptr;
      if (nghttp2_session_callbacks_new(&made) != 0) throw std::bad_alloc{};
      nghttp2_session_callbacks_set_on_begin_headers_callback(made, on_begin_headers);
      nghttp2_session_callbacks_set_on_header_callback2(made, on_header);
      nghttp2_session_callbacks_set_on_data_chunk_recv_callback(made, on_data);
      nghttp2_session_callbacks_set_on_frame_recv_callback(made, on_frame);
      nghttp2_session_callbacks_set_on_stream_close_callback(made, on_stream_close);
      nghttp2_session_callbacks_set_send_data_callback(made, send_data);
      nghttp2_session_callbacks_set_on_frame_send_callback(made, on_frame_sent);
      nghttp2_session_callbacks_set_on_frame_not_send_callback(made, on_frame_not_sent);
      return made;
    }();
    return callbacks;
  }
};

Session::Session(Role role, const Settings& settings, SessionEvents& events)
    : events_(events),
      settings_(settings),
      role_(role),
      first_blocks_(role == Role::kServer ? BlockKind::kRequest : BlockKind::kResponse, settings.aside_field),
      trailer_blocks_(BlockKind::kTrailers, {}) {
  static nghttp2_option* options = [] {
    nghttp2_option* made = nullptr;
    if (nghttp2_option_new(&made) != 0) throw std::bad_alloc{};
    nghttp2_option_set_no_auto_window_update(made, 1);
    nghttp2_option_set_no_http_messaging(made, 1);  // field_rules.h, once for each block that differs
    nghttp2_option_set_stream_reset_rate_limit(made, kResetBurst, kResetsPerSecond);
    // A closed stream's priority is of no use to us, and costs memory.
    nghttp2_option_set_no_closed_streams(made, 1);
    return made;
  }();
  const auto make = role == Role::kServer ? nghttp2_session_server_new3 : nghttp2_session_client_new3;
  if (make(&session_, Callbacks::all(), this, options, recycled_nghttp2_memory()) != 0) throw std::bad_alloc{};

  const std::array<nghttp2_settings_entry, 4> entries{{
      {NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, settings.max_concurrent_streams},
      {NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, settings.stream_window},
      {NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE, settings.max_header_bytes},
      {NGHTTP2_SETTINGS_ENABLE_PUSH, 0},
  }};
  const std::size_t count = role == Role::kServer ? entries.size() - 1 : entries.size();
  nghttp2_submit_settings(session_, NGHTTP2_FLAG_NONE, entries.data(), count);
  nghttp2_session_set_local_window_size(session_, NGHTTP2_FLAG_NONE, 0,
                                        static_cast<std::int32_t>(settings.connection_window));
}

Session::~Session() {
  streams_.for_each([this](Stream& stream) { detach(stream); });
  nghttp2_session_del(session_);
}

bool Session::receive(std::span<const std::uint8_t> bytes) {
  if (failed_) return false;
  const ssize_t used = nghttp2_session_mem_recv(session_, bytes.data(), bytes.size());
  if (used < 0) {
    failed_ = true;
    if (used == NGHTTP2_ERR_BAD_CLIENT_MAGIC) {
      error_ = "the peer does not speak HTTP/2";
    } else {
      error_ = nghttp2_strerror(static_cast<int>(used));
    }
    return false;
  }
  if (received_ > 0) {
    nghttp2_session_consume_connection(session_, received_);
    received_ = 0;
  }
  if (nghttp2_session_want_write(session_) != 0) output_added();
  return true;
}

bool Session::fill(OutputBatch& batch) {
  output_announced_ = false;
  if (failed_) return false;
  filling_ = &batch;
  while (!batch.full()) {
    const std::uint8_t* data = nullptr;
    const ssize_t size = nghttp2_session_mem_send(session_, &data);
    if (size < 0) {
      failed_ = true;
      error_ = nghttp2_strerror(static_cast<int>(size));
      break;
    }
    if (size == 0) break;  // nothing left, or the batch is full
    batch.copy({data, static_cast<std::size_t>(size)});
  }
  filling_ = nullptr;
  return !failed_;
}

bool Session::finished() const noexcept {
  return failed_ || (nghttp2_session_want_read(session_) == 0 && nghttp2_session_want_write(session_) == 0);
}

bool Session::open(Stream& stream, std::span<const HeaderField> fields) {
  if (failed_ || nghttp2_session_check_request_allowed(session_) == 0) return false;
  const Nghttp2Fields list{fields};
  nghttp2_data_provider provider{};
  provider.read_callback = Callbacks::read_data;
  const std::int32_t id = nghttp2_submit_request(session_, nullptr, list.data(), list.size(), &provider, &stream);
  if (id < 0) return false;
  attach(stream, id);
  output_added();
  return true;
}

std::int32_t Session::local_window() const noexcept { return nghttp2_session_get_local_window_size(session_); }
std::int32_t Session::remote_window() const noexcept { return nghttp2_session_get_remote_window_size(session_); }

void Session::announce_shutdown() {
  nghttp2_submit_shutdown_notice(session_);
  output_added();
}

void Session::go_away() {
  nghttp2_submit_goaway(session_, NGHTTP2_FLAG_NONE, nghttp2_session_get_last_proc_stream_id(session_),
                        NGHTTP2_NO_ERROR, nullptr, 0);
  output_added();
}

void Session::ping() {
  nghttp2_submit_ping(session_, NGHTTP2_FLAG_NONE, nullptr);
  output_added();
}

void Session::terminate(ErrorCode code, std::string_view debug_data) {
  if (!debug_data.empty()) {
    nghttp2_submit_goaway(session_, NGHTTP2_FLAG_NONE, nghttp2_session_get_last_proc_stream_id(session_),
                          static_cast<std::uint32_t>(code), reinterpret_cast<const std::uint8_t*>(debug_data.data()),
                          debug_data.size());
    output_added();
    return;
  }
  nghttp2_session_terminate_session(session_, static_cast<std::uint32_t>(code));
  output_added();
}

void Session::close_streams(ErrorCode code) {
  while (!streams_.empty()) {
    Stream& stream = streams_.front();
    nghttp2_session_set_stream_user_data(session_, stream.id_, nullptr);
    closed(stream, code);
  }
}

void Session::attach(Stream& stream, std::int32_t id) {
  stream.session_ = this;
  stream.id_ = id;
  streams_.push_back(stream);
  ++open_streams_;
  ++streams_opened_;
}

void Session::sent_or_dropped(std::size_t size) noexcept {
  if (budget_ != nullptr) budget_->give(size);
}

void Session::detach(Stream& stream) noexcept {
  sent_or_dropped(stream.unsent());
  ++streams_failed_;
  nghttp2_session_set_stream_user_data(session_, stream.id_, nullptr);
  stream.session_ = nullptr;
  stream.unlink();
  --open_streams_;
}

void Session::closed(Stream& stream, ErrorCode code) {
  stream.session_ = nullptr;
  stream.unlink();
  --open_streams_;
  ++(code == ErrorCode::kNoError ? streams_succeeded_ : streams_failed_);
  sent_or_dropped(stream.unsent());
  stream.outgoing_.clear();
  stream.taken_ = 0;
  stream.on_closed(code);
}

void Session::take_headers(Stream& stream, bool ended) {
  HeaderMemo* memo = std::exchange(collecting_, nullptr);
  if (memo == nullptr) return;
  const HeaderBlockRef block = memo->end();
  if (block->problem != nullptr) return refuse(stream, ErrorCode::kProtocolError);
  if (stream.headers_received_) {
    if (!ended) return refuse(stream, ErrorCode::kProtocolError);
    // A request's trailers say nothing in gRPC.
    if (role_ == Role::kServer) return take_end(stream);
    if (stream.content_left_ > 0) return refuse(stream, ErrorCode::kProtocolError);
    return stream.on_headers(block, {}, true);
  }
  if (block->informational) {
    if (ended) refuse(stream, ErrorCode::kProtocolError);
    return;
  }
  stream.headers_received_ = true;
  if (block->content_length) {
    if (ended && *block->content_length > 0) return refuse(stream, ErrorCode::kProtocolError);
    stream.content_left_ = *block->content_length;
  }
  stream.on_headers(block, memo->aside(), ended);
}

void Session::take_data(Stream& stream, std::span<const std::uint8_t> bytes) {
  if (stream.broken_) return;
  if (!stream.headers_received_) return refuse(stream, ErrorCode::kProtocolError);
  if (stream.content_left_ >= 0) {
    stream.content_left_ -= static_cast<std::int64_t>(bytes.size());
    if (stream.content_left_ < 0) return refuse(stream, ErrorCode::kProtocolError);
  }
  stream.on_data(bytes);
}

void Session::take_end(Stream& stream) {
  if (stream.broken_) return;
  if (!stream.headers_received_ || stream.content_left_ > 0) return refuse(stream, ErrorCode::kProtocolError);
  stream.on_end();
}

void Session::refuse(Stream& stream, ErrorCode code) {
  stream.broken_ = true;
  stream.reset(code);
}

void Session::submit_response(Stream& stream, std::span<const HeaderField> fields, bool only) {
  const Nghttp2Fields list{fields};
  nghttp2_data_provider provider{};
  provider.read_callback = Callbacks::read_data;
  nghttp2_submit_response(session_, stream.id_, list.data(), list.size(), only ? nullptr : &provider);
  output_added();
}

void Session::output_added() {
  if (output_announced_) return;
  output_announced_ = true;
  events_.on_output();
}

}  // namespace tern::http2

#include "tern/http2/stream.h"

#include <nghttp2/nghttp2.h>

#include "http2/memory_budget.h"
#include "http2/session.h"

namespace tern::http2 {

Stream::~Stream() {
  if (!open()) return;
  Session& session = *session_;
  const std::int32_t id = id_;
  session.detach(*this);
  nghttp2_submit_rst_stream(session.session_, NGHTTP2_FLAG_NONE, id, NGHTTP2_CANCEL);
  session.output_added();
}

void Stream::renew(bool tell_peer) {
  if (open()) {
    Session& session = *session_;
    session.detach(*this);
    if (tell_peer) nghttp2_submit_rst_stream(session.session_, NGHTTP2_FLAG_NONE, id_, NGHTTP2_CANCEL);
    session.output_added();
  }
  id_ = 0;
  end_queued_ = waiting_for_data_ = headers_received_ = broken_ = false;
  content_left_ = -1;
  unconsumed_ = 0;
  outgoing_.clear();
  taken_ = 0;
}

void Stream::take_over(Stream& other) {
  if (!other.open()) return;
  Session& session = *other.session_;
  session_ = &session;
  id_ = other.id_;
  end_queued_ = other.end_queued_;
  waiting_for_data_ = other.waiting_for_data_;
  headers_received_ = other.headers_received_;
  broken_ = other.broken_;
  content_left_ = other.content_left_;
  unconsumed_ = other.unconsumed_;
  outgoing_.swap(other.outgoing_);
  taken_ = other.taken_;
  other.session_ = nullptr;
  other.unlink();
  other.renew(false);
  session.streams_.push_back(*this);
  nghttp2_session_set_stream_user_data(session.session_, id_, this);
}

void Stream::send_headers(std::span<const HeaderField> fields) {
  if (open()) session_->submit_response(*this, fields, false);
}

void Stream::send_only_headers(std::span<const HeaderField> fields) {
  if (!open() || end_queued_) return;
  end_queued_ = true;
  session_->submit_response(*this, fields, true);
}

void Stream::send_data(Buffer bytes) {
  if (!open() || end_queued_) return;
  if (session_->budget_ != nullptr) session_->budget_->take(bytes.size());
  ++session_->messages_sent_;
  outgoing_.push(std::move(bytes));
  if (waiting_for_data_) {
    waiting_for_data_ = false;
    nghttp2_session_resume_data(session_->session_, id_);
  }
  session_->output_added();
}

void Stream::send_end() {
  if (!open() || end_queued_) return;
  end_queued_ = true;
  if (waiting_for_data_) {
    waiting_for_data_ = false;
    nghttp2_session_resume_data(session_->session_, id_);
  }
  session_->output_added();
}

void Stream::reset(ErrorCode code) {
  if (!open()) return;
  end_queued_ = true;
  nghttp2_submit_rst_stream(session_->session_, NGHTTP2_FLAG_NONE, id_, static_cast<std::uint32_t>(code));
  session_->output_added();
}

void Stream::count_received(std::size_t messages) noexcept {
  if (open()) session_->messages_received_ += messages;
}

void Stream::consume(std::size_t size) {
  if (!open()) return;
  // One WINDOW_UPDATE for many small messages.
  unconsumed_ += size;
  if (unconsumed_ < session_->settings_.stream_window / 4) return;
  nghttp2_session_consume_stream(session_->session_, id_, unconsumed_);
  unconsumed_ = 0;
  session_->output_added();
}

}  // namespace tern::http2

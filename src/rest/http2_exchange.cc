#include "rest/http2_exchange.h"

#include <algorithm>
#include <utility>

#include "async/error_text.h"
#include "rest/part.h"
#include "tern/async/with_timeout.h"
#include "tern/version.h"
#include "text/log.h"
#include "text/utf8.h"

namespace tern::rest {

namespace {

// Bytes of a response that may wait for the client's window.
constexpr std::size_t kUnsentBytes = std::size_t{64} * 1024;

std::string text_of(const http2::HeaderBlock& head, std::string_view name) {
  return std::string{head.get(name).value_or(std::string_view{})};
}

}  // namespace

Http2Exchange::Http2Exchange(Part& part, http2::Stream& stream, const http2::HeaderBlock& head,
                             std::string_view timeout, bool ended, const std::string& peer, RefusalLog& refusals)
    : Job(part.loop()),
      part_(part),
      refusals_(refusals),
      request_(text_of(head, ":method"), text_of(head, ":path"), *this, part.site().options().max_body_length),
      ended_(ended),
      length_(part.site().options().max_body_length) {
  if (head.content_length) length_ = std::min(length_, static_cast<std::size_t>(*head.content_length));
  take_over(stream);
  request_.peer = peer;
  request_.scheme = head.get(":scheme") == "https" ? "https" : "http";
  request_.http_version = "2";
  add_fields(head);
  if (!timeout.empty()) request_.fields.add("grpc-timeout", timeout);
}

// The session has checked their letters, and that "host" says the same as ":authority" where both are there.
void Http2Exchange::add_fields(const http2::HeaderBlock& head) {
  const auto authority = head.get(":authority");
  if (authority) request_.fields.add("host", *authority);
  std::string cookies;
  for (std::size_t i = 0; i < head.size(); ++i) {
    const auto& [name, value] = head[i];
    if (name.starts_with(':') || (authority && name == "host")) continue;
    if (name == "cookie") {
      // Sent in pieces so that HPACK knows them again; HTTP/1.1 has one field (RFC 9113 §8.2.3).
      if (!cookies.empty()) cookies += "; ";
      cookies += value;
    } else {
      request_.fields.add(name, value);
    }
  }
  if (!cookies.empty()) request_.fields.add("cookie", cookies);
}

void Http2Exchange::start(bool over) {
  running_ = true;
  inherited.name = request_.target.c_str();
  begin(request_);
  if (over) end_when_begun();
  Job::start(answer_and_send(part_.site(), request_, *this));
}

void Http2Exchange::reject(const HttpError& error) {
  tell_refused(part_.site(), nullptr, {.why = Refusal::kHeaders, .peer = request_.peer, .text = error.what()});
  send_at_once(part_.site().reject(request_, error));
}

void Http2Exchange::end_at_once() {
  if (!running_) return;
  Exchange::end_at_once(part_.site());
  Job::cancel();
}

// The request's came before it was handed over.
void Http2Exchange::on_headers(const http2::HeaderBlockRef& /*block*/, std::string_view /*aside*/, bool /*ended*/) {}

void Http2Exchange::on_data(std::span<const std::uint8_t> bytes) {
  if (!running_) return consume(bytes.size());
  received_.push(Buffer::copy_of(bytes));
  arrived_.set();
}

void Http2Exchange::on_end() {
  ended_ = true;
  arrived_.set();
}

void Http2Exchange::on_closed(http2::ErrorCode /*code*/) {
  if (running_) {
    Job::cancel();
  } else {
    leave_if_over();
  }
}

void Http2Exchange::on_held(std::size_t bytes) {
  held_ = bytes;
  hold_unfinished(bytes);
}

void Http2Exchange::on_room() { consume(std::exchange(read_, 0)); }

void Http2Exchange::refused(Refusal why, std::string_view text) {
  tell_refused(part_.site(), open() ? &refusals_ : nullptr, {.why = why, .peer = request_.peer, .text = text});
}

Task<std::optional<std::string>> Http2Exchange::read_body() {
  const Clock::time_point limit = Clock::now() + part_.site().options().read_timeout;
  if (held_ == 0 || may_go_on(length_)) consume(std::exchange(read_, 0));
  while (received_.empty()) {
    if (ended_) co_return std::nullopt;
    co_await await_body(arrived_, limit);
  }
  const Buffer piece = received_.pop();
  read_ += piece.size();
  co_return std::string{piece.text()};
}

Task<void> Http2Exchange::send_head(const Response& response, std::optional<std::size_t> length) {
  write_head(response, length);
  co_return;
}

bool Http2Exchange::send_at_once(const Response& response) {
  if (!open()) return false;
  const bool head_only = request_.method == "HEAD" || response.body.empty();
  write_head(response, head_only ? 0 : response.body.size());
  if (head_only) return true;
  send_data(Buffer::copy_of(response.body));
  send_end();
  return true;
}

void Http2Exchange::write_head(const Response& response, std::optional<std::size_t> length) {
  const std::string status = std::to_string(response.status);
  const std::string length_text = length ? std::to_string(*length) : std::string{};
  http2::HeaderFields fields;
  fields.push_back({":status", status, true});
  fields.push_back({"server", kUserAgent, true});
  fields.push_back({"date", date_now(), true});
  if (length && *length > 0) fields.push_back({"content-length", length_text, false});
  for (const auto& [name, value] : response.fields) fields.push_back({name, value, false});
  head_was_all_ = length == 0;
  if (!open()) return;
  if (head_was_all_) {
    send_only_headers(fields);
  } else {
    send_headers(fields);
  }
}

Task<void> Http2Exchange::send_piece(std::string piece) {
  if (open()) send_data(Buffer::copy_of(piece));
  std::string{}.swap(piece);  // not twice in memory while it waits for the client
  while (open() && unsent() >= kUnsentBytes) {
    const Clock::time_point limit = Clock::now() + part_.site().options().write_timeout;
    sent_.clear();
    const bool in_time = co_await sent_.wait(limit);
    if (!in_time) throw TimedOut{};
  }
}

Task<void> Http2Exchange::finish() {
  if (open() && !head_was_all_) send_end();
  co_return;
}

void Http2Exchange::finished(std::exception_ptr error) {
  running_ = false;
  try {
    if (error) std::rethrow_exception(error);
  } catch (const Cancelled&) {
    if (open() && !answered_at_once()) reset(http2::ErrorCode::kCancel);
  } catch (...) {
    log_debug("rest", "{} {} of {}: {}", text::log_text(request_.method), text::log_text(request_.path()),
              request_.peer, text::log_text(error_text(error)));
    if (open()) reset(http2::ErrorCode::kInternalError);
  }
  while (!received_.empty()) read_ += received_.pop().size();
  consume(std::exchange(read_, 0));
  leave_if_over();
}

void Http2Exchange::leave_if_over() {
  if (!open() && !running_) part_.remove(*this);
}

}  // namespace tern::rest

#include "rest/http2_client_codec.h"

#include <fmt/format.h>

#include <charconv>
#include <utility>

#include "http2/header_list.h"
#include "rest/http2_request_fields.h"

namespace tern::rest {

namespace {

// Bytes of a request's pieces that may wait for the server's windows.
constexpr std::size_t kUnsentRequestBytes = std::size_t{64} * 1024;

unsigned status_in(const http2::HeaderBlock& head) {
  const std::string_view text = head.get(":status").value_or("");
  unsigned status = 0;
  std::from_chars(text.data(), text.data() + text.size(), status);  // the session has checked its digits
  return status;
}

}  // namespace

Http2ClientCodec::Http2ClientCodec(Http2ClientConnection::Place place, const ClientOptions& options)
    : place_(std::move(place)), timeout_(options.timeout), kept_(place_.connection().requests() > 0) {}

Http2ClientCodec::~Http2ClientCodec() {
  if (!open()) return;
  renew(true);
  place_.abandon();
}

Task<void> Http2ClientCodec::write_head(RequestHead head, std::string content, bool more) {
  head_only_ = head.method == "HEAD";
  const http2::HeaderFields fields = http2_request_fields(head);
  const std::size_t size = http2::header_list_size(fields);
  if (const std::size_t most = place_.connection().peer_header_limit(); size > most) {
    throw ClientError{
        fmt::format("the request's head has {} bytes, and the server accepts {} "
                    "(SETTINGS_MAX_HEADER_LIST_SIZE)",
                    size, most)};
  }
  const http2::RequestShape shape{.only_fields = content.empty() && !more, .no_content_expected = head_only_};
  if (!place_.open(*this, fields, shape)) {
    throw RequestUnprocessed{"the server accepts no further requests on the connection"};
  }
  if (!content.empty()) send_data(Buffer::copy_of(content));
  std::string{}.swap(content);
  if (!more) send_end();
  co_await await_room(0);
}

Task<void> Http2ClientCodec::write_piece(std::string piece) {
  if (!open()) stream_closed();
  send_data(Buffer::copy_of(piece));
  std::string{}.swap(piece);  // not twice in memory while it waits for the server
  co_await await_room(kUnsentRequestBytes);
}

Task<void> Http2ClientCodec::write_end() {
  send_end();
  co_await await_room(0);
}

Task<void> Http2ClientCodec::await_room(std::size_t bytes) {
  while (unsent() > bytes) {
    const Clock::time_point limit = Clock::now() + timeout_;
    sent_.clear();
    const bool in_time = co_await sent_.wait(limit);
    if (!in_time) throw ClientError{"the server reads nothing of the request (ClientOptions::timeout)"};
  }
}

bool Http2ClientCodec::receive() { return std::exchange(news_, false); }

std::optional<ResponseHead> Http2ClientCodec::read_head() {
  if (head_ == nullptr) {
    if (closed_) stream_closed();
    return std::nullopt;
  }
  ResponseHead head;
  head.status = status_in(*head_);
  for (std::size_t i = 0; i < head_->size(); ++i) {
    const auto& [name, value] = (*head_)[i];
    if (!name.starts_with(':')) head.fields.add(name, value);
  }
  return head;
}

std::optional<std::string> Http2ClientCodec::read_piece() {
  if (received_.empty()) {
    if (closed_ && !ended()) stream_closed();
    return std::nullopt;
  }
  std::string piece;
  if (received_.size() <= kContentPieceBytes) {
    piece.swap(received_);
  } else {
    piece = received_.substr(0, kContentPieceBytes);
    received_.erase(0, kContentPieceBytes);
  }
  consume(piece.size());
  return piece;
}

Task<void> Http2ClientCodec::wait(std::optional<Clock::time_point> limit) {
  arrived_.clear();
  co_await arrived_.wait(limit);
}

void Http2ClientCodec::arrived() {
  place_.connection().heard();
  news_ = true;
  arrived_.set();
}

// The second block is the trailers, which are ignored as those of HTTP/1.1 are.
void Http2ClientCodec::on_headers(const http2::HeaderBlockRef& block, std::string_view /*aside*/, bool ended) {
  if (head_ == nullptr) head_ = block;
  ended_ = ended;
  place_.answered();
  arrived();
}

void Http2ClientCodec::on_headers_too_long(const http2::HeaderBlock& /*begun*/, http2::HeaderListSize /*size*/) {
  too_long_ = true;
  reset(http2::ErrorCode::kCancel);
}

void Http2ClientCodec::on_data(std::span<const std::uint8_t> bytes) {
  if (head_only_) return consume(bytes.size());
  received_.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  arrived();
}

void Http2ClientCodec::on_end() {
  ended_ = true;
  arrived();
}

void Http2ClientCodec::on_closed(http2::ErrorCode code) {
  closed_ = code;
  news_ = true;
  arrived_.set();
  sent_.set();
  place_.free();
}

void Http2ClientCodec::stream_closed() const {
  const Http2ClientConnection& connection = place_.connection();
  const http2::ErrorCode code = closed_.value_or(http2::ErrorCode::kNoError);
  if (too_long_) throw ClientError{"the response's head is too long (ClientOptions::max_header_length)"};
  if (!answered() && code == http2::ErrorCode::kRefusedStream) {
    throw RequestUnprocessed{"the server refused the request (REFUSED_STREAM)"};
  }
  if (!answered() && code == http2::ErrorCode::kHttp11Required) {
    throw Http1Required{"the server requires HTTP/1.1 (HTTP_1_1_REQUIRED)"};
  }
  if (!connection.lost()) throw ClientError{fmt::format("the stream was reset: {}", http2::name_of(code))};
  if (!connection.reason().empty()) {
    const std::string what = "the connection broke: " + connection.reason();
    if (answered()) throw ClientError{what};
    throw ConnectionLost{what};
  }
  if (answered()) throw ClientError{"the server closed the connection in the middle of the response"};
  throw ConnectionLost{"the server closed the connection without an answer"};
}

}  // namespace tern::rest

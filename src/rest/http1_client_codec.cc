#include "rest/http1_client_codec.h"

#include <fmt/format.h>

#include <boost/beast/http/error.hpp>
#include <iterator>
#include <utility>

namespace tern::rest {

namespace {

namespace http = boost::beast::http;

ClientError malformed(const boost::system::error_code& error) {
  if (error == http::error::header_limit) {
    return ClientError{"the response's head is too long (ClientOptions::max_header_length)"};
  }
  return ClientError{"the response is not well-formed: " + error.message()};
}

std::string text_of(const RequestHead& head) {
  std::string text = fmt::format("{} {} HTTP/1.1\r\nhost: {}\r\n", head.method, head.target, head.authority);
  for (const auto& [name, value] : head.fields) fmt::format_to(std::back_inserter(text), "{}: {}\r\n", name, value);
  if (head.unknown_length) text += "transfer-encoding: chunked\r\n";
  return text + "\r\n";
}

}  // namespace

Http1ClientCodec::Http1ClientCodec(ClientOrigin::Lease lease, const ClientOptions& options)
    : lease_(std::move(lease)), timeout_(options.timeout), max_header_length_(options.max_header_length) {
  connection().set_reusable(false);
}

Task<void> Http1ClientCodec::write_head(RequestHead head, std::string content, bool /*more*/) {
  head_only_ = head.method == "HEAD";
  chunked_ = head.unknown_length;
  std::string text = text_of(head);
  text += content;  // one write for both
  std::string{}.swap(content);
  if (parser_) parser_->skip(head_only_);
  co_await connection().write(text, timeout_);
}

Task<void> Http1ClientCodec::write_piece(std::string piece) {
  if (chunked_) piece = fmt::format("{:x}\r\n{}\r\n", piece.size(), piece);
  co_await connection().write(piece, timeout_);
}

Task<void> Http1ClientCodec::write_end() {
  if (!chunked_) co_return;
  co_await connection().write("0\r\n\r\n", timeout_);
}

bool Http1ClientCodec::receive() {
  if (at_end_) return true;
  switch (connection().read_now()) {
    case ClientConnection::Read::kBytes:
      answered_ = true;
      return true;
    case ClientConnection::Read::kEnd:
      at_end_ = true;
      return true;
    default:
      return false;
  }
}

void Http1ClientCodec::begin_response() {
  parser_.emplace();
  parser_->header_limit(static_cast<std::uint32_t>(max_header_length_ - interim_bytes_));
  parser_->body_limit(boost::none);
  parser_->skip(head_only_);
  head_bytes_ = 0;
}

std::size_t Http1ClientCodec::parse() {
  const std::string& input = connection().input();
  if (input.empty()) return 0;
  boost::system::error_code error;
  const std::size_t used = parser_->put(boost::asio::buffer(input), error);
  connection().take(used);
  if (error && error != http::error::need_more && error != http::error::need_buffer) throw malformed(error);
  return used;
}

std::optional<ResponseHead> Http1ClientCodec::read_head() {
  if (!parser_) begin_response();  // the writer has not begun
  for (;;) {
    head_bytes_ += parse();
    if (!parser_->is_header_done()) {
      if (at_end_) connection_ended();
      return std::nullopt;
    }
    const unsigned status = parser_->get().result_int();
    if (status == 101) throw ClientError{"the server switches to another protocol (101), which nobody asked for"};
    if (status >= 200) break;
    // RFC 9110 §15.2: more responses follow.
    interim_bytes_ += head_bytes_;
    if (interim_bytes_ >= max_header_length_) throw malformed(http::error::header_limit);
    begin_response();
  }
  ResponseHead head;
  head.status = parser_->get().result_int();
  for (const auto& field : parser_->get()) head.fields.add(field.name_string(), field.value());
  return head;
}

std::optional<std::string> Http1ClientCodec::read_piece() {
  if (connection().input().empty() && !at_end_) return std::nullopt;
  std::string piece(kContentPieceBytes, '\0');
  while (!parser_->is_done()) {
    http::buffer_body::value_type& body = parser_->get().body();
    body.data = piece.data();
    body.size = piece.size();
    const std::size_t used = parse();
    const std::size_t size = piece.size() - parser_->get().body().size;
    if (size > 0) {
      piece.resize(size);
      return piece;
    }
    if (used > 0 || parser_->is_done()) continue;
    if (!at_end_) return std::nullopt;
    boost::system::error_code error;
    parser_->put_eof(error);
    if (error) connection_ended();
  }
  return std::nullopt;
}

void Http1ClientCodec::connection_ended() const {
  if (!answered_) throw ConnectionLost{"the server closed the connection without an answer"};
  throw ClientError{"the server closed the connection in the middle of the response"};
}

}  // namespace tern::rest

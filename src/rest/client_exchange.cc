#include "rest/client_exchange.h"

#include <fmt/format.h>

#include <boost/beast/http/error.hpp>
#include <utility>

namespace tern::rest {

namespace {

namespace http = boost::beast::http;

constexpr std::size_t kReadBytes = std::size_t{64} * 1024;

ClientError broken(const boost::system::error_code& error) {
  if (error == http::error::header_limit) {
    return ClientError{"the response's head is too long (ClientOptions::max_header_length)"};
  }
  return ClientError{"the response is not well-formed: " + error.message()};
}

}  // namespace

void ClientExchange::begin(std::string head, ClientRequest& request) {
  head_only_ = request.method == "HEAD";
  lease_.connection->set_reusable(false);
  std::string text = std::move(head);
  text += request.body;  // one write for both
  writer_.spawn(write(std::move(text), std::move(request.pieces), request.length));
}

Task<void> ClientExchange::write(std::string text, AsyncGenerator<std::string> pieces,
                                 std::optional<std::uint64_t> length) {
  try {
    co_await lease_.connection->write(text, options_.timeout);
    if (pieces) co_await write_pieces(std::move(pieces), length);
    written_ = true;
  } catch (const ClientError&) {
    write_failure_ = std::current_exception();
  } catch (const Cancelled&) {
    throw;
  } catch (...) {
    pieces_failure_ = std::current_exception();
  }
  lease_.connection->wake_reader();
}

Task<void> ClientExchange::write_pieces(AsyncGenerator<std::string> pieces, std::optional<std::uint64_t> length) const {
  std::uint64_t sent = 0;
  while (std::optional<std::string> piece = co_await pieces.next()) {
    if (piece->empty()) continue;  // an empty chunk would be the last
    sent += piece->size();
    if (length) {
      if (sent > *length) throw std::length_error("the request's pieces are longer than ClientRequest::length");
      co_await lease_.connection->write(*piece, options_.timeout);
    } else {
      const std::string chunk = fmt::format("{:x}\r\n{}\r\n", piece->size(), *piece);
      co_await lease_.connection->write(chunk, options_.timeout);
    }
  }
  if (length && sent < *length) throw std::length_error("the request's pieces are shorter than ClientRequest::length");
  if (length) co_return;
  co_await lease_.connection->write("0\r\n\r\n", options_.timeout);
}

Task<ClientExchange::Head> ClientExchange::read_head() {
  std::size_t interim_bytes = 0;
  for (;;) {
    parser_.emplace();
    parser_->header_limit(static_cast<std::uint32_t>(options_.max_header_length - interim_bytes));
    parser_->body_limit(boost::none);
    parser_->skip(head_only_);
    std::size_t bytes = 0;
    while (!parser_->is_header_done()) {
      boost::system::error_code error;
      if (!lease_.connection->input().empty()) {
        const std::size_t used = parser_->put(boost::asio::buffer(lease_.connection->input()), error);
        lease_.connection->take(used);
        bytes += used;
      }
      if (error && error != http::error::need_more) throw broken(error);
      if (parser_->is_header_done()) break;
      const bool more = co_await read_more();
      if (!more) end_of_connection();
    }
    const unsigned status = parser_->get().result_int();
    if (status == 101) throw ClientError{"the server switches to another protocol (101), which nobody asked for"};
    if (status < 200) {  // RFC 9110 §15.2: more responses follow
      interim_bytes += bytes;
      if (interim_bytes >= options_.max_header_length) throw broken(http::error::header_limit);
      continue;
    }
    Head head;
    head.status = status;
    for (const auto& field : parser_->get()) head.fields.add(field.name_string(), field.value());
    co_return head;
  }
}

Task<std::optional<std::string>> ClientExchange::read_body() {
  if (!inflater_) co_return co_await read_plain();
  for (;;) {
    std::optional<std::string> plain;
    bool complete = false;
    std::string failure;
    try {
      plain = inflater_->next();
      complete = inflater_->complete();
    } catch (const std::runtime_error& error) {
      failure = error.what();
    }
    if (!failure.empty()) throw ClientError{"the response cannot be decompressed: " + failure};
    if (plain) co_return plain;
    std::optional<std::string> piece = co_await read_plain();
    if (!piece) {
      if (!complete) throw ClientError{"the compressed response is cut short"};
      co_return std::nullopt;
    }
    inflater_->feed(*piece);
  }
}

Task<std::optional<std::string>> ClientExchange::read_plain() {
  std::string piece(kReadBytes, '\0');
  while (!parser_->is_done()) {
    http::buffer_body::value_type& body = parser_->get().body();
    body.data = piece.data();
    body.size = piece.size();
    boost::system::error_code error;
    const std::string& input = lease_.connection->input();
    const std::size_t used = input.empty() ? 0 : parser_->put(boost::asio::buffer(input), error);
    lease_.connection->take(used);
    if (error && error != http::error::need_more && error != http::error::need_buffer) throw broken(error);
    const std::size_t size = piece.size() - parser_->get().body().size;
    if (size > 0) {
      piece.resize(size);
      co_return piece;
    }
    if (used > 0 || parser_->is_done()) continue;
    const bool more = co_await read_more();
    if (more) continue;
    parser_->put_eof(error);
    if (error) throw ClientError{"the server closed the connection in the middle of the response"};
  }
  finish();
  co_return std::nullopt;
}

Task<bool> ClientExchange::read_more() {
  bool was_written = written_;
  Clock::time_point limit = Clock::now() + options_.timeout;
  for (;;) {
    if (pieces_failure_) std::rethrow_exception(std::exchange(pieces_failure_, nullptr));
    // A server that refuses the rest of a body may have sent its response before the connection broke.
    const auto read = lease_.connection->read_now();
    if (read == ClientConnection::Read::kBytes) {
      answered_ = true;
      co_return true;
    }
    if (read == ClientConnection::Read::kEnd) co_return false;
    if (write_failure_) std::rethrow_exception(std::exchange(write_failure_, nullptr));
    if (written_ && !std::exchange(was_written, true)) limit = Clock::now() + options_.timeout;
    if (written_ && Clock::now() >= limit) throw ClientError{"the server sends nothing (ClientOptions::timeout)"};
    // While the request is being written, its writer watches the time.
    co_await lease_.connection->wait_to_read(written_ ? std::optional{limit} : std::nullopt);
  }
}

void ClientExchange::end_of_connection() const {
  if (!answered_) throw ConnectionLost{"the server closed the connection without an answer"};
  throw ClientError{"the server closed the connection in the middle of the response"};
}

void ClientExchange::finish() { lease_.connection->set_reusable(written_ && parser_->keep_alive()); }

}  // namespace tern::rest

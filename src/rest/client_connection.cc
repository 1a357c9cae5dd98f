#include "rest/client_connection.h"

#include <array>
#include <boost/beast/http/error.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>
#include <span>

#include "transport/readiness.h"

namespace tern::rest {

namespace {

namespace http = boost::beast::http;
using transport::Readiness;

ClientError broken(const boost::system::error_code& error) {
  if (error == http::error::body_limit) return ClientError{"the response is too long (ClientOptions::max_body_length)"};
  if (error == http::error::header_limit) {
    return ClientError{"the response's head is too long (ClientOptions::max_header_length)"};
  }
  return ClientError{"the response is not well-formed: " + error.message()};
}

}  // namespace

Task<void> ClientConnection::write(std::string_view text) {
  while (!text.empty()) {
    const iovec piece{.iov_base = const_cast<char*>(text.data()), .iov_len = text.size()};
    const transport::IoResult result = stream_->write({&piece, 1});
    if (result.error) throw ClientError{"the connection broke: " + result.error.message()};
    if (result.would_block) {
      co_await Readiness{*stream_, Readiness::For::kWrite};
    } else {
      text.remove_prefix(result.size);
    }
  }
}

Task<ClientResponse> ClientConnection::exchange(std::string_view request, std::string_view method,
                                                const ClientOptions& options) {
  reusable_ = answered_ = false;
  co_await write(request);

  http::response_parser<http::string_body> parser;
  parser.header_limit(static_cast<std::uint32_t>(options.max_header_length));
  parser.body_limit(options.max_body_length);
  parser.eager(true);
  parser.skip(method == "HEAD");
  std::string unread;
  std::array<std::uint8_t, std::size_t{16} * 1024> buffer{};
  boost::system::error_code error;
  while (!parser.is_done()) {
    const transport::IoResult result = stream_->read(buffer);
    if (result.would_block) {
      co_await Readiness{*stream_, Readiness::For::kRead};
      continue;
    }
    if (result.error) throw ClientError{"the connection broke: " + result.error.message()};
    if (result.size == 0) {
      if (!answered_) throw ClientError{"the server closed the connection without an answer"};
      parser.put_eof(error);
      if (error) throw ClientError{"the server closed the connection in the middle of the response"};
      break;
    }
    answered_ = true;
    unread.append(reinterpret_cast<const char*>(buffer.data()), result.size);
    while (!unread.empty() && !parser.is_done()) {
      const std::size_t used = parser.put(boost::asio::buffer(unread), error);
      unread.erase(0, used);
      if (error && error != http::error::need_more) throw broken(error);
      if (used == 0) break;
    }
  }
  reusable_ = parser.keep_alive() && unread.empty();
  http::response<http::string_body> message = parser.release();
  ClientResponse response;
  response.status = message.result_int();
  for (const auto& field : message) response.fields.add(field.name_string(), field.value());
  response.body = std::move(message.body());
  co_return response;
}

bool ClientConnection::stale() {
  std::array<std::uint8_t, 1> byte{};
  return !stream_->read(byte).would_block;
}

}  // namespace tern::rest

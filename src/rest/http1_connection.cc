#include "rest/http1_connection.h"

#include <boost/asio/as_tuple.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>
#include <optional>
#include <utility>

#include "tern/async/asio.h"
#include "tern/async/with_timeout.h"
#include "tern/version.h"

namespace tern::rest {

namespace {

namespace asio = boost::asio;
namespace http = boost::beast::http;
using Buffer = boost::beast::flat_buffer;
using Parser = http::request_parser<http::string_body>;
using Message = http::response<http::string_body>;

Task<boost::system::error_code> read_request(transport::Socket& socket, Buffer& buffer, Parser& parser) {
  auto [error, size] = co_await http::async_read(socket, buffer, parser, asio::as_tuple(use_task));
  co_return error;
}

Task<boost::system::error_code> write_response(transport::Socket& socket, Message& message) {
  auto [error, size] = co_await http::async_write(socket, message, asio::as_tuple(use_task));
  co_return error;
}

/// What a request that could not be read is answered with; nothing when there is nobody to tell.
std::optional<unsigned> refusal(const boost::system::error_code& error) {
  if (error == http::error::body_limit) return 413;
  if (error == http::error::header_limit) return 431;
  if (error.category() == http::make_error_code(http::error::bad_method).category() &&
      error != http::error::end_of_stream && error != http::error::partial_message) {
    return 400;
  }
  return std::nullopt;
}

Message as_message(Response response, unsigned version, bool keep_alive) {
  Message message{http::int_to_status(response.status), version};
  message.set(http::field::server, std::string_view{kUserAgent});
  message.set(http::field::content_type, response.content_type);
  message.body() = std::move(response.body);
  message.keep_alive(keep_alive);
  message.prepare_payload();
  return message;
}

}  // namespace

Task<void> serve_http1(transport::Socket socket, const Router& router, const ServerOptions& options,
                       Http1State& state) {
  Buffer buffer;
  bool keep_alive = true;
  while (keep_alive && !state.stopping) {
    state.busy = false;
    Parser parser;
    parser.header_limit(static_cast<std::uint32_t>(options.max_header_length));
    parser.body_limit(options.max_body_length);
    const auto read_error = co_await with_timeout(options.read_timeout, read_request(socket, buffer, parser));
    state.busy = true;
    Response response;
    bool head_only = false;
    if (read_error) {
      const std::optional<unsigned> status = refusal(read_error);
      if (!status) break;
      response = {*status, "text/plain; charset=utf-8", read_error.message() + "\n"};
      keep_alive = false;
    } else {
      const auto& read = parser.get();
      const Request request{std::string{read.method_string()}, std::string{read.target()}, read.body()};
      response = co_await router.answer(request);
      keep_alive = read.keep_alive() && !state.stopping;
      head_only = read.method() == http::verb::head;
    }
    Message message = as_message(std::move(response), 11, keep_alive);
    if (head_only) message.body().clear();
    const auto write_error = co_await with_timeout(options.write_timeout, write_response(socket, message));
    if (write_error) break;
  }
  boost::system::error_code ignored;
  socket.shutdown(transport::Socket::shutdown_send, ignored);
}

}  // namespace tern::rest

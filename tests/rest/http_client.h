// A client of HTTP/1.1, by hand.
#pragma once

#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>
#include <string>
#include <string_view>

#include "support/raw_client.h"
#include "tern/async/asio.h"
#include "tern/rest/site.h"
#include "tern/tern.h"

namespace tern::rest::test {

namespace asio = boost::asio;
namespace http = boost::beast::http;
using Answer = http::response<http::string_body>;

class Http1Client : public tern::test::RawClient {
 public:
  using RawClient::RawClient;

  Task<Answer> read(bool has_body = true) {
    http::response_parser<http::string_body> parser;
    parser.skip(!has_body);
    parser.body_limit(boost::none);
    co_await http::async_read(socket(), buffer_, parser, use_task);
    Answer answer = parser.release();
    told_to_close_ = !answer.keep_alive();
    co_return answer;
  }
  Task<Answer> send(std::string bytes) {
    co_await write(std::move(bytes));
    co_return co_await read();
  }
  /// A whole request.
  Task<Answer> ask(std::string_view method, std::string_view target, std::string_view body = {},
                   std::string_view fields = {}) {
    std::string text =
        std::string{method} + " " + std::string{target} + " HTTP/1.1\r\nHost: a\r\n" + std::string{fields};
    if (!body.empty()) text += "Content-Length: " + std::to_string(body.size()) + "\r\n";
    co_return co_await send(text + "\r\n" + std::string{body});
  }

  /// True when the last response said that the connection closes.
  [[nodiscard]] bool told_to_close() const noexcept { return told_to_close_; }

 private:
  boost::beast::flat_buffer buffer_;
  bool told_to_close_ = false;
};

/// Runs `body(client)` against a site that `set_up(site, server)` fills, on two loops.
template <class SetUp, class Body>
void with_site(SetUp set_up, Body body, SiteOptions options = {}) {
  const auto run = [](SetUp its_set_up, Body its_body, SiteOptions its_options) -> Task<void> {
    Site site{std::move(its_options)};
    Server server;
    its_set_up(site, server);
    Http1Client client{server.listen("127.0.0.1:0", {.http = &site})};
    co_await its_body(client);
    // The server waits for a client that it told to close.
    if (client.told_to_close()) client.close();
    // An idle connection does not use up the grace, or this would not end.
    co_await server.stop({.grace = std::chrono::hours{1}});
  };
  block_on(run(set_up, body, options), {.threads = 2});
}

}  // namespace tern::rest::test

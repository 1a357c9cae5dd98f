#include "rest/http1_response_head.h"

#include <fmt/format.h>

#include <boost/beast/http/status.hpp>
#include <iterator>
#include <string_view>

#include "rest/exchange.h"
#include "tern/version.h"

namespace tern::rest {

std::string http1_response_head(const Response& response, const Http1ResponseFraming& framing) {
  namespace http = boost::beast::http;
  const std::string_view reason = http::obsolete_reason(http::int_to_status(response.status));
  std::string head =
      fmt::format("HTTP/1.1 {} {}\r\nserver: {}\r\ndate: {}\r\n", response.status, reason, kUserAgent, date_now());
  const auto to = std::back_inserter(head);
  for (const auto& [name, value] : response.fields) fmt::format_to(to, "{}: {}\r\n", name, value);
  if (framing.length && !response.fields.get("content-length")) {
    fmt::format_to(to, "content-length: {}\r\n", *framing.length);
  }
  if (framing.chunked) head += "transfer-encoding: chunked\r\n";
  if (framing.close) {
    head += "connection: close\r\n";
  } else if (framing.say_keep_alive) {
    head += "connection: keep-alive\r\n";
  }
  head += "\r\n";
  return head;
}

std::string http1_last_response(const Response& response, bool head_only) {
  std::string text = http1_response_head(response, {.length = response.body.size(), .close = true});
  if (!head_only) text += response.body;
  return text;
}

}  // namespace tern::rest

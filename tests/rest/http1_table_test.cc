// What a server answers to raw bytes, row by row, over sockets; and that the readers give the same however the bytes
// are cut.
#include "rest/http1_table.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cctype>
#include <string>
#include <string_view>

#include "rest/http_client.h"
#include "support/http1_requests.h"

namespace tern::rest {
namespace {

using tern::test::Http1Requests;
using test::Http1Client;
using test::Http1Row;

const std::size_t kMaxHeaderLength = SiteOptions{}.max_header_length;

void set_up(Site& site, Server& /*server*/) {
  site.route("GET", "/health",
             [](Request& /*request*/) -> Task<Response> { co_return Response{200, "text/plain", "ok"}; });
  site.route("GET", "/probe", [](Request& /*request*/) -> Task<Response> { co_return Response{299}; });
  site.route("POST", "/ignore", [](Request& /*request*/) -> Task<Response> { co_return Response{200}; });
  site.route("POST", "/echo", [](Request& request) -> Task<Response> {
    std::string body = co_await request.body();
    co_return Response{200, "text/plain", std::move(body)};
  });
}

/// The statuses in what a server sent: "200 400".
std::string statuses_in(std::string_view text) {
  constexpr std::string_view kVersion = "HTTP/1.1 ";
  std::string statuses;
  for (std::size_t at = 0; (at = text.find(kVersion, at)) != std::string_view::npos;) {
    at += kVersion.size();
    if (at < text.size() && std::isdigit(static_cast<unsigned char>(text[at])) != 0) {
      statuses += (statuses.empty() ? "" : " ") + std::string{text.substr(at, 3)};
    }
  }
  return statuses;
}

Task<void> ask(std::uint16_t port, Http1Row row) {
  tern::test::RawClient client{port};
  co_await client.write(row.bytes + std::string{test::kProbe});
  const std::string text = co_await client.read_to_end();
  EXPECT_EQ(statuses_in(text), row.statuses) << row.name << "\n" << text;
  const std::size_t last = std::min(text.rfind("\r\nserver: "), text.size());
  EXPECT_NE(text.find("connection: close\r\n", last), std::string::npos)
      << row.name << ": the connection's last response does not say that it is\n"
      << text;
}

TEST(Http1Table, IsAnsweredAsTheStandardsAsk) {
  const std::vector<Http1Row> rows = test::read_http1_table();
  EXPECT_GE(rows.size(), 120U);
  const auto run = [](const std::vector<Http1Row>* all) -> Task<void> {
    Site site;
    Server server;
    set_up(site, server);
    const std::uint16_t port = server.listen("127.0.0.1:0", {.http = &site});
    TaskGroup asking;
    for (const Http1Row& row : *all) asking.spawn(ask(port, row));
    co_await asking.join();
    co_await server.stop();
  };
  block_on(run(&rows));
}

Http1Requests read_whole(std::string_view bytes) {
  Http1Requests requests{kMaxHeaderLength};
  requests.read(bytes);
  return requests;
}

/// In two pieces, cut at `at`.
Http1Requests read_cut(std::string_view bytes, std::size_t at) {
  Http1Requests requests{kMaxHeaderLength};
  requests.read(bytes.substr(0, at));
  requests.read(bytes.substr(at));
  return requests;
}

TEST(Http1Table, IsReadTheSameHoweverItIsCut) {
  for (const Http1Row& row : test::read_http1_table()) {
    const std::string bytes = row.bytes + std::string{test::kProbe};
    const Http1Requests whole = read_whole(bytes);
    const std::size_t step = bytes.size() > 4096 ? 331 : 1;
    for (std::size_t at = 1; at < bytes.size(); at += step) {
      EXPECT_EQ(read_cut(bytes, at), whole) << row.name << ", cut at " << at;
    }
    Http1Requests by_bytes{kMaxHeaderLength};
    for (const char& octet : bytes) by_bytes.read({&octet, 1});
    EXPECT_EQ(by_bytes, whole) << row.name << ", byte by byte";
  }
}

}  // namespace
}  // namespace tern::rest

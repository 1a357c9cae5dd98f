// Which request follows a redirect: every status, method and kind of location, as a table (RFC 9110 §15.4).
#include "rest/redirection.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "rest/client_url.h"

namespace tern::rest {
namespace {

struct Row {
  unsigned status;
  std::string method;
  std::string location;
  std::string next;  // "METHOD url", or empty where the response is the answer
};

std::string next_of(const Row& row) {
  const std::string url = "http://a.example/dir/page?x=1";
  Fields fields;
  if (!row.location.empty()) fields.add("location", row.location);
  const auto to = redirection_of(row.method, url, row.status, fields);
  if (!to) return "";
  ClientRequest request{row.method, url};
  request.body = "content";
  request.fields = {
      {"Content-Type", "text/plain"}, {"Authorization", "Bearer t"}, {"Cookie", "a=1"}, {"Accept", "*/*"}};
  follow(request, *to);
  std::string text = request.method + " " + request.url;
  if (!request.body.empty()) text += " body";
  for (const auto& [name, value] : request.fields) text += " " + name;
  return text;
}

TEST(Redirection, KeepsOrChangesTheRequestAsTheStatusSays) {
  const std::string same = " body content-type authorization cookie accept";
  const std::string as_get = " authorization cookie accept";
  const std::vector<Row> rows{
      {301, "POST", "/b", "GET http://a.example/b" + as_get},
      {302, "POST", "/b", "GET http://a.example/b" + as_get},
      {303, "POST", "/b", "GET http://a.example/b" + as_get},
      {303, "PUT", "/b", "GET http://a.example/b" + as_get},
      {303, "DELETE", "/b", "GET http://a.example/b" + as_get},
      {303, "HEAD", "/b", "HEAD http://a.example/b" + same},
      {301, "PUT", "/b", "PUT http://a.example/b" + same},
      {302, "DELETE", "/b", "DELETE http://a.example/b" + same},
      {307, "POST", "/b", "POST http://a.example/b" + same},
      {308, "POST", "/b", "POST http://a.example/b" + same},
      {308, "PUT", "/b", "PUT http://a.example/b" + same},
      // Statuses that are the answer themselves.
      {200, "GET", "/b", ""},
      {201, "POST", "/b", ""},
      {300, "GET", "/b", ""},
      {304, "GET", "/b", ""},
      {305, "GET", "/b", ""},
      {306, "GET", "/b", ""},
      {404, "GET", "/b", ""},
      {302, "GET", "", ""},
  };
  for (const Row& row : rows)
    EXPECT_EQ(next_of(row), row.next) << row.status << " " << row.method << " " << row.location;
}

TEST(Redirection, ResolvesTheLocationAndKeepsCredentialsWithinTheOrigin) {
  const std::string with = " body content-type authorization cookie accept";
  const std::string without = " body content-type accept";
  const std::vector<Row> rows{
      {307, "PUT", "b", "PUT http://a.example/dir/b" + with},
      {307, "PUT", "../b", "PUT http://a.example/b" + with},
      {307, "PUT", "?y=2", "PUT http://a.example/dir/page?y=2" + with},
      {307, "PUT", "http://a.example:80/b", "PUT http://a.example:80/b" + with},
      {307, "PUT", "http://A.Example/b", "PUT http://A.Example/b" + with},
      {307, "PUT", "//b.example/b", "PUT http://b.example/b" + without},
      {307, "PUT", "http://b.example/b", "PUT http://b.example/b" + without},
      {307, "PUT", "http://sub.a.example/b", "PUT http://sub.a.example/b" + without},
      {307, "PUT", "https://a.example/b", "PUT https://a.example/b" + without},
      {307, "PUT", "http://a.example:8080/b", "PUT http://a.example:8080/b" + without},
  };
  for (const Row& row : rows) EXPECT_EQ(next_of(row), row.next) << row.location;
}

TEST(Redirection, RejectsLocationsThatAreNotHttp) {
  for (const char* location :
       {"ftp://a.example/b", "javascript:alert(1)", "file:///etc/passwd", "http://", "b c", "h\xc3\xa9"}) {
    EXPECT_THROW(next_of({302, "GET", location, ""}), std::invalid_argument) << location;
  }
}

TEST(ClientUrl, TakesAnHttpUrlApart) {
  const ClientUrl plain = ClientUrl::parse("http://Host:8080/p/q?x=1#part");
  EXPECT_EQ(plain.host, "Host");
  EXPECT_EQ(plain.authority, "Host:8080");
  EXPECT_EQ(plain.port, 8080);
  EXPECT_EQ(plain.target, "/p/q?x=1");
  EXPECT_EQ(plain.origin(), "http://host:8080");
  const ClientUrl secure = ClientUrl::parse("https://[::1]");
  EXPECT_EQ(secure.host, "::1");
  EXPECT_EQ(secure.authority, "[::1]");
  EXPECT_EQ(secure.target, "/");
  EXPECT_EQ(secure.origin(), "https://::1:443");
  EXPECT_EQ(ClientUrl::parse("http://a?x=1").target, "/?x=1");
}

}  // namespace
}  // namespace tern::rest

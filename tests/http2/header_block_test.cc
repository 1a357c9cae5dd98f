// Which header blocks are well-formed (RFC 9113 §8.2, §8.3), and how blocks that come again are recognised.
#include <gtest/gtest.h>

#include <vector>

#include "http2/field_rules.h"
#include "http2/header_memo.h"

namespace tern::http2 {
namespace {

using Fields = std::vector<HeaderBlock::Field>;

std::string problem(const Fields& fields, BlockKind kind = BlockKind::kRequest) {
  HeaderBlock block;
  for (const auto& field : fields) block.add(field);
  check_fields(block, kind);
  return block.problem == nullptr ? "" : block.problem;
}

Fields request(const Fields& more = {}) {
  Fields fields{{":method", "POST"}, {":scheme", "http"}, {":path", "/a.B/C"}, {":authority", "host"}};
  fields.insert(fields.end(), more.begin(), more.end());
  return fields;
}

TEST(FieldRules, UsualBlocksAreWellFormed) {
  EXPECT_EQ(problem(request({{"te", "trailers"}, {"content-type", "application/grpc"}, {"a-bin", "AA=="}, {"x", ""}})),
            "");
  EXPECT_EQ(problem({{":status", "200"}, {"a", "caf\xc3\xa9"}, {"b", "a\tb"}}, BlockKind::kResponse), "");
  EXPECT_EQ(problem({{"grpc-status", "0"}}, BlockKind::kTrailers), "");
  EXPECT_EQ(problem({{":method", "CONNECT"}, {":authority", "host:1"}}), "");
  EXPECT_EQ(problem({{":method", "OPTIONS"}, {":scheme", "http"}, {":path", "*"}}), "");
}

TEST(FieldRules, NamesOfFields) {
  for (const char* name : {"Upper", "", "a b", "a\x01", "a\x7f", "caf\xc3\xa9", "a:b", "a\r\n"}) {
    EXPECT_NE(problem(request({{name, "v"}})), "") << name;
  }
}

TEST(FieldRules, ValuesOfFields) {
  for (const char* value : {" a", "a ", "\ta", "a\t", "a\rb", "a\nb", "a\x01", "a\x7f"}) {
    EXPECT_NE(problem(request({{"name", value}})), "") << value;
  }
  EXPECT_NE(problem(request({{"name", std::string_view{"a\0b", 3}}})), "");
}

TEST(FieldRules, FieldsOfHttp1) {
  for (const char* name : {"connection", "keep-alive", "proxy-connection", "transfer-encoding", "upgrade"}) {
    EXPECT_NE(problem(request({{name, "x"}})), "") << name;
    EXPECT_NE(problem({{":status", "200"}, {name, "x"}}, BlockKind::kResponse), "") << name;
  }
  EXPECT_NE(problem(request({{"te", "gzip"}})), "");
}

TEST(FieldRules, PseudoHeaderFields) {
  EXPECT_NE(problem({{":scheme", "http"}, {":path", "/"}}), "");
  EXPECT_NE(problem({{":method", "GET"}, {":path", "/"}}), "");
  EXPECT_NE(problem({{":method", "GET"}, {":scheme", "http"}}), "");
  EXPECT_NE(problem({{":method", "GET"}, {":scheme", "http"}, {":path", ""}}), "");
  EXPECT_NE(problem({{":method", "GET"}, {":scheme", "http"}, {":path", "a"}}), "");
  EXPECT_NE(problem({{":method", "GET"}, {":scheme", "http"}, {":path", "*"}}), "");
  EXPECT_NE(problem({{":method", "CONNECT"}, {":scheme", "http"}, {":authority", "host"}}), "");
  EXPECT_NE(problem(request({{":path", "/twice"}})), "");
  EXPECT_NE(problem(request({{":status", "200"}})), "");
  EXPECT_NE(problem(request({{":protocol", "websocket"}})), "");
  EXPECT_NE(problem({{":method", "GET"}, {"a", "b"}, {":scheme", "http"}, {":path", "/"}}), "");
  EXPECT_NE(problem({{":method", "GET"}, {":scheme", "http"}, {":path", "/"}, {":authority", "me@host"}}), "");
  EXPECT_NE(problem({{":method", "POST"}}, BlockKind::kResponse), "");
  for (const char* status : {"", "20", "2000", "2x0", "101"}) {
    EXPECT_NE(problem({{":status", status}}, BlockKind::kResponse), "") << status;
  }
  EXPECT_NE(problem({{"a", "b"}}, BlockKind::kResponse), "");
  EXPECT_NE(problem({{":status", "200"}}, BlockKind::kTrailers), "");
}

// RFC 9113 §8.3.1: a host field says what ":authority" says, compared as RFC 3986 §6.2 asks.
TEST(FieldRules, HostAndAuthorityNameTheSameServer) {
  struct Case {
    const char* scheme;
    const char* authority;
    const char* host;
    bool same;
  };
  for (const Case& each : {
           Case{"http", "example.com", "example.com", true},
           {"http", "Example.COM", "example.com", true},
           {"http", "example.com", "example.com:80", true},
           {"http", "example.com:80", "example.com", true},
           {"http", "example.com:", "example.com", true},
           {"https", "example.com", "example.com:443", true},
           {"https", "[2001:DB8::1]:443", "[2001:db8::1]", true},
           {"http", "[2001:db8::1]", "[2001:db8::1]", true},
           {"http", "example.com", "example.com:443", false},
           {"https", "example.com", "example.com:80", false},
           {"http", "example.com:8080", "example.com", false},
           {"http", "example.com:8080", "example.com:8081", false},
           {"http", "[2001:db8::1]", "[2001:db8::2]", false},
           {"http", "example.com", "evil.com", false},
           {"http", "example.com", "example.com.evil.com", false},
           {"http", "example.com", "example.co", false},
       }) {
    const std::string found = problem({{":method", "GET"},
                                       {":scheme", each.scheme},
                                       {":path", "/"},
                                       {":authority", each.authority},
                                       {"host", each.host}});
    EXPECT_EQ(found.empty(), each.same) << each.scheme << " " << each.authority << " " << each.host << ": " << found;
  }
  EXPECT_NE(problem(request({{"host", "host"}, {"host", "host"}})), "");
}

TEST(FieldRules, ContentLength) {
  HeaderBlock block;
  for (const auto& field : request({{"content-length", "42"}})) block.add(field);
  check_fields(block, BlockKind::kRequest);
  EXPECT_EQ(block.content_length, 42);
  for (const char* length : {"", "-1", "+1", "1x", "99999999999999999999"}) {
    EXPECT_NE(problem(request({{"content-length", length}})), "") << length;
  }
  EXPECT_NE(problem(request({{"content-length", "1"}, {"content-length", "1"}})), "");
}

HeaderBlockRef take(HeaderMemo& memo, const Fields& fields) {
  memo.begin();
  for (const auto& field : fields) memo.add(field);
  return memo.end();
}

TEST(HeaderMemo, HandsOutTheSameBlockAgain) {
  HeaderMemo memo{BlockKind::kRequest, "t"};
  const HeaderBlockRef first = take(memo, request({{"a", "1"}}));
  EXPECT_EQ(take(memo, request({{"a", "1"}})), first);
  const HeaderBlockRef other = take(memo, request({{"a", "2"}}));
  EXPECT_NE(other, first);
  EXPECT_EQ(take(memo, request({{"t", "x"}, {"a", "1"}})), first);
  EXPECT_EQ(memo.aside(), "x");
  EXPECT_EQ(take(memo, request({{"a", "2"}})), other);
  EXPECT_EQ(memo.aside(), "");
}

TEST(HeaderMemo, TellsAPrefixFromTheWhole) {
  HeaderMemo memo{BlockKind::kRequest, {}};
  const HeaderBlockRef whole = take(memo, request({{"a", "1"}, {"b", "2"}}));
  const HeaderBlockRef prefix = take(memo, request({{"a", "1"}}));
  EXPECT_NE(prefix, whole);
  EXPECT_EQ(prefix->size(), 5U);
  EXPECT_EQ(take(memo, request({{"a", "1"}, {"b", "2"}})), whole);
  EXPECT_EQ(take(memo, request({{"a", "1"}})), prefix);
  const HeaderBlockRef longer = take(memo, request({{"a", "1"}, {"b", "2"}, {"c", "3"}}));
  EXPECT_EQ(longer->size(), 7U);
}

TEST(HeaderMemo, FieldsSplitElsewhereAreNotTheSame) {
  HeaderMemo memo{BlockKind::kTrailers, {}};
  const HeaderBlockRef first = take(memo, {{"ab", "c"}});
  EXPECT_NE(take(memo, {{"a", "bc"}}), first);
}

TEST(HeaderMemo, ManyBlocksAndLongOnesStayRight) {
  HeaderMemo memo{BlockKind::kTrailers, {}};
  for (int round = 0; round < 3; ++round) {
    for (int i = 0; i < 20; ++i) {
      const std::string value = std::to_string(i);
      const HeaderBlockRef block =
          take(memo, {{"a", value}, {"b", std::string(static_cast<std::size_t>(i) * 100, 'x')}});
      EXPECT_EQ(block->get("a"), value);
      EXPECT_EQ(block->get("b")->size(), static_cast<std::size_t>(i) * 100);
    }
  }
}

TEST(HeaderMemo, AMalformedBlockIsNotRemembered) {
  HeaderMemo memo{BlockKind::kTrailers, {}};
  EXPECT_NE(take(memo, {{"A", "1"}})->problem, nullptr);
  EXPECT_NE(take(memo, {{"A", "1"}})->problem, nullptr);
  EXPECT_EQ(take(memo, {{"a", "1"}})->problem, nullptr);
}

}  // namespace
}  // namespace tern::http2

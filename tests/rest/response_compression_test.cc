// Responses that the site compresses of its own accord, and responses that it leaves alone.
#include "rest/response_compression.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "rest/content_coding.h"
#include "rest/curl.h"
#include "rest/gzip.h"
#include "rest/with_notes.h"
#include "tern/rest/client.h"
#include "tern/rest/content.h"
#include "tern/rest/server_events.h"

namespace tern::rest {
namespace {

using namespace std::chrono_literals;
using test::Ask;
using test::FieldList;
using test::Reply;
using test::Served;
using test::text_of_length;

TEST(ResponseCompression, IsForClientsThatPreferGzipToPlainBytes) {
  const struct {
    const char* accepted;
    bool gzip;
  } rows[] = {{"gzip", true},
              {"GZip", true},
              {"x-gzip", true},
              {"br, gzip;q=0.5", true},
              {"deflate, gzip;q=1.0, *;q=0.5", true},
              {"*", true},
              {"br;q=1.0, *;q=0.1", true},
              {"identity, gzip", true},
              {"identity;q=0, gzip", true},
              {"gzip ; q=0.001", true},
              {"gzip;q=0", false},
              {"gzip;q=0.000", false},
              {"gzip;q=x", false},
              {"*;q=0", false},
              {"gzip;q=0, *", false},
              {"identity;q=1, *;q=0", false},
              {"identity, gzip;q=0.5", false},
              {"identity;q=0.5, gzip;q=0.4", false},
              {"deflate, br", false},
              {"gzipped", false},
              {"", false}};
  for (const auto& row : rows) EXPECT_EQ(accepts_gzip(row.accepted), row.gzip) << row.accepted;
}

TEST(ResponseCompression, IsForTypesThatItMakesShorter) {
  for (const char* type : {"text/html; charset=utf-8", "Text/Plain", "text/event-stream", "application/json",
                           "application/json;charset=utf-8", "application/problem+json", "application/atom+xml",
                           "application/x-ndjson", "image/svg+xml", "application/javascript"}) {
    EXPECT_TRUE(is_compressible(type)) << type;
  }
  for (const char* type : {"", "image/png", "image/x-icon", "application/zip", "application/octet-stream", "font/woff2",
                           "application/grpc-web+json", "application/grpc-web-text", "application/connect+json",
                           "multipart/byteranges; boundary=text/plain"}) {
    EXPECT_FALSE(is_compressible(type)) << type;
  }
}

const std::string kLong = text_of_length(20'000);

Response text(std::string body) { return Response{200, "text/plain", std::move(body)}; }

Task<Response> answer_long(Request& /*request*/) { co_return text(kLong); }
Task<Response> answer_very_long(Request& /*request*/) { co_return text(text_of_length(1'500'000)); }
Task<Response> answer_short(Request& /*request*/) { co_return text(kLong.substr(0, 1023)); }
Task<Response> answer_failure(Request& /*request*/) { co_return Response::error(404, std::string(5000, 'x')); }
Task<Response> answer_content(Request& request) {
  Content content{"text/plain", kLong};
  content.tag = "v7";
  co_return serve_content(request, std::move(content));
}
/// With the field that the request's own field "add" holds.
Task<Response> answer_with_field(Request& request) {
  Response response = text(kLong);
  const std::string field{request.fields.get("add").value_or(std::string_view{})};
  const std::size_t colon = field.find(':');
  response.fields.set(field.substr(0, colon), field.substr(colon + 1));
  co_return response;
}
AsyncGenerator<std::string> halves() {
  std::string half = kLong.substr(0, 10'000);
  co_yield std::move(half);
  std::string nothing;
  co_yield std::move(nothing);
  std::string other = kLong.substr(10'000);
  co_yield std::move(other);
}
Task<Response> answer_in_pieces(Request& /*request*/) { co_return Response::stream("text/plain", halves()); }
Task<Response> answer_in_counted_pieces(Request& /*request*/) {
  Response response = Response::stream("text/plain", halves());
  response.length = kLong.size();
  co_return response;
}

Served with_texts() {
  Served served;
  served.set_up = [](Site& site) {
    site.route("GET", "/long", answer_long);
    site.route("GET", "/very-long", answer_very_long);
    site.route("GET", "/short", answer_short);
    site.route("GET", "/failure", answer_failure);
    site.route("GET", "/content", answer_content);
    site.route("GET", "/field", answer_with_field);
    site.route("GET", "/pieces", answer_in_pieces);
    site.route("GET", "/counted", answer_in_counted_pieces);
  };
  return served;
}

/// Runs `body(ask)` over each version of HTTP; `ask(target, fields, method)` sends Accept-Encoding: gzip too.
template <class Body>
void ask_with_gzip(Body body, Served served = with_texts()) {
  test::with_notes(std::move(served), [body](std::uint16_t port) -> Task<void> {
    for (const test::Version version : test::kBothVersions) {
      const auto ask = [version, port](const char* target, FieldList fields = {},
                                       const char* method = "GET") -> Task<Reply> {
        fields.emplace_back("accept-encoding", "gzip, deflate, br");
        test::AnyClient client{version, port};
        const Ask request{.method = method, .target = target, .fields = std::move(fields)};
        co_return co_await client.ask(request);
      };
      co_await body(ask);
    }
  });
}

TEST(ResponseCompression, MakesRoutesBodiesShorter) {
  ask_with_gzip([](const auto& ask) -> Task<void> {
    for (const char* target : {"/long", "/pieces", "/counted", "/content"}) {
      const Reply reply = co_await ask(target);
      EXPECT_EQ(reply.status, 200U) << target;
      EXPECT_EQ(reply.get("content-encoding"), "gzip") << target;
      EXPECT_EQ(reply.get("vary"), "accept-encoding") << target;
      EXPECT_EQ(reply.get("accept-ranges"), "") << target;
      EXPECT_LT(reply.body.size(), kLong.size() / 2) << target;
      EXPECT_EQ(test::gunzipped(reply.body), kLong) << target;
    }
    const Reply failure = co_await ask("/failure");
    EXPECT_EQ(failure.status, 404U);
    EXPECT_EQ(failure.get("content-encoding"), "gzip");
  });
}

TEST(ResponseCompression, AnswersHeadAsGet) {
  ask_with_gzip([](const auto& ask) -> Task<void> {
    for (const char* target : {"/long", "/pieces", "/counted", "/content", "/short"}) {
      const Reply get = co_await ask(target);
      const Reply head = co_await ask(target, FieldList{}, "HEAD");
      for (const char* field : {"content-encoding", "content-length", "content-type", "etag", "vary"}) {
        EXPECT_EQ(head.get(field), get.get(field)) << target << field;
      }
    }
  });
}

TEST(ResponseCompression, MakesTheTagWeak) {
  ask_with_gzip([](const auto& ask) -> Task<void> {
    const Reply whole = co_await ask("/content");
    EXPECT_EQ(whole.get("etag"), "W/\"v7\"");
    const FieldList have_it{{"if-none-match", whole.get("etag")}};
    const Reply same = co_await ask("/content", have_it);
    EXPECT_EQ(same.status, 304U);
    EXPECT_EQ(same.get("etag"), "W/\"v7\"");
    EXPECT_EQ(same.get("vary"), "accept-encoding");
    // The client cannot add plain bytes to the compressed ones that it has.
    const FieldList go_on{{"range", "bytes=100-199"}, {"if-range", whole.get("etag")}};
    const Reply again = co_await ask("/content", go_on);
    EXPECT_EQ(again.status, 200U);
    EXPECT_EQ(test::gunzipped(again.body), kLong);
    const FieldList range{{"range", "bytes=100-199"}};
    const Reply part = co_await ask("/content", range);
    EXPECT_EQ(part.status, 206U);
    EXPECT_EQ(part.body, kLong.substr(100, 100));
    EXPECT_EQ(part.get("etag"), "\"v7\"");
  });
}

TEST(ResponseCompression, LeavesSomeResponsesAlone) {
  ask_with_gzip([](const auto& ask) -> Task<void> {
    const Reply small = co_await ask("/short");
    EXPECT_EQ(small.get("content-encoding"), "");
    EXPECT_EQ(small.get("vary"), "");
    for (const char* field :
         {"content-encoding:br", "cache-control:public, No-Transform", "content-type:image/png", "content-type:x"}) {
      const FieldList add{{"add", field}};
      const Reply reply = co_await ask("/field", add);
      EXPECT_EQ(reply.body, kLong) << field;
      EXPECT_NE(reply.get("content-encoding"), "gzip") << field;
    }
    for (const char* field : {"vary:Accept-Encoding", "vary:*"}) {
      const FieldList add{{"add", field}};
      const Reply reply = co_await ask("/field", add);
      EXPECT_EQ(reply.get("vary"), std::string_view{field}.substr(5));
      EXPECT_EQ(reply.get("content-encoding"), "gzip");
    }
  });
}

TEST(ResponseCompression, IsOffWhereTheSiteSaysSo) {
  Served served = with_texts();
  served.site.compress_responses = false;
  ask_with_gzip(
      [](const auto& ask) -> Task<void> {
        for (const char* target : {"/long", "/pieces", "/counted", "/content"}) {
          const Reply reply = co_await ask(target);
          EXPECT_EQ(reply.body, kLong) << target;
          EXPECT_EQ(reply.get("content-encoding"), "") << target;
          EXPECT_EQ(reply.get("vary"), "") << target;
        }
      },
      served);
}

// A note's answer holds what it was asked.
TEST(ResponseCompression, MakesJsonShorter) {
  ask_with_gzip([](const auto& ask) -> Task<void> {
    const std::string path = "/v1/notes/" + std::string(5000, 'a');
    const Reply reply = co_await ask(path.c_str());
    EXPECT_EQ(reply.get("content-encoding"), "gzip");
    EXPECT_EQ(reply.get("vary"), "accept-encoding");
    EXPECT_EQ(test::gunzipped(reply.body), R"({"text":")" + std::string(5000, 'a') + R"("})");
    const std::string by_service = "/v1/notes/compress" + std::string(5000, 'a');
    const Reply other = co_await ask(by_service.c_str());
    EXPECT_EQ(other.get("content-encoding"), "gzip");
    EXPECT_EQ(other.get("vary"), "accept-encoding");
  });
}

/// Yields a number whenever `go_on` is set; ends after the third.
AsyncGenerator<ServerEvent> numbers_on_demand(Event& go_on) {
  for (int i = 0; i < 3; ++i) {
    co_await go_on.wait();
    go_on.clear();
    co_yield ServerEvent{std::to_string(i)};
  }
}

// Each event is made after the client has read the one before.
TEST(ResponseCompression, LetsEachEventLeaveAtOnce) {
  const auto run = []() -> Task<void> {
    Event go_on;
    Site site;
    site.route("GET", "/events",
               [&go_on](Request& /*request*/) -> Task<Response> { co_return server_events(numbers_on_demand(go_on)); });
    Server server;
    const std::string url = "http://127.0.0.1:" + std::to_string(server.listen("127.0.0.1:0", {.http = &site}));
    Client client{{.decompress = false}};
    ClientRequest request{"GET", url + "/events"};
    request.fields.add("accept-encoding", "gzip");
    ClientStream stream = co_await client.open(std::move(request));
    EXPECT_EQ(stream.fields.get("content-encoding"), "gzip");
    const auto inflater = BodyInflater::make("gzip");
    for (int i = 0; i < 3; ++i) {
      go_on.set();
      const std::string expected = "data: " + std::to_string(i) + "\n\n";
      std::string event;
      while (event.size() < expected.size()) {
        const std::optional<std::string> piece = co_await stream.read();
        EXPECT_TRUE(piece);
        if (!piece) break;
        inflater->feed(*piece);
        while (const std::optional<std::string> plain = inflater->next()) event += *plain;
      }
      EXPECT_EQ(event, expected);
    }
    while (const std::optional<std::string> piece = co_await stream.read()) {
      inflater->feed(*piece);
      EXPECT_FALSE(inflater->next());
    }
    EXPECT_TRUE(inflater->complete());
    co_await server.stop();
  };
  block_on(run());
}

/// 16 MiB that gzip makes very short; `most` becomes the most bytes that one turn of the loop has made.
AsyncGenerator<std::string> repetitive(std::size_t& most) {
  std::size_t in_turn = 0;
  std::uint32_t turn = 0;
  for (int i = 0; i < 64; ++i) {
    const std::uint32_t now = Loop::current()->turn();
    in_turn = now == turn ? in_turn + 1 : 1;
    turn = now;
    most = std::max(most, in_turn << 18U);
    std::string piece(std::size_t{1} << 18U, 'x');
    co_yield std::move(piece);
  }
}

TEST(ResponseCompression, LeavesTheLoopItsTurns) {
  const auto run = []() -> Task<void> {
    std::size_t most = 0;
    Site site;
    site.route("GET", "/repetitive", [&most](Request& /*request*/) -> Task<Response> {
      co_return Response::stream("text/plain", repetitive(most));
    });
    Server server;
    const std::string url = "http://127.0.0.1:" + std::to_string(server.listen("127.0.0.1:0", {.http = &site}));
    Client client;
    const ClientResponse response = co_await client.get(url + "/repetitive");
    EXPECT_EQ(response.body.size(), std::size_t{16} << 20U);
    EXPECT_LE(most, std::size_t{1} << 20U);
    co_await server.stop();
  };
  block_on(run());
}

TEST(ResponseCompression, IsReadByCurl) {
  if (!test::has_curl()) GTEST_SKIP() << "curl is not installed";
  test::with_notes(with_texts(), [](std::uint16_t port) -> Task<void> {
    for (const test::Version version : test::kBothVersions) {
      for (const char* target : {"/long", "/pieces", "/very-long"}) {
        const std::string url = "http://127.0.0.1:" + std::to_string(port) + target;
        const std::string body =
            co_await test::curl("--compressed " + std::string{test::curl_option(version)} + " " + url);
        EXPECT_TRUE(body == (target == std::string_view{"/very-long"} ? text_of_length(1'500'000) : kLong)) << target;
      }
    }
  });
}

}  // namespace
}  // namespace tern::rest

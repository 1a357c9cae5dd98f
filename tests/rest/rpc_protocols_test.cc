// Connect and gRPC-Web, byte by byte: what clients that follow the protocols do not send, too. That real ones
// understand what is answered, tests/interop shows.
#include <gtest/gtest.h>

#include <string>

#include "rest/http_client.h"
#include "support/probe_service.h"

namespace tern::rest {
namespace {

using namespace std::string_literals;
using test::Answer;
using test::Http1Client;

constexpr const char* kUnary = "/tern.test.v1.Probe/Unary";
constexpr const char* kDownload = "/tern.test.v1.Probe/Download";
constexpr const char* kUpload = "/tern.test.v1.Probe/Upload";

template <class Body>
void with_probe(Body body) {
  static tern::test::ProbeService service;
  SiteOptions options;
  options.max_body_length = 1000;
  test::with_site(
      [](Site& site, Server& server) {
        server.add_service(service);
        site.add_services(server);
      },
      body, options);
}

std::string envelope(char flags, const std::string& content, std::size_t says) {
  std::string whole(1, flags);
  for (int shift = 24; shift >= 0; shift -= 8) whole += static_cast<char>(says >> shift);
  return whole + content;
}
std::string envelope(char flags, const std::string& content) { return envelope(flags, content, content.size()); }

struct ProtocolCase {
  const char* path;
  const char* content_type;
  std::string body;
  unsigned status;
  std::string answer;
};

void expect(const std::vector<ProtocolCase>& cases) {
  with_probe([&cases](Http1Client& client) -> Task<void> {
    for (const ProtocolCase& each : cases) {
      const std::string fields = "Content-Type: "s + each.content_type + "\r\n";
      const Answer answer = co_await client.ask("POST", each.path, each.body, fields);
      EXPECT_EQ(answer.result_int(), each.status) << each.content_type << " " << each.answer;
      EXPECT_EQ(answer.body(), each.answer) << each.content_type;
    }
  });
}

TEST(Connect, Unary) {
  expect({
      {kUnary, "application/json", R"({"number":"7"})", 200, R"({"number":"7"})"},
      {kUnary, "application/json; charset=utf-8", R"({"number":"7"})", 200, R"({"number":"7"})"},
      {kUnary, "application/proto", "\x08\x07", 200, "\x10\x07"},
      {kUnary, "application/json", R"({"status":5,"details":"none"})", 404, R"({"code":"not_found","message":"none"})"},
      {kUnary, "application/json", R"({"status":1})", 499, R"({"code":"canceled","message":""})"},
      {kUnary, "application/json", "{", 400,
       R"({"code":"invalid_argument","message":"invalid JSON at byte 1: incomplete JSON"})"},
      {kUnary, "application/proto", "\xff", 500,
       R"({"code":"internal","message":"could not parse 1 bytes as a tern.test.v1.Order"})"},
      {kDownload, "application/json", "{}", 415,
       R"({"code":"unknown","message":"the content type for /tern.test.v1.Probe/Download is one of application/connect+json, application/connect+proto, application/grpc-web, application/grpc-web+json, application/grpc-web+proto, application/grpc-web-text, application/grpc-web-text+json, application/grpc-web-text+proto"})"},
      {"/tern.test.v1.Probe/Nothing", "application/json", "{}", 404,
       R"({"code":5,"message":"nothing is at /tern.test.v1.Probe/Nothing","details":[]})"},
  });
}

TEST(Connect, UnaryGetIsForMethodsWithoutSideEffects) {
  with_probe([](Http1Client& client) -> Task<void> {
    const Answer answer =
        co_await client.ask("GET", "/tern.test.v1.Probe/Unary?connect=v1&encoding=json&message=%7B%7D");
    EXPECT_EQ(answer.result_int(), 405U);
  });
}

TEST(Connect, RefusesCompressionsThatItDoesNotKnow) {
  with_probe([](Http1Client& client) -> Task<void> {
    const Answer answer =
        co_await client.ask("POST", kUnary, "{}", "Content-Type: application/json\r\nContent-Encoding: br\r\n");
    EXPECT_EQ(answer.result_int(), 501U);
    EXPECT_NE(answer.body().find("unimplemented"), std::string::npos);
    const Answer broken =
        co_await client.ask("POST", kUnary, "{}", "Content-Type: application/json\r\nContent-Encoding: gzip\r\n");
    EXPECT_EQ(broken.result_int(), 400U);
  });
}

TEST(Connect, Streams) {
  const std::string end = envelope(2, "{}");
  expect({
      {kDownload, "application/connect+json", envelope(0, R"({"count":2})"), 200,
       envelope(0, "{}") + envelope(0, R"({"number":"1"})") + end},
      {kDownload, "application/connect+json", envelope(0, R"({"count":1,"status":9,"details":"d"})"), 200,
       envelope(0, "{}") + envelope(2, R"({"error":{"code":"failed_precondition","message":"d"}})")},
      {kUpload, "application/connect+json", envelope(0, "{}") + envelope(0, "{}"), 200,
       envelope(0, R"({"number":"2","text":"0"})") + end},
      {"/a.B/C", "application/connect+proto", envelope(0, ""), 200,
       envelope(2, R"({"error":{"code":"unimplemented","message":"unknown service a.B"}})")},
  });
}

TEST(Connect, StreamsThatBreakTheRules) {
  const auto failed = [](const std::string& code, const std::string& message) {
    return envelope(2, R"({"error":{"code":")" + code + R"(","message":")" + message + R"("}})");
  };
  expect({
      {kUpload, "application/connect+proto", envelope(0, "abc", 5), 200,
       failed("invalid_argument", "the body ended inside of a message")},
      {kUpload, "application/connect+proto", "\x01", 200,
       failed("invalid_argument", "the body ended inside of a message")},
      {kUpload, "application/connect+json", envelope(0, "[]"), 200,
       failed("invalid_argument", "the JSON does not fit tern.test.v1.Payload: : Root element must be a message.")},
  });
  with_probe([](Http1Client& client) -> Task<void> {
    // Longer than the site allows, though none of it has come.
    const Answer answer = co_await client.ask("POST", kUpload, envelope(0, "", 0xffffffff),
                                              "Content-Type: application/connect+proto\r\n");
    EXPECT_NE(answer.body().find("resource_exhausted"), std::string::npos) << answer.body();
  });
}

TEST(GrpcWeb, BinaryAndText) {
  const std::string trailers = envelope(static_cast<char>(0x80), "grpc-status: 0\r\n");
  expect({
      {kUnary, "application/grpc-web+proto", envelope(0, "\x08\x07"), 200, envelope(0, "\x10\x07") + trailers},
      {kUnary, "application/grpc-web", envelope(0, "\x08\x07"), 200, envelope(0, "\x10\x07") + trailers},
      {kUnary, "application/grpc-web+json", envelope(0, R"({"number":"7"})"), 200,
       envelope(0, R"({"number":"7"})") + trailers},
      // In pieces that are padded each by itself.
      {kUnary, "application/grpc-web-text", "AAAAAAI=CAc=", 200, "AAAAAAIQBw==gAAAABBncnBjLXN0YXR1czogMA0K"},
      {kUnary, "application/grpc-web-text", "!!!!", 200,
       "gAAAADZncnBjLXN0YXR1czogMw0KZ3JwYy1tZXNzYWdlOiB0aGUgYm9keSBpcyBub3QgYmFzZTY0DQo="},
      {"/tern.test.v1.Probe/Nothing", "application/grpc-web", envelope(0, ""), 200,
       envelope(static_cast<char>(0x80),
                "grpc-status: 12\r\ngrpc-message: service tern.test.v1.Probe has no method Nothing\r\n")},
  });
}

}  // namespace
}  // namespace tern::rest

// Connect, as its specification says (connectrpc.com/docs/protocol), by requests that clients of other makers send and
// some that they should not: each over HTTP/1.1 and HTTP/2.
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "rest/envelope.h"
#include "rest/with_notes.h"
#include "rpc/base64.h"
#include "rpc/compression.h"
#include "rpc/message_reader.h"

namespace tern::rest {
namespace {

using namespace std::string_literals;
using test::Ask;
using test::Case;
using test::expect_in_both_versions;
using test::FieldList;
using test::Note;
using test::Reply;
using test::Version;

constexpr const char* kLook = "/tern.test.web.v1.Notes/Look";
constexpr const char* kWrite = "/tern.test.web.v1.Notes/Write";
constexpr const char* kWatch = "/tern.test.web.v1.Notes/Watch";
constexpr const char* kGather = "/tern.test.web.v1.Notes/Gather";

const std::string kUnaryTypes =
    "application/json, application/proto, application/grpc-web, application/grpc-web+json, application/grpc-web+proto, "
    "application/grpc-web-text, application/grpc-web-text+json, application/grpc-web-text+proto";

Ask post(const char* path, const std::string& type, const std::string& body, FieldList more = {}) {
  if (!type.empty()) more.emplace_back("content-type", type);
  return {.method = "POST", .target = path, .fields = std::move(more), .body = body};
}
Ask get(const std::string& query, FieldList fields = {}) {
  return {.method = "GET", .target = kLook + ("?" + query), .fields = std::move(fields)};
}

std::string wrapped(std::uint8_t flags, const std::string& content) {
  return std::string{envelope(flags, content).text()};
}
std::string compressed(const std::string& content, Compression coding = Compression::kGzip) {
  const Buffer whole = rpc::compress_message(envelope(0, content), coding);
  EXPECT_EQ(whole.data()[0], kCompressedEnvelope) << "it became no shorter";
  return std::string{whole.text().substr(rpc::kPrefixBytes)};
}
std::string inflated(const std::string& content) {
  const Result<Buffer> whole =
      rpc::inflate_message(Buffer::copy_of(std::string_view{content}), Compression::kGzip, 1 << 20);
  return whole.ok() ? std::string{whole->text()} : whole.status().details();
}
const std::string kLongText = "compress " + std::string(1000, 'x');
const std::string kLongJson = R"({"text":")" + kLongText + "\"}";

TEST(Connect, ContentTypesInAnyCaseAndWithParameters) {
  const std::string json = R"({"text":"a"})";
  std::vector<Case> cases;
  for (const char* type : {"application/json", "Application/JSON", "application/json;charset=utf-8",
                           "application/json; charset=\"UTF-8\"", "application/json ; Charset=utf-8; a=b"}) {
    cases.push_back({type, post(kLook, type, json), 200, json, {"content-type", "application/json"}});
  }
  cases.push_back({"proto",
                   post(kLook, "application/Proto; a=b", "\x0a\x01z"),
                   200,
                   "\x0a\x01z",
                   {"content-type", "application/proto"}});
  cases.push_back({"stream",
                   post(kWatch, "application/Connect+JSON; charset=UTF-8", wrapped(0, json)),
                   200,
                   wrapped(0, json) + wrapped(2, "{}"),
                   {"content-type", "application/connect+json"}});
  cases.push_back({"web",
                   post(kLook, "Application/gRPC-Web+Proto", wrapped(0, "\x0a\x01z")),
                   200,
                   "grpc-status: 0",
                   {"content-type", "application/grpc-web+proto"}});
  expect_in_both_versions(cases);
}

// A body in JSON would be read as Connect's error, whoever asks.
TEST(Connect, UnsupportedContentTypesAre415WithAcceptPost) {
  std::vector<Case> cases;
  const std::string text = "the content type for /tern.test.web.v1.Notes/Look is one of application/json";
  const std::string json = R"({"code":"unknown","message":")" + text;
  for (const char* type : {"", "image/jpeg", "text/plain", "application/x-www-form-urlencoded", "application/foo",
                           "application/jsonp", "application/grpc-web+thrift", "multipart/form-data; boundary=x"}) {
    cases.push_back({type, post(kLook, type, "{}"), 415, text, {"accept-post", kUnaryTypes}});
    cases.push_back({type + " as text"s, post(kLook, type, "{}"), 415, "", {"content-type", "text/plain"}});
    cases.push_back({type + " by a Connect client"s,
                     post(kLook, type, "{}", {{"connect-protocol-version", "1"}}),
                     415,
                     json,
                     {"accept-post", kUnaryTypes}});
  }
  for (const char* type : {"application/json; charset=iso-8859-1", "application/connect+json"}) {
    cases.push_back({type, post(kLook, type, "{}"), 415, json, {"content-type", "application/json"}});
  }
  for (const char* type : {"application/json", "application/proto", "application/connect+thrift"}) {
    cases.push_back({"stream "s + type, post(kWatch, type, "{}"), 415, R"({"code":"unknown")"});
  }
  expect_in_both_versions(cases);
}

TEST(Connect, OtherVerbsAre405WithAllow) {
  std::vector<Case> cases;
  for (const char* verb : {"PUT", "DELETE", "PATCH", "OPTIONS"}) {
    const Ask plain{.method = verb, .target = kLook};
    const Ask connect{.method = verb, .target = kLook, .fields = {{"content-type", "application/proto"}}};
    cases.push_back({verb, plain, 405, "is called by GET, HEAD, POST, not by ", {"allow", "GET, HEAD, POST"}});
    cases.push_back(
        {verb + " by a Connect client"s, connect, 405, R"({"code":"unknown")", {"allow", "GET, HEAD, POST"}});
  }
  for (const char* path : {kWrite, kWatch}) {
    cases.push_back({"GET", {.method = "GET", .target = path}, 405, R"({"code":"unknown")", {"allow", "POST"}});
  }
  expect_in_both_versions(cases);
}

TEST(Connect, VersionsOtherThan1AreInvalid) {
  expect_in_both_versions({
      {"none", post(kLook, "application/json", "{}"), 200, "{}"},
      {"1", post(kLook, "application/json", "{}", {{"connect-protocol-version", "1"}}), 200, "{}"},
      {"2", post(kLook, "application/json", "{}", {{"connect-protocol-version", "2"}}), 400,
       R"("code":"invalid_argument")"},
      {"stream", post(kWatch, "application/connect+json", wrapped(0, "{}"), {{"connect-protocol-version", "v1"}}), 200,
       R"({"error":{"code":"invalid_argument")"},
  });
}

TEST(Connect, TimeoutsAreNumbersOfAtMostTenDigits) {
  std::vector<Case> cases;
  for (const char* timeout : {"1000", "9999999999"}) {
    cases.push_back({timeout, post(kLook, "application/json", "{}", {{"connect-timeout-ms", timeout}}), 200, "{}"});
  }
  for (const char* timeout : {"-1", "+1", "1.5", "soon", "10000000000", "1s", "0x10"}) {
    cases.push_back({timeout, post(kLook, "application/json", "{}", {{"connect-timeout-ms", timeout}}), 400,
                     R"("code":"invalid_argument")"});
    cases.push_back({timeout + " on a stream"s,
                     post(kWatch, "application/connect+json", wrapped(0, "{}"), {{"connect-timeout-ms", timeout}}), 200,
                     R"({"error":{"code":"invalid_argument")"});
  }
  cases.push_back({"0", post(kLook, "application/json", "{}", {{"connect-timeout-ms", "0"}}), 504,
                   R"("code":"deadline_exceeded")"});
  expect_in_both_versions(cases);
}

TEST(Connect, GetsHaveTheirMessageInTheQuery) {
  const std::string json = R"({"text":"a+b c"})";
  const std::string percent = "%7B%22text%22%3A%22a%2Bb+c%22%7D";
  const std::string base64 = rpc::encode_base64("\x0a\x02\xc3\xbf");
  expect_in_both_versions({
      {"without a version", get("encoding=json&message=" + percent), 200, json, {"content-type", "application/json"}},
      {"version 1", get("connect=v1&encoding=json&message=" + percent), 200, json},
      {"version 2", get("connect=v2&encoding=json&message=%7B%7D"), 400, R"({"code":"invalid_argument")"},
      {"a version like 1", get("connect=v11&encoding=json&message=%7B%7D"), 400, R"({"code":"invalid_argument")"},
      {"any order, and others", get("x=1&message=" + percent + "&encoding=JSON&base64=0"), 200, json},
      {"the first of two", get("encoding=json&message=" + percent + "&message=%7B%7D"), 200, json},
      {"base64",
       get("encoding=proto&base64=1&message=" + base64),
       200,
       "\x0a\x02\xc3\xbf",
       {"content-type", "application/proto"}},
      {"base64 for URLs", get("encoding=json&base64=1&message=eyJ0ZXh0Ijoiw78ifQ"), 200, R"({"text":"ÿ"})"},
      {"padded", get("encoding=json&base64=1&message=eyJ0ZXh0Ijoiw78ifQ%3D%3D"), 200, R"({"text":"ÿ"})"},
      {"not base64", get("encoding=json&base64=1&message=%21%21"), 400, R"({"code":"invalid_argument")"},
      {"no message", get("encoding=json"), 400, R"(the query has no \"message\")"},
      {"an empty message", get("encoding=proto&message="), 200, ""},
      {"no encoding", get("message=%7B%7D"), 415, R"({"code":"unknown")", {"accept-post", kUnaryTypes}},
      {"another encoding", get("connect=v1&encoding=thrift&message="), 415, R"({"code":"unknown")"},
      {"half of a letter", get("encoding=json&message=%7"), 400, R"({"code":"invalid_argument")"},
      {"not JSON", get("encoding=json&message=%5B%5D"), 400, R"({"code":"invalid_argument")"},
      {"an error", get("encoding=json&message=%7B%22text%22%3A%22fail%22%7D"), 400, R"({"code":"failed_precondition")"},
      {"HEAD",
       {.method = "HEAD", .target = kLook + "?encoding=json&message=%7B%7D"s},
       200,
       "",
       {"content-length", "2"}},
  });
}

TEST(Connect, GetsMayBeCompressed) {
  const std::string url_safe = [] {
    std::string text = rpc::encode_base64(compressed(kLongJson));
    std::ranges::replace(text, '+', '-');
    std::ranges::replace(text, '/', '_');
    return text;
  }();
  expect_in_both_versions({
      {"gzip", get("encoding=json&base64=1&compression=GZIP&message=" + url_safe), 200, kLongText},
      {"identity", get("encoding=json&compression=identity&message=%7B%7D"), 200, "{}"},
      {"an empty message", get("encoding=json&compression=gzip&message="), 200, "{}"},
      {"not gzip", get("encoding=json&compression=gzip&message=%7B%7D"), 400, R"({"code":"invalid_argument")"},
      {"unknown",
       get("encoding=json&compression=br&message=%7B%7D"),
       501,
       R"(compression \"br\" is not supported; supported are identity, deflate, gzip)",
       {"accept-encoding", "identity, deflate, gzip"}},
  });
}

// Answered as it is: the service compresses only what begins with "compress".
const std::string kPlainJson = R"({"text":"plain )" + std::string(1000, 'x') + "\"}";

TEST(Connect, CompressedRequestsAreInflated) {
  expect_in_both_versions({
      {"gzip", post(kLook, "application/json", compressed(kPlainJson), {{"content-encoding", "gzip"}}), 200,
       "plain xxx"},
      {"in capitals", post(kLook, "application/json", compressed(kPlainJson), {{"content-encoding", "GZip"}}), 200, ""},
      {"deflate",
       post(kLook, "application/json", compressed(kPlainJson, Compression::kDeflate),
            {{"content-encoding", "deflate"}}),
       200, ""},
      {"identity", post(kLook, "application/json", "{}", {{"content-encoding", "identity"}}), 200, "{}"},
      {"an empty body", post(kLook, "application/proto", "", {{"content-encoding", "gzip"}}), 200, ""},
      {"garbage", post(kLook, "application/json", "{}", {{"content-encoding", "gzip"}}), 400,
       R"({"code":"invalid_argument")"},
      {"unknown",
       post(kLook, "application/json", "{}", {{"content-encoding", "br"}}),
       501,
       R"({"code":"unimplemented")",
       {"accept-encoding", "identity, deflate, gzip"}},
      {"two", post(kLook, "application/json", "{}", {{"content-encoding", "gzip, gzip"}}), 501,
       R"({"code":"unimplemented")"},
      {"a stream",
       post(kGather, "application/connect+json",
            wrapped(1, compressed(kPlainJson)) + wrapped(1, "") + wrapped(0, R"({"text":"end"})"),
            {{"connect-content-encoding", "gzip"}}),
       200, R"(xxxend"})"},
      {"a stream, unknown",
       post(kWatch, "application/connect+json", wrapped(0, "{}"), {{"connect-content-encoding", "zstd"}}),
       200,
       R"({"error":{"code":"unimplemented")",
       {"connect-accept-encoding", "identity, deflate, gzip"}},
      {"a stream, garbage",
       post(kWatch, "application/connect+json", wrapped(1, "{}"), {{"connect-content-encoding", "gzip"}}), 200,
       R"({"error":{"code":"invalid_argument")"},
      {"a stream, compressed without saying how", post(kWatch, "application/connect+json", wrapped(1, "{}")), 200,
       R"({"error":{"code":"internal")"},
      {"gRPC-Web",
       post(kLook, "application/grpc-web+json", wrapped(1, compressed(kPlainJson)), {{"grpc-encoding", "gzip"}}), 200,
       "grpc-status: 0"},
      {"gRPC-Web, an empty message", post(kLook, "application/grpc-web", wrapped(1, ""), {{"grpc-encoding", "gzip"}}),
       200, "grpc-status: 0"},
      {"gRPC-Web, unknown",
       post(kLook, "application/grpc-web", wrapped(0, ""), {{"grpc-encoding", "br"}}),
       200,
       "grpc-status: 12",
       {"grpc-accept-encoding", "identity, deflate, gzip"}},
  });
}

/// The codings that a client reads, and what it is answered in.
struct Accepted {
  const char* list;  // null without the field
  const char* answered;
};
const std::vector<Accepted> kAccepted{{"gzip", "gzip"},
                                      {"GZIP", "gzip"},
                                      {"br, gzip, deflate", "gzip"},
                                      {"deflate,gzip", "deflate"},
                                      {"deflate;q=0.5, gzip;q=0.8", "gzip"},
                                      {"gzip;q=0, deflate", "deflate"},
                                      {"gzip;q=0", ""},
                                      {"identity", ""},
                                      {"br", ""},
                                      {"", ""},
                                      {nullptr, ""}};

TEST(Connect, ResponsesAreCompressedAsTheClientPrefers) {
  std::vector<Case> cases;
  for (const Accepted& each : kAccepted) {
    FieldList fields;
    if (each.list != nullptr) fields.emplace_back("accept-encoding", each.list);
    const std::string name = each.list == nullptr ? "none" : each.list;
    cases.push_back(
        {name, post(kLook, "application/json", kLongJson, fields), 200, "", {"content-encoding", each.answered}});
    cases.push_back({name + ", not compressed by the service",
                     post(kLook, "application/json", "{}", fields),
                     200,
                     "{}",
                     {"content-encoding", ""}});
    FieldList of_streams;
    if (each.list != nullptr) of_streams.emplace_back("connect-accept-encoding", each.list);
    cases.push_back({name + " for a stream",
                     post(kWatch, "application/connect+json", wrapped(0, kLongJson), of_streams),
                     200,
                     wrapped(2, "{}"),
                     {"connect-content-encoding", each.answered}});
    FieldList of_web;
    if (each.list != nullptr) of_web.emplace_back("grpc-accept-encoding", each.list);
    cases.push_back({name + " for gRPC-Web",
                     post(kWatch, "application/grpc-web+json", wrapped(0, kLongJson), of_web),
                     200,
                     "grpc-status: 0",
                     {"grpc-encoding", each.answered}});
  }
  cases.push_back({"as the request",
                   post(kLook, "application/json", compressed(kLongJson), {{"content-encoding", "gzip"}}),
                   200,
                   "",
                   {"content-encoding", "gzip"}});
  cases.push_back({"REST",
                   post("/v1/notes", "application/json", kLongJson, {{"accept-encoding", "gzip"}}),
                   200,
                   "",
                   {"content-encoding", "gzip"}});
  expect_in_both_versions(cases);
}

TEST(Connect, CompressedResponsesAreWhole) {
  test::with_notes({}, [](std::uint16_t port) -> Task<void> {
    test::AnyClient unary{Version::kHttp1, port};
    const Ask one = post(kLook, "application/json", kLongJson, {{"accept-encoding", "gzip"}});
    const Reply reply = co_await unary.ask(one);
    EXPECT_LT(reply.body.size(), 200U);
    EXPECT_EQ(inflated(reply.body), kLongJson);
    test::AnyClient stream{Version::kHttp2, port};
    const Ask three =
        post(kWatch, "application/connect+json", wrapped(0, kLongJson), {{"connect-accept-encoding", "gzip"}});
    const Reply messages = co_await stream.ask(three);
    EXPECT_EQ(messages.body.at(0), '\1');
    const std::size_t size = (messages.body.size() - wrapped(2, "{}").size()) / 3;
    EXPECT_EQ(inflated(messages.body.substr(rpc::kPrefixBytes, size - rpc::kPrefixBytes)), kLongJson);
  });
}

TEST(Connect, TheServersOptionCompressesAsItDoesForGrpc) {
  const std::string text = R"({"text":")" + std::string(1000, 'y') + "\"}";
  test::Served served;
  served.server.compression = Compression::kGzip;
  expect_in_both_versions({{"gzip",
                            post(kLook, "application/json", text, {{"accept-encoding", "gzip"}}),
                            200,
                            "",
                            {"content-encoding", "gzip"}},
                           {"vary", post(kLook, "application/json", text), 200, "yyy", {"vary", "accept-encoding"}}},
                          served);
}

TEST(Connect, ErrorsOfHttpAreConnects) {
  const std::string too_long = R"({"text":")" + std::string(2000, 'x') + "\"}";
  test::Served served;
  served.site.max_body_length = 1000;
  expect_in_both_versions(
      {
          {"too long",
           post(kLook, "application/json", too_long),
           429,
           R"({"code":"resource_exhausted")",
           {"content-type", "application/json"}},
          {"too long, inflated", post(kLook, "application/json", compressed(too_long), {{"content-encoding", "gzip"}}),
           429, R"({"code":"resource_exhausted")"},
          {"too long in a stream", post(kWatch, "application/connect+json", wrapped(0, too_long)), 200,
           wrapped(
               2,
               R"J({"error":{"code":"resource_exhausted","message":"a message is longer than 1000 bytes (SiteOptions::max_body_length)"}})J")},
          {"too long in a stream, inflated",
           post(kWatch, "application/connect+json", wrapped(1, compressed(too_long)),
                {{"connect-content-encoding", "gzip"}}),
           200, R"({"error":{"code":"resource_exhausted")"},
          {"too long, gRPC-Web", post(kLook, "application/grpc-web", wrapped(0, too_long)), 200, "grpc-status: 8"},
          {"metadata that is not base64", post(kLook, "application/json", "{}", {{"a-bin", "!"}}), 400,
           R"({"code":"invalid_argument")"},
          {"metadata of a stream that is not base64",
           post(kWatch, "application/connect+json", wrapped(0, "{}"), {{"a-bin", "!"}}), 200,
           R"({"error":{"code":"invalid_argument")"},
          {"no such path", post("/a.B/C", "application/proto", ""), 404, R"({"code":"unimplemented")"},
          {"no such path, by its version",
           post("/a.B/C", "application/json", "{}", {{"connect-protocol-version", "1"}}), 404,
           R"({"code":"unimplemented")"},
          {"no such path, JSON", post("/a.B/C", "application/json", "{}"), 404, R"({"code":5)"},
      },
      served);
}

TEST(Connect, BodiesThatDoNotArriveEndAsConnectsErrors) {
  test::Served served;
  served.site.read_timeout = std::chrono::milliseconds{300};
  test::with_notes(served, [](std::uint16_t port) -> Task<void> {
    const auto head = [](const char* path, const std::string& type, const std::string& framing) {
      return "POST "s + path + " HTTP/1.1\r\nhost: a\r\ncontent-type: " + type + "\r\n" + framing + "\r\n\r\n";
    };
    test::Http1Client unary{port};
    const std::string half = head(kLook, "application/json", "content-length: 10") + "{";
    const test::Answer late = co_await unary.send(half);
    EXPECT_EQ(late.result_int(), 504U);
    EXPECT_NE(late.body().find(R"({"code":"deadline_exceeded")"), std::string::npos) << late.body();
    test::Http1Client stream{port};
    const std::string nothing = head(kGather, "application/connect+json", "content-length: 10");
    const test::Answer cut = co_await stream.send(nothing);
    EXPECT_EQ(cut.result_int(), 200U);
    EXPECT_NE(cut.body().find(R"({"error":{"code":"deadline_exceeded")"), std::string::npos) << cut.body();
    test::Http1Client malformed{port};
    const std::string chunks = head(kGather, "application/connect+json", "transfer-encoding: chunked") + "zz\r\n";
    const test::Answer broken = co_await malformed.send(chunks);
    EXPECT_NE(broken.body().find(R"({"error":{"code":"invalid_argument")"), std::string::npos) << broken.body();
  });
}

TEST(Connect, HandlersSeeTheClientsHttp) {
  const std::string json = R"({"text":"look"})";
  const FieldList agent{{"user-agent", "browser/1"}, {"tern-http-method", "FAKE"}};
  expect_in_both_versions({
      {"POST", post(kLook, "application/json", json, agent), 200,
       R"("seen":["user-agent=browser/1","tern-http-method=POST","x-forwarded-for=127.0.0.1"])"},
      {"GET", get("encoding=json&message=%7B%22text%22:%22look%22%7D", agent), 200,
       R"("seen":["user-agent=browser/1","tern-http-method=GET",)"
       R"("tern-http-query=encoding=json&message=%7B%22text%22:%22look%22%7D","x-forwarded-for=127.0.0.1"])"},
      {"a stream", post(kWatch, "application/connect+json", wrapped(0, json), agent), 200,
       R"("seen":["user-agent=browser/1","tern-http-method=POST")"},
      {"gRPC-Web", post(kLook, "application/grpc-web+json", wrapped(0, json), agent), 200, "user-agent=browser/1"},
      {"REST", {.method = "GET", .target = "/v1/notes/look", .fields = agent}, 200, "tern-http-method=GET"},
      {"several proxies",
       post(kLook, "application/json", json, {{"x-forwarded-for", "1.1.1.1"}, {"x-forwarded-for", "2.2.2.2"}}), 200,
       "x-forwarded-for=1.1.1.1, 2.2.2.2, 127.0.0.1"},
  });
}

TEST(Connect, DetailsHaveDebugWhereItIsWanted) {
  const std::string fail = R"({"text":"fail"})";
  const std::string plain =
      R"([{"type":"tern.test.web.v1.Note","value":"CgN3aHk"},{"type":"a.Unknown","value":"CAE"}])";
  expect_in_both_versions({{"off", post(kLook, "application/json", fail), 400, plain},
                           {"off, a stream", post(kWatch, "application/connect+json", wrapped(0, fail)), 200, plain}});
  test::Served served;
  served.site.debug_error_details = true;
  const std::string with_debug =
      R"([{"type":"tern.test.web.v1.Note","value":"CgN3aHk","debug":{"text":"why"}},{"type":"a.Unknown","value":"CAE"}])";
  expect_in_both_versions(
      {{"on", post(kLook, "application/json", fail), 400, with_debug},
       {"on, a stream", post(kWatch, "application/connect+json", wrapped(0, fail)), 200, with_debug}},
      served);
}

TEST(GrpcWeb, TextIsCutAnywhereAndPaddedAnywhere) {
  const std::string message = wrapped(0, "\x0a\x03wow");
  const std::string answer = rpc::encode_base64(message) + "==";  // ten bytes
  std::vector<Case> cases;
  for (std::size_t cut = 0; cut <= message.size(); ++cut) {
    std::string text;
    for (const std::string& part : {message.substr(0, cut), message.substr(cut)}) {
      text += rpc::encode_base64(part);
      while (text.size() % 4 != 0) text += '=';
    }
    cases.push_back({"cut at " + std::to_string(cut),
                     post(kLook, "application/grpc-web-text", text),
                     200,
                     answer,
                     {"content-type", "application/grpc-web-text"}});
  }
  cases.push_back(
      {"without padding", post(kLook, "application/grpc-web-text", rpc::encode_base64(message)), 200, answer});
  cases.push_back({"a letter too much", post(kLook, "application/grpc-web-text", rpc::encode_base64(message) + "==A"),
                   200, "gAAAA"});
  cases.push_back({"wanted for the answer only",
                   post(kLook, "application/grpc-web", message, {{"accept", "application/grpc-web-text"}}),
                   200,
                   answer,
                   {"content-type", "application/grpc-web-text"}});
  expect_in_both_versions(cases);
}

// Written in as many pieces as there are bytes, so that the server reads them in pieces of any length.
TEST(GrpcWeb, TextComesByteByByte) {
  test::with_notes({}, [](std::uint16_t port) -> Task<void> {
    test::Http1Client client{port};
    const std::string text = rpc::encode_base64(wrapped(0, "\x0a\x03wow"));
    const std::string head = "POST "s + kLook + " HTTP/1.1\r\nhost: a\r\ncontent-type: application/grpc-web-text\r\n" +
                             "content-length: " + std::to_string(text.size()) + "\r\n\r\n";
    co_await client.write(head);
    for (const char letter : text) co_await client.write(std::string(1, letter));
    const test::Answer answer = co_await client.read();
    EXPECT_TRUE(answer.body().starts_with(text)) << answer.body();
  });
}

}  // namespace
}  // namespace tern::rest

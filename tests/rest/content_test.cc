// serve_content: conditions and ranges over HTTP/1.1 and HTTP/2, and downloads by curl.
#include "tern/rest/content.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "rest/curl.h"
#include "rest/gzip.h"
#include "rest/with_notes.h"
#include "tern/rest/client.h"

namespace tern::rest {
namespace {

using std::chrono::sys_days;
using namespace std::chrono_literals;
using test::Ask;
using test::Case;
using test::FieldList;
using test::Served;
using test::text_of_length;

const std::string kDigits = "0123456789abcdefghij";
constexpr const char* kSame = "Sun, 01 Nov 2026 12:00:00 GMT";

Task<Response> digits(Request& request) {
  Content content{"application/x-digits", kDigits};
  content.tag = "v7";
  content.modified = sys_days{2026y / 11 / 1} + 12h;
  co_return serve_content(request, std::move(content));
}
Task<Response> nothing(Request& request) { co_return serve_content(request, Content{"text/plain", ""}); }
Task<Response> bare(Request& request) { co_return serve_content(request, Content{"application/x-digits", kDigits}); }
Task<Response> of_tomorrow(Request& request) {
  Content content{"text/plain", "x"};
  content.modified = std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now()) + 24h;
  co_return serve_content(request, std::move(content));
}
Task<Response> ill_tagged(Request& request) {
  Content content{"text/plain", "x"};
  content.tag = "a \"b\"";
  co_return serve_content(request, std::move(content));
}

Served with_content() {
  Served served;
  served.set_up = [](Site& site) {
    site.route("GET", "/digits", digits);
    site.route("GET", "/nothing", nothing);
    site.route("GET", "/bare", bare);
    site.route("GET", "/tomorrow", of_tomorrow);
    site.route("GET", "/ill", ill_tagged);
  };
  return served;
}

Ask get(FieldList fields, const char* target = "/digits", const char* method = "GET") {
  return {.method = method, .target = target, .fields = std::move(fields)};
}

TEST(Content, IsAnsweredAsARequestsRangesAsk) {
  const std::pair<std::string, std::string> of_first{"content-range", "bytes 0-3/20"};
  const std::pair<std::string, std::string> no_range{"content-range", ""};
  test::expect_in_both_versions(
      {
          {"none", get({}), 200, kDigits, {"accept-ranges", "bytes"}},
          {"the first bytes", get({{"range", "bytes=0-3"}}), 206, "0123", of_first},
          {"their length", get({{"range", "bytes=0-3"}}), 206, "0123", {"content-length", "4"}},
          {"their type", get({{"range", "bytes=0-3"}}), 206, "0123", {"content-type", "application/x-digits"}},
          {"their tag", get({{"range", "bytes=0-3"}}), 206, "0123", {"etag", "\"v7\""}},
          {"their date", get({{"range", "bytes=0-3"}}), 206, "0123", {"last-modified", kSame}},
          {"the rest", get({{"range", "bytes=17-"}}), 206, "hij", {"content-range", "bytes 17-19/20"}},
          {"the last bytes", get({{"range", "bytes=-2"}}), 206, "ij", {"content-range", "bytes 18-19/20"}},
          {"beyond the end", get({{"range", "bytes=20-"}}), 416, "beyond the end", {"content-range", "bytes */20"}},
          {"malformed", get({{"range", "bytes=3-0"}}), 200, kDigits, no_range},
          {"another unit", get({{"range", "lines=0-3"}}), 200, kDigits, no_range},
          {"overlapping", get({{"range", "bytes=0-3,2-5"}}), 200, kDigits, no_range},
          {"several, of which one exists", get({{"range", "bytes=0-3,30-"}}), 206, "0123", of_first},
          {"of nothing", get({{"range", "bytes=0-3"}}, "/nothing"), 200, "", no_range},
          {"HEAD", get({{"range", "bytes=0-3"}}, "/digits", "HEAD"), 200, "", {"content-length", "20"}},
          {"If-Range, this tag", get({{"range", "bytes=0-3"}, {"if-range", "\"v7\""}}), 206, "0123", of_first},
          {"If-Range, another", get({{"range", "bytes=0-3"}, {"if-range", "\"v6\""}}), 200, kDigits, no_range},
          {"If-Range, weak", get({{"range", "bytes=0-3"}, {"if-range", "W/\"v7\""}}), 200, kDigits, no_range},
          {"If-Range, this date", get({{"range", "bytes=0-3"}, {"if-range", kSame}}), 206, "0123", of_first},
          {"If-Range, later", get({{"range", "bytes=0-3"}, {"if-range", "Sun, 01 Nov 2026 12:00:01 GMT"}}), 200,
           kDigits, no_range},
          {"If-Range without a tag", get({{"range", "bytes=0-3"}, {"if-range", "\"v7\""}}, "/bare"), 200, kDigits,
           no_range},
          {"304 beats 206", get({{"range", "bytes=0-3"}, {"if-none-match", "\"v7\""}}), 304, "", no_range},
          {"412 beats 416", get({{"range", "bytes=90-"}, {"if-match", "\"v6\""}}), 412, "not the version", no_range},
      },
      with_content());
}

TEST(Content, IsAnsweredAsARequestsConditionsAsk) {
  const std::pair<std::string, std::string> tag{"etag", "\"v7\""};
  test::expect_in_both_versions(
      {
          {"no condition", get({}), 200, kDigits, tag},
          {"HEAD", get({}, "/digits", "HEAD"), 200, "", tag},
          {"the same tag", get({{"if-none-match", "\"v6\", \"v7\""}}), 304, "", tag},
          {"the same date", get({{"if-modified-since", kSame}}), 304, "", {"last-modified", kSame}},
          {"the weak tag of a compressed response",
           get({{"if-none-match", "W/\"v7\""}}),
           304,
           "",
           {"etag", "W/\"v7\""}},
          {"another tag", get({{"if-none-match", "\"v6\""}}), 200, kDigits, tag},
          {"If-Match", get({{"if-match", "\"v7\""}}), 200, kDigits, tag},
          {"If-Match, another", get({{"if-match", "\"v6\""}}), 412, "not the version"},
          {"HEAD, If-Match, another", get({{"if-match", "\"v6\""}}, "/digits", "HEAD"), 412, ""},
          {"no validators", get({{"if-none-match", "\"v7\""}}, "/bare"), 200, kDigits, {"etag", ""}},
          {"no date", get({{"if-modified-since", kSame}}, "/bare"), 200, kDigits, {"last-modified", ""}},
          {"a date in the future", get({{"if-modified-since", "Fri, 01 Jan 2100 00:00:00 GMT"}}, "/tomorrow"), 304, ""},
          {"a tag that is none", get({}, "/ill"), 500, ""},
      },
      with_content());
}

TEST(Content, RejectsNull) {
  EXPECT_THROW((Content{"text/plain", std::shared_ptr<const std::string>{}}), std::invalid_argument);
}

/// The parts of a multipart body, each as "content-range|bytes".
std::vector<std::string> parts_of(const std::string& body, const std::string& boundary) {
  const std::string delimiter = "\r\n--" + boundary;
  std::vector<std::string> parts;
  for (std::size_t at = body.find(delimiter); at != std::string::npos;) {
    const std::size_t begin = at + delimiter.size();
    const std::size_t end = body.find(delimiter, begin);
    if (end == std::string::npos) {
      EXPECT_EQ(body.substr(begin), "--\r\n");
      break;
    }
    const std::string part = body.substr(begin, end - begin);
    const std::string head = "\r\ncontent-type: application/x-digits\r\ncontent-range: ";
    EXPECT_TRUE(part.starts_with(head)) << part;
    const std::size_t blank = part.find("\r\n\r\n");
    parts.push_back(part.substr(head.size(), blank - head.size()) + "|" + part.substr(blank + 4));
    at = end;
  }
  return parts;
}

TEST(Content, SendsSeveralRangesAsParts) {
  test::with_notes(with_content(), [](std::uint16_t port) -> Task<void> {
    for (const test::Version version : test::kBothVersions) {
      test::AnyClient client{version, port};
      const Ask ask = get({{"range", "bytes=18-,0-1,5-5"}});
      const test::Reply reply = co_await client.ask(ask);
      EXPECT_EQ(reply.status, 206U);
      EXPECT_EQ(reply.get("content-length"), std::to_string(reply.body.size()));
      EXPECT_EQ(reply.get("content-range"), "");
      const std::string type = reply.get("content-type");
      const std::string start = "multipart/byteranges; boundary=";
      EXPECT_TRUE(type.starts_with(start)) << type;
      const std::vector<std::string> expected{"bytes 18-19/20|ij", "bytes 0-1/20|01", "bytes 5-5/20|5"};
      EXPECT_EQ(parts_of(reply.body, type.substr(start.size())), expected);
    }
  });
}

/// Serves a body of many pieces under "/large", which all responses share.
Served with_large(std::shared_ptr<const std::string> bytes) {
  Served served;
  served.set_up = [bytes](Site& site) {
    site.route("GET", "/large", [bytes](Request& request) -> Task<Response> {
      Content content{"application/octet-stream", bytes};
      content.tag = "large";
      co_return serve_content(request, std::move(content));
    });
  };
  return served;
}

TEST(Content, SendsLongBytesWholeAndInRanges) {
  const auto bytes = std::make_shared<const std::string>(text_of_length(1'000'000));
  test::with_notes(with_large(bytes), [bytes](std::uint16_t port) -> Task<void> {
    for (const test::Version version : test::kBothVersions) {
      const std::string url = "http://127.0.0.1:" + std::to_string(port) + "/large";
      Client client;
      const ClientResponse whole = co_await client.get(url);
      EXPECT_TRUE(whole.body == *bytes);
      test::AnyClient by_hand{version, port};
      const Ask ask = get({{"range", "bytes=100000-129999,0-9"}}, "/large");
      const test::Reply parts = co_await by_hand.ask(ask);
      EXPECT_EQ(parts.get("content-length"), std::to_string(parts.body.size()));
      EXPECT_NE(parts.body.find("\r\n\r\n" + bytes->substr(100'000, 30'000) + "\r\n--"), std::string::npos);
    }
  });
}

TEST(Content, ResumesADownloadOfCurl) {
  if (!test::has_curl()) GTEST_SKIP() << "curl is not installed";
  const auto bytes = std::make_shared<const std::string>(text_of_length(1'000'000));
  test::with_notes(with_large(bytes), [bytes](std::uint16_t port) -> Task<void> {
    for (const test::Version version : test::kBothVersions) {
      const test::TemporaryFile file;
      file.write(bytes->substr(0, 123'456));
      const std::string to =
          std::string{test::curl_option(version)} + " http://127.0.0.1:" + std::to_string(port) + "/large";
      const std::string said = co_await test::curl("--continue-at - --output " + file.path() + " " + to);
      EXPECT_EQ(said, "");
      EXPECT_TRUE(file.read() == *bytes);
      const std::string part = co_await test::curl("--range 500000-599999 --compressed " + to);
      EXPECT_TRUE(part == bytes->substr(500'000, 100'000));
    }
  });
}

}  // namespace
}  // namespace tern::rest

// Files that tern_embed() made part of the test program, as browsers and curl ask for them.
#include <gtest/gtest.h>

#include <chrono>
#include <string>

#include "embedded/pages.h"
#include "rest/curl.h"
#include "rest/gzip.h"
#include "rest/http_date.h"
#include "rest/with_notes.h"
#include "tern/rest/client.h"

namespace tern::rest {
namespace {

using test::Ask;
using test::FieldList;
using test::Reply;
using test::Served;

Served with_files() {
  Served served;
  served.set_up = [](Site& site) { site.add_files("/", test::pages()); };
  return served;
}

std::string bytes_of(std::string_view name) {
  for (const EmbeddedFile& file : test::pages()) {
    if (file.name == name) return std::string{file.bytes};
  }
  return "no such file";
}

/// Runs `body(ask)` over each version of HTTP, where `ask` is a function from fields to the reply for index.html.
template <class Body>
void ask_for_the_page(Body body, const char* target = "/index.html", Served served = with_files()) {
  test::with_notes(std::move(served), [body, target](std::uint16_t port) -> Task<void> {
    for (const test::Version version : test::kBothVersions) {
      const auto ask = [version, port, target](FieldList fields, const char* method = "GET") -> Task<Reply> {
        test::AnyClient client{version, port};
        const Ask request{.method = method, .target = target, .fields = std::move(fields)};
        co_return co_await client.ask(request);
      };
      co_await body(ask);
    }
  });
}

TEST(Files, HaveTheDateOfTheirLastChange) {
  for (const EmbeddedFile& file : test::pages()) {
    EXPECT_GT(file.modified, std::chrono::sys_days{std::chrono::year{2020} / 1 / 1}) << file.name;
    EXPECT_LT(file.modified, std::chrono::system_clock::now()) << file.name;
  }
  ask_for_the_page([](const auto& ask) -> Task<void> {
    const Reply whole = co_await ask({});
    EXPECT_EQ(whole.get("last-modified"), http_date(test::pages()[0].modified));
    EXPECT_EQ(whole.get("cache-control"), "no-cache");
    const FieldList since{{"if-modified-since", whole.get("last-modified")}};
    const Reply again = co_await ask(since);
    EXPECT_EQ(again.status, 304U);
    EXPECT_EQ(again.get("cache-control"), "no-cache");
    EXPECT_EQ(again.get("vary"), "accept-encoding");
  });
}

TEST(Files, AreSentCompressedWithATagOfTheirOwn) {
  const std::string page = bytes_of("index.html");
  ask_for_the_page([page](const auto& ask) -> Task<void> {
    const Reply plain = co_await ask({});
    EXPECT_EQ(plain.body, page);
    EXPECT_EQ(plain.get("vary"), "accept-encoding");
    EXPECT_EQ(plain.get("accept-ranges"), "bytes");
    const FieldList accepting{{"accept-encoding", "br, gzip"}};
    const Reply compressed = co_await ask(accepting);
    EXPECT_EQ(compressed.get("content-encoding"), "gzip");
    EXPECT_EQ(compressed.get("vary"), "accept-encoding");
    EXPECT_EQ(compressed.get("accept-ranges"), "");
    EXPECT_EQ(compressed.get("content-length"), std::to_string(compressed.body.size()));
    EXPECT_LT(compressed.body.size(), page.size() / 2);
    EXPECT_EQ(test::gunzipped(compressed.body), page);
    EXPECT_NE(compressed.get("etag"), plain.get("etag"));
    EXPECT_TRUE(compressed.get("etag").starts_with('"'));

    const Reply head = co_await ask(accepting, "HEAD");
    EXPECT_EQ(head.get("content-length"), compressed.get("content-length"));
    EXPECT_EQ(head.get("content-encoding"), "gzip");
    EXPECT_EQ(head.get("etag"), compressed.get("etag"));

    const FieldList have_compressed{{"accept-encoding", "gzip"}, {"if-none-match", compressed.get("etag")}};
    const Reply same = co_await ask(have_compressed);
    EXPECT_EQ(same.status, 304U);
    EXPECT_EQ(same.get("etag"), compressed.get("etag"));
    const FieldList have_plain{{"accept-encoding", "gzip"}, {"if-none-match", plain.get("etag")}};
    const Reply other = co_await ask(have_plain);
    EXPECT_EQ(other.status, 200U);
  });
}

TEST(Files, AreNotCompressedForARange) {
  const std::string page = bytes_of("index.html");
  ask_for_the_page([page](const auto& ask) -> Task<void> {
    const FieldList fields{{"accept-encoding", "gzip"}, {"range", "bytes=10-29"}};
    const Reply reply = co_await ask(fields);
    EXPECT_EQ(reply.status, 206U);
    EXPECT_EQ(reply.get("content-encoding"), "");
    EXPECT_EQ(reply.body, page.substr(10, 20));
  });
}

TEST(Files, AreSentAsTheyAreWhenCompressedAlready) {
  const std::string image = bytes_of("dot.png");
  const auto expect_plain = [image](const auto& ask) -> Task<void> {
    const FieldList accepting{{"accept-encoding", "gzip"}};
    const Reply reply = co_await ask(accepting);
    EXPECT_EQ(reply.body, image);
    EXPECT_EQ(reply.get("content-encoding"), "");
    EXPECT_EQ(reply.get("vary"), "");
    EXPECT_EQ(reply.get("content-type"), "image/png");
  };
  ask_for_the_page(expect_plain, "/dot.png");
}

TEST(Files, AreNotCompressedWhereTheSiteSaysSo) {
  Served served = with_files();
  served.site.compress_responses = false;
  const auto expect_plain = [](const auto& ask) -> Task<void> {
    const FieldList accepting{{"accept-encoding", "gzip"}};
    const Reply reply = co_await ask(accepting);
    EXPECT_EQ(reply.get("content-encoding"), "");
    EXPECT_EQ(reply.get("vary"), "");
  };
  ask_for_the_page(expect_plain, "/", served);
}

TEST(Files, ReachCurlAndTheLibrarysClientAsTheyAre) {
  const std::string page = bytes_of("index.html");
  test::with_notes(with_files(), [page](std::uint16_t port) -> Task<void> {
    const std::string url = "http://127.0.0.1:" + std::to_string(port) + "/";
    Client client;
    const ClientResponse response = co_await client.get(url);
    EXPECT_EQ(response.body, page);
    if (!test::has_curl()) co_return;
    for (const test::Version version : test::kBothVersions) {
      const std::string to = std::string{test::curl_option(version)} + " " + url;
      const std::string plain = co_await test::curl(to);
      EXPECT_EQ(plain, page);
      const std::string compressed = co_await test::curl("--compressed " + to);
      EXPECT_EQ(compressed, page);
      const std::string written =
          co_await test::curl("--compressed --output /dev/null --write-out '%{size_download}' " + to);
      EXPECT_LT(std::stoul(written), page.size() / 2);
      const std::string since = co_await test::curl("--output /dev/null --write-out '%{http_code}' --time-cond '" +
                                                    http_date(test::pages()[0].modified) + "' " + to);
      EXPECT_EQ(since, "304");
    }
  });
}

}  // namespace
}  // namespace tern::rest

// Request bodies with a Content-Encoding: the bytes that handlers and JSON routes get, and the errors that clients get.
#include "rest/decoded_body.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "rest/curl.h"
#include "rest/gzip.h"
#include "rest/with_notes.h"
#include "tern/rest/client.h"

namespace tern::rest {
namespace {

using test::Ask;
using test::Case;
using test::gzipped;
using test::Served;
using test::text_of_length;

/// The body, and the fields that say how it came.
Task<Response> echo(Request& request) {
  std::string body = co_await request.body();
  Response response{200, "application/octet-stream", std::move(body)};
  response.fields.add("had", request.fields.joined("content-encoding") + "|" + request.fields.joined("content-length"));
  co_return response;
}
/// The length of a whole body.
Task<Response> measure(Request& request) {
  const std::string body = co_await request.body();
  co_return Response{200, "text/plain", std::to_string(body.size())};
}
/// The length of a body that is read piece by piece.
Task<Response> count(Request& request) {
  std::size_t length = 0;
  while (const std::optional<std::string> piece = co_await request.read()) length += piece->size();
  co_return Response{200, "text/plain", std::to_string(length)};
}
Task<Response> ignore(Request& /*request*/) { co_return Response{200, "text/plain", "not read"}; }

Served with_readers(std::size_t max_body_length = 100'000) {
  Served served;
  served.site.max_body_length = max_body_length;
  served.set_up = [](Site& site) {
    site.route("POST", "/echo", echo);
    site.route("POST", "/measure", measure);
    site.route("POST", "/count", count);
    site.route("POST", "/ignore", ignore);
  };
  return served;
}

Ask post(const char* target, const char* coding, std::string body) {
  return {.method = "POST", .target = target, .fields = {{"content-encoding", coding}}, .body = std::move(body)};
}

TEST(DecodedBody, IsPlainForHandlers) {
  const std::string plain = text_of_length(3000);
  std::vector<Case> cases;
  const struct {
    const char* name;
    const char* coding;
    std::string body;
  } bodies[] = {{"gzip", "gzip", gzipped(plain)},
                {"gzip in capitals", "GZip", gzipped(plain)},
                {"x-gzip", "x-gzip", gzipped(plain)},
                {"several members", "gzip", gzipped(plain.substr(0, 1000)) + gzipped("") + gzipped(plain.substr(1000))},
                {"deflate", "deflate", test::deflated(plain, rpc::DeflateFormat::kZlib)},
                {"bare deflate", "deflate", test::deflated(plain, rpc::DeflateFormat::kBare)}};
  for (const auto& body : bodies) {
    const Ask whole = post("/echo", body.coding, body.body);
    cases.push_back({body.name, whole, 200, plain, {"had", "|"}});
    cases.push_back({body.name, post("/count", body.coding, body.body), 200, "3000"});
  }
  cases.push_back({"identity", post("/echo", "identity", plain), 200, plain});
  cases.push_back({"empty", post("/echo", "gzip", ""), 200, ""});
  test::expect_in_both_versions(cases, with_readers());
}

TEST(DecodedBody, IsRejectedWhereItCannotBeRead) {
  const std::string good = gzipped(text_of_length(3000));
  const std::pair<std::string, std::string> supported{"accept-encoding", "gzip, deflate"};
  const std::pair<std::string, std::string> no_field{"accept-encoding", ""};
  std::vector<Case> cases;
  for (const char* target : {"/echo", "/count"}) {
    cases.push_back({"garbage", post(target, "gzip", "no such thing"), 400, "not gzip data", no_field});
    cases.push_back({"garbage", post(target, "deflate", "no such thing"), 400, "not deflate data", no_field});
    cases.push_back({"cut short", post(target, "gzip", good.substr(0, good.size() - 1)), 400, "cut short", no_field});
    cases.push_back({"bytes behind it", post(target, "gzip", good + "more"), 400, "not gzip data", no_field});
    cases.push_back({"another coding", post(target, "br", good), 415, R"(\"br\" is not supported)", supported});
    cases.push_back({"two codings", post(target, "gzip, gzip", gzipped(good)), 415, "not supported", supported});
  }
  cases.push_back({"not read", post("/ignore", "br", good), 200, "not read"});
  test::expect_in_both_versions(cases, with_readers());
}

TEST(DecodedBody, IsLimitedByItsPlainLength) {
  const std::string bomb = gzipped(std::string(10'000'000, '\0'));
  EXPECT_LT(bomb.size(), 16'384U);
  const std::string longer = text_of_length(100'001);
  std::vector<Case> cases{
      {"at the limit", post("/count", "gzip", gzipped(text_of_length(30'000))), 200, "30000"},
      {"longer", post("/echo", "gzip", gzipped(std::string(100'001, 'x'))), 413, "max_body_length"},
      {"as long", post("/measure", "gzip", gzipped(std::string(100'000, 'x'))), 200, "100000"},
      {"a bomb", post("/echo", "gzip", bomb), 413, "max_body_length"},
      {"a bomb, in pieces", post("/count", "gzip", bomb), 413, "more than 100 times"},
      {"a JSON route",
       {.method = "POST",
        .target = "/v1/notes",
        .fields = {{"content-encoding", "gzip"}, {"content-type", "application/json"}},
        .body = gzipped(R"({"text":")" + std::string(100'000, 'x') + R"("})")},
       413,
       "max_body_length"},
  };
  test::expect_in_both_versions(cases, with_readers());
}

TEST(DecodedBody, IsPlainForJsonRoutes) {
  const auto write = [](const char* coding, std::string body) {
    return Ask{.method = "POST",
               .target = "/v1/notes",
               .fields = {{"content-encoding", coding}, {"content-type", "application/json"}},
               .body = std::move(body)};
  };
  const std::string json = R"({"text":"a"})";
  test::expect_in_both_versions(
      {{"gzip", write("gzip", gzipped(json)), 200, json},
       {"deflate", write("deflate", test::deflated(json, rpc::DeflateFormat::kZlib)), 200, json},
       {"garbage", write("gzip", json), 400, "not gzip data"},
       {"another coding", write("br", json), 415, "not supported", {"accept-encoding", "gzip, deflate"}},
       {"another type",
        {.method = "POST", .target = "/v1/notes", .fields = {{"content-type", "text/plain"}}, .body = json},
        415,
        "takes JSON",
        {"accept-encoding", ""}}});
}

TEST(DecodedBody, ComesAsItWasSentWhereTheSiteSaysSo) {
  Served served = with_readers();
  served.site.decompress_requests = false;
  const std::string sent = gzipped("text");
  test::expect_in_both_versions(
      {{"gzip", post("/echo", "gzip", sent), 200, sent}, {"br", post("/echo", "br", "x"), 200, "x"}}, served);
}

/// A body in pieces, and the most bytes that its reader held before the last of them.
class Pieces final : public BodySource {
 public:
  explicit Pieces(const std::string& body) {
    for (std::size_t at = 0; at < body.size(); at += kPiece) pieces_.push_back(body.substr(at, kPiece));
  }
  Task<std::optional<std::string>> read_body() override {
    if (next_ == pieces_.size()) co_return std::nullopt;
    co_return pieces_[next_++];
  }
  void on_held(std::size_t bytes) override {
    if (next_ < pieces_.size()) most_held_ = std::max(most_held_, bytes);
  }
  [[nodiscard]] std::size_t most_held() const noexcept { return most_held_; }

 private:
  static constexpr std::size_t kPiece = 1000;
  std::vector<std::string> pieces_;
  std::size_t next_ = 0;
  std::size_t most_held_ = 0;
};

TEST(DecodedBody, IsHeldCompressedUntilItsEnd) {
  const auto run = []() -> Task<void> {
    const std::string plain(3'000'000, 'x');
    const std::string encoded = gzipped(plain);
    Pieces pieces{encoded};
    Request request{"POST", "/", pieces, plain.size()};
    request.fields.add("content-encoding", "gzip");
    decode_body(request, plain.size());
    const std::string body = co_await request.body();
    EXPECT_TRUE(body == plain);
    EXPECT_LE(pieces.most_held(), encoded.size() + 64 * 1024);
  };
  block_on(run());
}

// A piecewise reader may read any length of honest data: here 3 MB, which gzip makes a third as long.
TEST(DecodedBody, MayHaveAnyLengthPieceByPiece) {
  const std::string plain = text_of_length(3'000'000);
  test::with_notes(with_readers(), [plain](std::uint16_t port) -> Task<void> {
    const std::string url = "http://127.0.0.1:" + std::to_string(port);
    Client client;
    ClientRequest request{"POST", url + "/count"};
    request.fields.add("content-encoding", "gzip");
    request.body = gzipped(plain);
    const ClientResponse response = co_await client.send(std::move(request));
    EXPECT_EQ(response.status, 200U);
    EXPECT_EQ(response.body, "3000000");
    ClientRequest whole{"POST", url + "/echo"};
    whole.fields.add("content-encoding", "gzip");
    whole.body = gzipped(plain);
    const ClientResponse too_long = co_await client.send(std::move(whole));
    EXPECT_EQ(too_long.status, 413U);
  });
}

TEST(DecodedBody, IsReadFromCurlOverBothVersions) {
  if (!test::has_curl()) GTEST_SKIP() << "curl is not installed";
  const std::string plain = text_of_length(500'000);
  test::with_notes(with_readers(1'000'000), [plain](std::uint16_t port) -> Task<void> {
    const test::TemporaryFile file;
    file.write(gzipped(plain));
    for (const test::Version version : test::kBothVersions) {
      const std::string command = std::string{test::curl_option(version)} +
                                  " --header 'content-encoding: gzip' --data-binary @" + file.path() +
                                  " http://127.0.0.1:" + std::to_string(port) + "/count";
      const std::string length = co_await test::curl(command);
      EXPECT_EQ(length, "500000");
    }
  });
}

}  // namespace
}  // namespace tern::rest

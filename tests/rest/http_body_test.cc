#include "rest/http_body.h"

#include <gtest/gtest.h>

#include <boost/system/system_error.hpp>
#include <string>

#include "rest/edges_service.h"

namespace tern::rest {
namespace {

using test::Answer;
using test::Http1Client;
using test::with_edges;

const std::string kPicture{"\x89PNG\0\xff", 6};

TEST(HttpBody, IsSentAsItsBytesWithItsContentType) {
  with_edges([](Http1Client& client) -> Task<void> {
    const Answer picture = co_await client.ask("GET", "/v1/files/picture");
    EXPECT_EQ(picture["content-type"], "image/png");
    EXPECT_EQ(picture.body(), kPicture);
    const Answer plain = co_await client.ask("GET", "/v1/files/plain");
    EXPECT_EQ(plain["content-type"], "application/octet-stream");
    EXPECT_EQ(plain.body(), kPicture);
  });
}

TEST(HttpBody, IsReceivedAsItsBytesWithItsContentType) {
  with_edges([](Http1Client& client) -> Task<void> {
    const Answer whole = co_await client.ask("POST", "/v1/files", kPicture, "Content-Type: image/png\r\n");
    EXPECT_EQ(whole.body(), R"({"contentType":"image/png","size":6})");
    const Answer json = co_await client.ask("POST", "/v1/files", "{'", "Content-Type: application/json; charset=x\r\n");
    EXPECT_EQ(json.body(), R"({"contentType":"application/json; charset=x","size":2})");
    const Answer field = co_await client.ask("POST", "/v1/attachments/a", "hello", "Content-Type: text/plain\r\n");
    EXPECT_EQ(field.body(), R"({"name":"a","file":{"contentType":"text/plain","data":"aGVsbG8="}})");
    const Answer both = co_await client.ask("POST", "/v1/attachments/a/file", "hello", "Content-Type: text/csv\r\n");
    EXPECT_EQ(both["content-type"], "text/csv");
    EXPECT_EQ(both.body(), "hello");
  });
}

TEST(HttpBody, IsStreamedPieceByPiece) {
  with_edges([](Http1Client& client) -> Task<void> {
    const Answer rows = co_await client.ask("GET", "/v1/pieces/rows", {}, "Accept: text/event-stream\r\n");
    EXPECT_EQ(rows["content-type"], "text/csv");
    EXPECT_EQ(rows.body(), "a,b\n1,2\n");
    const Answer none = co_await client.ask("GET", "/v1/pieces/none");
    EXPECT_EQ(none.result_int(), 200U);
    EXPECT_EQ(none["content-type"], "application/octet-stream");
    EXPECT_EQ(none.body(), "");
    const Answer refused = co_await client.ask("GET", "/v1/pieces/refused");
    EXPECT_EQ(refused.result_int(), 403U);
    EXPECT_EQ(refused.body(), R"({"code":7,"message":"not yours","details":[]})");
  });
}

TEST(HttpBody, BreaksOffWhenTheStreamFails) {
  with_edges([](Http1Client& client) -> Task<void> {
    bool whole = true;
    try {
      static_cast<void>(co_await client.ask("GET", "/v1/pieces/break"));
    } catch (const boost::system::system_error&) {
      whole = false;
    }
    EXPECT_FALSE(whole);
  });
}

}  // namespace
}  // namespace tern::rest

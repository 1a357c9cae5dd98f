// Initial metadata that a handler sends by itself reach an HTTP client before the first message: as events, as lines of
// JSON, in Connect and in gRPC-Web.
#include <gtest/gtest.h>

#include <boost/asio/read_until.hpp>
#include <string>
#include <vector>

#include "library.tern.h"
#include "rest/http_client.h"
#include "support/frame_socket.h"

namespace tern::rest {
namespace {

namespace library = ::tern::test::library::v1;
using http2::FrameType;
using tern::test::FieldList;
using tern::test::FrameSocket;
using tern::test::ReceivedFrame;
using tern::test::value_of;
using test::Http1Client;

/// Its stream goes on only after the client has seen the metadata.
class Waiting final : public library::Library::AsyncService {
 public:
  Event seen;
  AsyncGenerator<library::Book> Watch(ServerContext& context, const library::WatchRequest& request) override {
    context.initial_metadata().add("x-first", "yes");
    // The metadata of this one come with its status.
    if (request.count() == 0) ServerContext::abort(StatusCode::kNotFound, "no books");
    context.send_initial_metadata();
    co_await seen.wait();
    if (request.status() != 0) ServerContext::abort(static_cast<StatusCode>(request.status()), "as asked");
    library::Book book;
    book.set_title("a");
    co_yield std::move(book);
  }
};

struct Asked {
  const char* name;
  std::string method;
  std::string target;
  FieldList fields;
  std::string body;
  std::string body_part;
};

/// A message of less than 256 bytes.
std::string envelope(const std::string& content) {
  return std::string(4, '\0') + static_cast<char>(content.size()) + content;
}

const std::string kMethod = "/tern.test.library.v1.Library/Watch";
const std::string kOneBook = R"({"count":1})";

std::vector<Asked> streams() {
  const std::string message = envelope(kOneBook);
  return {
      {"lines", "GET", "/v1/books:watch?count=1", {}, "", R"({"title":"a"})"},
      {"events", "GET", "/v1/books:watch?count=1", {{"accept", "text/event-stream"}}, "", R"(data: {"title":"a"})"},
      {"an error in lines", "GET", "/v1/books:watch?count=1&status=5", {}, "", R"({"error":{"code":5)"},
      {"an error in events",
       "GET",
       "/v1/books:watch?count=1&status=5",
       {{"accept", "text/event-stream"}},
       "",
       R"(data: {"code":5)"},
      {"Connect", "POST", kMethod, {{"content-type", "application/connect+json"}}, message, R"({"title":"a"})"},
      {"gRPC-Web", "POST", kMethod, {{"content-type", "application/grpc-web+json"}}, message, R"({"title":"a"})"},
  };
}

template <class Body>
void with_waiting(Body body) {
  const auto run = [](Body its_body) -> Task<void> {
    Waiting service;
    Site site;
    Server server;
    server.add_service(service);
    site.add_services(server);
    const std::uint16_t port = server.listen("127.0.0.1:0", {.http = &site});
    co_await its_body(port, service);
    co_await server.stop({.grace = std::chrono::hours{1}});
  };
  block_on(run(body));
}

/// A client of HTTP/1.1 that reads the head of a response alone.
class HeadFirst final : private Http1Client {
 public:
  using Http1Client::close;
  explicit HeadFirst(std::uint16_t port) : Http1Client(port) {}

  Task<void> send(const Asked& asked) {
    std::string text = asked.method + " " + asked.target + " HTTP/1.1\r\nhost: a\r\nconnection: close\r\n";
    for (const auto& [name, value] : asked.fields) text += name + ": " + value + "\r\n";
    if (!asked.body.empty()) text += "content-length: " + std::to_string(asked.body.size()) + "\r\n";
    co_await write(text + "\r\n" + asked.body);
  }
  Task<std::string> read_head() {
    std::string head;
    co_await boost::asio::async_read_until(socket(), boost::asio::dynamic_buffer(head), "\r\n\r\n", use_task);
    co_return head;
  }
  Task<std::string> read_rest() { return read_to_end(); }
};

TEST(InitialMetadata, GoOutBeforeTheFirstMessageOverHttp1) {
  with_waiting([](std::uint16_t port, Waiting& service) -> Task<void> {
    for (const Asked& each : streams()) {
      const ::testing::ScopedTrace trace{__FILE__, __LINE__, each.name};
      service.seen.clear();
      HeadFirst client{port};
      co_await client.send(each);
      const std::string head = co_await client.read_head();
      EXPECT_TRUE(head.starts_with("HTTP/1.1 200")) << head;
      EXPECT_NE(head.find("x-first: yes\r\n"), std::string::npos) << head;
      service.seen.set();
      const std::string rest = co_await client.read_rest();
      EXPECT_NE(rest.find(each.body_part), std::string::npos) << rest;
    }
  });
}

TEST(InitialMetadata, GoOutBeforeTheFirstMessageOverHttp2) {
  with_waiting([](std::uint16_t port, Waiting& service) -> Task<void> {
    FrameSocket client = co_await tern::test::connect_frames(port);
    std::uint32_t stream = 1;
    for (const Asked& each : streams()) {
      const ::testing::ScopedTrace trace{__FILE__, __LINE__, each.name};
      service.seen.clear();
      FieldList fields{{":method", each.method}, {":scheme", "http"}, {":path", each.target}, {":authority", "a"}};
      fields.insert(fields.end(), each.fields.begin(), each.fields.end());
      const std::uint8_t flags = each.body.empty() ? http2::flag::kEndStream : std::uint8_t{0};
      const http2::test::Bytes head = client.headers(stream, fields, flags);
      co_await client.write(head);
      if (!each.body.empty()) {
        const http2::test::Bytes body(each.body.begin(), each.body.end());
        const http2::test::Bytes frame = tern::test::data_frame(stream, body, http2::flag::kEndStream);
        co_await client.write(frame);
      }
      const ReceivedFrame answer = co_await client.read_until(FrameType::kHeaders);
      EXPECT_EQ(answer.header.stream, stream);
      EXPECT_FALSE(answer.header.has(http2::flag::kEndStream));
      const FieldList received = client.fields_of(answer);
      EXPECT_EQ(value_of(received, ":status"), "200");
      EXPECT_EQ(value_of(received, "x-first"), "yes");
      service.seen.set();
      std::string rest;
      for (bool ended = false; !ended;) {
        const ReceivedFrame data = co_await client.read_until(FrameType::kData);
        rest.append(data.payload.begin(), data.payload.end());
        ended = data.header.has(http2::flag::kEndStream);
      }
      EXPECT_NE(rest.find(each.body_part), std::string::npos) << rest;
      stream += 2;
    }
    {
      const FrameSocket closed = std::move(client);
    }
  });
}

TEST(InitialMetadata, ComeWithTheHttpStatusOfAStreamThatFailsAtOnce) {
  with_waiting([](std::uint16_t port, Waiting& /*service*/) -> Task<void> {
    Http1Client client{port};
    const test::Answer answer = co_await client.ask("GET", "/v1/books:watch");
    EXPECT_EQ(answer.result_int(), 404U);
    EXPECT_EQ(answer["x-first"], "yes");
    EXPECT_EQ(answer.body(), R"({"code":5,"message":"no books","details":[]})");
    client.close();
  });
}

}  // namespace
}  // namespace tern::rest

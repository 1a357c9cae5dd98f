// Requests that still run when a server's grace is over: 503 where no response has begun, in the form
// of the request's protocol; a response that has begun breaks off.
#include <gtest/gtest.h>

#include <atomic>
#include <map>
#include <string>
#include <vector>

#include "rest/any_client.h"
#include "rest/http_client.h"
#include "support/frame_socket.h"
#include "support/probe_service.h"

namespace tern::rest {
namespace {

using http2::FrameType;
using tern::test::FrameSocket;
using tern::test::ReceivedFrame;
using test::AnyClient;
using test::Ask;
using test::Http1Client;
using test::Reply;
using test::Version;

class Statuses final : public RequestObserver {
 public:
  std::map<unsigned, int> begun;  // by the status of their end; 0: not yet
  std::map<unsigned, int> ended;
  std::uint64_t bytes = 0;
  void on_request_begun(Request& /*request*/) override { ++begun[0]; }
  void on_request_ended(const EndedRequest& request) override {
    ++ended[request.status];
    bytes = request.bytes_sent;
  }
};

/// A server on one loop whose handlers say that they run, and end only when they are cancelled.
struct Ending {
  explicit Ending(ErrorResponse shape = {}) : site(options_of(std::move(shape))) {
    site.add_observer(statuses);
    add_routes();
    server.add_service(probe);
    site.add_services(server);
    port = server.listen("127.0.0.1:0", {.http = &site});
  }

  tern::test::ProbeService probe;
  Statuses statuses;
  Event running;
  Event never;
  std::atomic<bool> released = false;
  Site site;
  Server server;
  std::uint16_t port = 0;

 private:
  static SiteOptions options_of(ErrorResponse shape) {
    SiteOptions options;
    options.error_response = std::move(shape);
    return options;
  }
  Task<Response> hang() {
    running.set();
    co_await never.wait();
    co_return Response{204};
  }
  /// Goes on after its cancellation, as if nothing had happened.
  Task<Response> ignore() {
    try {
      co_await hang();
    } catch (const Cancelled&) {  // NOLINT(bugprone-empty-catch): it does not heed it
    }
    co_return Response{200, "text/plain", "too late"};
  }
  /// Cannot be cancelled until it is released.
  Task<Response> block() {
    running.set();
    co_await run_in_executor([this] { released.wait(false); });
    co_return Response{204};
  }
  AsyncGenerator<std::string> pieces(bool heeds) {
    std::string first{"first"};
    co_yield std::move(first);
    running.set();
    try {
      co_await never.wait();
    } catch (const Cancelled&) {
      if (heeds) throw;
    }
    std::string last{"last"};
    co_yield std::move(last);
  }
  void add_routes() {
    site.route("GET", "/hang", [this](Request&) { return hang(); });
    site.route("POST", "/hang", [this](Request&) { return hang(); });
    site.route("GET", "/ignore", [this](Request&) { return ignore(); });
    site.route("GET", "/block", [this](Request&) { return block(); });
    site.route("GET", "/stream",
               [this](Request&) -> Task<Response> { co_return Response::stream("text/plain", pieces(true)); });
    site.route("GET", "/stubborn",
               [this](Request&) -> Task<Response> { co_return Response::stream("text/plain", pieces(false)); });
  }
};

/// The client closes when it has its reply: a stop waits for that.
Task<void> ask_into(Version version, std::uint16_t port, const Ask& ask, Reply& reply) {
  AnyClient client{version, port};
  reply = co_await client.ask(ask);
}

/// Asks, stops the server without a grace when the handler runs, and gives what the client got.
Task<Reply> ask_and_stop(Ending& ending, Version version, Ask ask) {
  Reply reply;
  TaskGroup asking;
  asking.spawn(ask_into(version, ending.port, ask, reply));
  if (ask.target.starts_with("/tern.")) {
    co_await tern::test::until(ending.probe.running, 1);
  } else {
    co_await ending.running.wait();
  }
  co_await ending.server.stop();
  co_await asking.join();
  co_return reply;
}

struct Expected {
  const char* name;
  Ask ask;
  unsigned status;
  const char* body_part;
};

const std::string kHang = "/tern.test.v1.Probe/Hang";

const std::vector<Expected> kUnanswered{
    {"a route",
     {.method = "GET", .target = "/hang"},
     503,
     R"({"code":14,"message":"the server is shutting down","details":[]})"},
    {"a route whose handler goes on", {.method = "GET", .target = "/ignore"}, 503, "the server is shutting down"},
    {"a body that nobody reads", {.target = "/hang", .body = "unread"}, 503, "the server is shutting down"},
    {"HEAD", {.method = "HEAD", .target = "/hang"}, 503, ""},
    {"Connect",
     {.target = kHang, .fields = {{"content-type", "application/json"}}, .body = "{}"},
     503,
     R"({"code":"unavailable","message":"the server is shutting down"})"},
    {"gRPC-Web",
     {.target = kHang, .fields = {{"content-type", "application/grpc-web"}}, .body = std::string(5, '\0')},
     200,
     "grpc-status: 14\r\ngrpc-message: the server is shutting down"},
};

TEST(GraceEnd, Answers503WhereNoResponseHasBegun) {
  for (const Version version : {Version::kHttp1, Version::kHttp2}) {
    for (const Expected& each : kUnanswered) {
      const ::testing::ScopedTrace trace{__FILE__, __LINE__,
                                         std::string{each.name} + (version == Version::kHttp1 ? " /1.1" : " /2")};
      const auto run = [](Version its_version, const Expected& expected) -> Task<void> {
        Ending ending;
        const Reply reply = co_await ask_and_stop(ending, its_version, expected.ask);
        EXPECT_EQ(reply.status, expected.status);
        EXPECT_NE(reply.body.find(expected.body_part), std::string::npos) << reply.body;
        if (its_version == Version::kHttp1) {
          EXPECT_EQ(reply.get("connection"), "close");
        }
        EXPECT_EQ(ending.statuses.begun[0], 1);
        EXPECT_EQ(ending.statuses.ended[expected.status], 1) << "the observers see what the client got";
      };
      block_on(run(version, each));
    }
  }
}

TEST(GraceEnd, AnswersInTheSitesForm) {
  const auto run = [](Version version) -> Task<void> {
    Ending ending{
        [](const SiteError& error) { return Response::json(R"({"error":")" + error.status.details() + "\"}", 418); }};
    const Ask ask{.method = "GET", .target = "/hang"};  // not inside of the co_await (docs/architecture.md, g++ 12)
    const Reply reply = co_await ask_and_stop(ending, version, ask);
    EXPECT_EQ(reply.status, 503U);
    EXPECT_EQ(reply.body, R"({"error":"the server is shutting down"})");
  };
  block_on(run(Version::kHttp1));
  block_on(run(Version::kHttp2));
}

TEST(GraceEnd, AnswersAClientThatStillSendsItsBody) {
  const auto run = []() -> Task<void> {
    Ending ending;
    Http1Client client{ending.port};
    co_await client.write("POST /hang HTTP/1.1\r\nhost: a\r\ncontent-length: 1000\r\n\r\nhalf");
    co_await ending.running.wait();
    TaskGroup stopping;
    const auto stop = [](Server& server) -> Task<void> { co_await server.stop(); };
    stopping.spawn(stop(ending.server));
    const test::Answer answer = co_await client.read();
    EXPECT_EQ(answer.result_int(), 503U);
    EXPECT_EQ(answer["connection"], "close");
    client.close();
    co_await stopping.join();
  };
  block_on(run());
}

TEST(GraceEnd, BreaksOffAResponseThatHasBegunOverHttp1) {
  const auto run = [](const char* target) -> Task<void> {
    Ending ending;
    Http1Client client{ending.port};
    co_await client.write("GET " + std::string{target} + " HTTP/1.1\r\nhost: a\r\n\r\n");
    co_await ending.running.wait();
    co_await ending.server.stop();
    const std::string all = co_await client.read_to_end();
    EXPECT_NE(all.find("HTTP/1.1 200"), std::string::npos) << all;
    EXPECT_TRUE(all.ends_with("5\r\nfirst\r\n")) << all;
    EXPECT_EQ(ending.statuses.ended[200], 1);
    EXPECT_EQ(ending.statuses.bytes, 5U);
  };
  block_on(run("/stream"));
  block_on(run("/stubborn"));
}

http2::test::Bytes get(FrameSocket& client, std::uint32_t stream, const std::string& path) {
  return client.headers(stream, {{":method", "GET"}, {":scheme", "http"}, {":path", path}, {":authority", "a"}},
                        http2::flag::kEndStream);
}

TEST(GraceEnd, ResetsAStreamWhoseResponseHasBegunOverHttp2) {
  const auto run = [](const char* target) -> Task<void> {
    Ending ending;
    FrameSocket client = co_await tern::test::connect_frames(ending.port);
    const http2::test::Bytes request = get(client, 1, target);
    co_await client.write(request);
    co_await ending.running.wait();
    TaskGroup stopping;
    const auto stop = [](Server& server) -> Task<void> { co_await server.stop(); };
    stopping.spawn(stop(ending.server));
    std::string data;
    for (;;) {
      const ReceivedFrame frame = co_await client.read();
      if (frame.header.type == FrameType::kData) {
        data.append(frame.payload.begin(), frame.payload.end());
        EXPECT_FALSE(frame.header.has(http2::flag::kEndStream));
      }
      if (frame.header.type == FrameType::kResetStream) break;
    }
    EXPECT_EQ(data, "first");
    {
      const FrameSocket closed = std::move(client);
    }
    co_await stopping.join();
    EXPECT_EQ(ending.statuses.ended[200], 1);
  };
  block_on(run("/stream"));
  block_on(run("/stubborn"));
}

/// Releases a handler that cannot be cancelled, at the test's end at the latest.
class Release {
 public:
  explicit Release(std::atomic<bool>& released) : released_(released) {}
  Release(const Release&) = delete;
  Release& operator=(const Release&) = delete;
  ~Release() { now(); }
  void now() {
    released_ = true;
    released_.notify_all();
  }

 private:
  std::atomic<bool>& released_;
};

// The client made it before it knew of the stop.
TEST(GraceEnd, Answers503ToRequestsThatComeLater) {
  const auto run = []() -> Task<void> {
    Ending ending;
    FrameSocket client = co_await tern::test::connect_frames(ending.port);
    Release release{ending.released};
    const http2::test::Bytes first = get(client, 1, "/block");
    co_await client.write(first);
    co_await ending.running.wait();
    TaskGroup stopping;
    const auto stop = [](Server& server) -> Task<void> { co_await server.stop(); };
    stopping.spawn(stop(ending.server));
    const ReceivedFrame running = co_await client.read_until(FrameType::kHeaders);
    EXPECT_EQ(running.header.stream, 1U);
    EXPECT_EQ(tern::test::value_of(client.fields_of(running), ":status"), "503");
    const http2::test::Bytes later = get(client, 3, "/hang");
    co_await client.write(later);
    const ReceivedFrame refused = co_await client.read_until(FrameType::kHeaders);
    EXPECT_EQ(refused.header.stream, 3U);
    EXPECT_EQ(tern::test::value_of(client.fields_of(refused), ":status"), "503");
    release.now();
    {
      const FrameSocket closed = std::move(client);
    }
    co_await stopping.join();
    EXPECT_EQ(ending.statuses.begun[0], 2);
    EXPECT_EQ(ending.statuses.ended[503], 2);
  };
  block_on(run());
}

}  // namespace
}  // namespace tern::rest

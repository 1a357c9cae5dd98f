// Bodies and responses of HTTP/1.1 as time passes between their bytes: what is sent before the body was read, who is
// told to continue, which limits of time end a body.
#include "rest/http1_exchange.h"

#include <gtest/gtest.h>

#include <atomic>
#include <map>
#include <string>

#include "rest/http_client.h"

namespace tern::rest {
namespace {

using namespace std::chrono_literals;
using test::Answer;
using test::Http1Client;
using test::http::field;

std::atomic<bool> pieces_begun = false;

/// Begins after the response's head was sent.
AsyncGenerator<std::string> pieces_of_body(Request& request) {
  pieces_begun = true;
  while (std::optional<std::string> piece = co_await request.read()) {
    co_yield *std::move(piece);
  }
}

/// Rejections, and requests that reached the site.
struct Observed {
  std::map<Refusal, int> refusals = {};
  int requests = 0;
};

class Counter final : public RequestObserver {
 public:
  Observed observed;
  void on_request_begun(Request& /*request*/) override { ++observed.requests; }
  void on_request_ended(const EndedRequest& /*request*/) override {}
  void on_refused(const Refused& refused) override { ++observed.refusals[refused.why]; }
};

template <class Body>
Observed with_routes(Body body, SiteOptions options = {}) {
  Counter counter;
  const auto set_up = [&counter](Site& site, Server& /*server*/) {
    site.add_observer(counter);
    site.route("POST", "/read", [](Request& request) -> Task<Response> {
      std::string text = co_await request.body();
      co_return Response{200, "text/plain", std::move(text)};
    });
    site.route("POST", "/ignore", [](Request& /*request*/) -> Task<Response> { co_return Response{200}; });
    site.route("POST", "/pieces", [](Request& request) -> Task<Response> {
      co_return Response::stream("text/plain", pieces_of_body(request));
    });
    site.route("GET", "/host", [](Request& request) -> Task<Response> {
      co_return Response{200, "text/plain", std::string{request.fields.get("host").value_or("none")}};
    });
  };
  test::with_site(set_up, body, std::move(options));
  return counter.observed;
}

std::string post(std::string_view path, std::string_view fields) {
  return "POST " + std::string{path} + " HTTP/1.1\r\nHost: a\r\n" + std::string{fields} + "\r\n";
}

TEST(Http1Exchange, SkipsAShortBodyThatArrivesAfterTheResponse) {
  with_routes([](Http1Client& client) -> Task<void> {
    const Answer early = co_await client.send(post("/ignore", "Content-Length: 60\r\n"));
    EXPECT_TRUE(early.keep_alive());
    const std::string body = "GET /host HTTP/1.1\r\nHost: a\r\n\r\n";
    const Answer next = co_await client.send(body + std::string(60 - body.size(), ' ') + post("/read", ""));
    EXPECT_EQ(next.result_int(), 200U);
    EXPECT_EQ(next.body(), "");
  });
}

TEST(Http1Exchange, SaysCloseInTheHeadOfAResponseWhoseBodyWillNotBeRead) {
  const char* const fields[] = {
      "Content-Length: 1000000\r\n",
      "Transfer-Encoding: chunked\r\n",
      "Expect: 100-continue\r\nContent-Length: 2\r\n",
  };
  for (const char* its_fields : fields) {
    const Observed observed = with_routes([its_fields](Http1Client& client) -> Task<void> {
      const Answer early = co_await client.send(post("/ignore", its_fields));
      EXPECT_EQ(early.result_int(), 200U) << its_fields;
      EXPECT_FALSE(early.keep_alive()) << its_fields;
      co_await client.write("GET /host HTTP/1.1\r\nHost: a\r\n\r\n");
      const std::string rest = co_await client.read_to_end();
      EXPECT_EQ(rest, "") << its_fields;
    });
    EXPECT_EQ(observed.requests, 1) << its_fields;
  }
}

TEST(Http1Exchange, SaysCloseWhenABodyIsTooLongAndStillComing) {
  const Observed observed = with_routes(
      [](Http1Client& client) -> Task<void> {
        const Answer refused = co_await client.send(post("/read", "Content-Length: 200000\r\n") + "longer than it");
        EXPECT_EQ(refused.result_int(), 413U);
        EXPECT_FALSE(refused.keep_alive());
      },
      {.max_body_length = 10});
  EXPECT_EQ(observed.requests, 1);
}

TEST(Http1Exchange, TellsTheClientToContinueBeforeTheHeadOfPieces) {
  with_routes([](Http1Client& client) -> Task<void> {
    co_await client.write(post("/pieces", "Expect: 100-continue\r\nContent-Length: 2\r\n"));
    const Answer go_on = co_await client.read(false);
    EXPECT_EQ(go_on.result_int(), 100U);
    const Answer answer = co_await client.send("hi");
    EXPECT_EQ(answer.result_int(), 200U);
    EXPECT_EQ(answer.body(), "hi");
    const Answer next = co_await client.ask("POST", "/read", "x");
    EXPECT_EQ(next.body(), "x");
  });
}

TEST(Http1Exchange, ReadsOnForPiecesThoughTheConnectionCloses) {
  pieces_begun = false;
  with_routes([](Http1Client& client) -> Task<void> {
    co_await client.write(post("/pieces", "Transfer-Encoding: chunked\r\n"));
    while (!pieces_begun) co_await sleep(1ms);
    const Answer answer = co_await client.send("2\r\nhi\r\n3\r\n, a\r\n0\r\n\r\n");
    EXPECT_EQ(answer.body(), "hi, a");
    EXPECT_FALSE(answer.keep_alive());
    const std::string rest = co_await client.read_to_end();
    EXPECT_EQ(rest, "");
  });
}

TEST(Http1Exchange, GivesChunkExtensionsNoMoreTimeThanAPieceOfTheBody) {
  const Observed observed = with_routes(
      [](Http1Client& client) -> Task<void> {
        const auto dribble = [](Http1Client& its_client) -> Task<void> {
          for (;;) {
            co_await sleep(5ms);
            co_await its_client.write("x");
          }
        };
        co_await client.write(post("/read", "Transfer-Encoding: chunked\r\n") + "1;");
        TaskGroup group;
        group.spawn(dribble(client));
        const Answer late = co_await client.read();
        EXPECT_EQ(late.result_int(), 408U);
        EXPECT_FALSE(late.keep_alive());
      },
      {.read_timeout = 50ms});
  EXPECT_EQ(observed.refusals.at(Refusal::kStalled), 1);
}

TEST(Http1Exchange, NotifiesObserversOfMalformedBodiesAndLongTrailers) {
  const auto refusals_of = [](const std::string& body) {
    return with_routes([&body](Http1Client& client) -> Task<void> {
             const Answer answer = co_await client.send(post("/read", "Transfer-Encoding: chunked\r\n") + body);
             EXPECT_FALSE(answer.keep_alive());
           })
        .refusals;
  };
  EXPECT_EQ(refusals_of("zz\r\n"), (std::map<Refusal, int>{{Refusal::kProtocol, 1}}));
  EXPECT_EQ(refusals_of("0\r\nX: " + std::string(20'000, 'x')), (std::map<Refusal, int>{{Refusal::kHeaders, 1}}));
}

TEST(Http1Exchange, TakesTheHostOfTheAbsoluteForm) {
  with_routes([](Http1Client& client) -> Task<void> {
    const Answer absolute = co_await client.ask("GET", "http://b:81/host");
    EXPECT_EQ(absolute.body(), "b:81");
    const Answer origin = co_await client.ask("GET", "/host");
    EXPECT_EQ(origin.body(), "a");
  });
}

// Without a length of its own, a HEAD's response says none: it would be GET's (RFC 9110 §8.6).
TEST(Http1Exchange, SaysNoLengthForAHeadOfPieces) {
  test::with_site(
      [](Site& site, Server& /*server*/) {
        site.route("GET", "/pieces", [](Request& request) -> Task<Response> {
          co_return Response::stream("text/plain", pieces_of_body(request));
        });
      },
      [](Http1Client& client) -> Task<void> {
        co_await client.write("HEAD /pieces HTTP/1.1\r\nHost: a\r\n\r\n");
        const Answer answer = co_await client.read(false);
        EXPECT_EQ(answer.result_int(), 200U);
        EXPECT_EQ(answer.count(field::content_length), 0U);
      });
}

}  // namespace
}  // namespace tern::rest

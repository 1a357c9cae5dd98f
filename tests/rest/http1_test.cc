#include <gtest/gtest.h>

#include <atomic>
#include <map>
#include <stdexcept>
#include <string>

#include "rest/http_client.h"
#include "support/captured_log.h"
#include "support/half_request.h"

namespace tern::rest {
namespace {

using namespace std::chrono_literals;
using test::Answer;
using test::Http1Client;
using test::http::field;

Task<Response> health(Request& /*request*/) { co_return Response::json(R"({"status":"ok"})"); }
Task<Response> echo(Request& request) {
  const std::string body = co_await request.body();
  co_await sleep(1ms);
  std::string text = request.method + " " + request.target + " " + body;
  co_return Response{200, "text/plain", std::move(text)};
}
Task<Response> fail(Request& /*request*/) {
  throw std::runtime_error("secret");
  co_return Response{};
}
Task<Response> ignore_body(Request& /*request*/) { co_return Response{200, "text/plain", "unread"}; }
Task<Response> user(Request& request) {
  std::string text = request.path_parameters.at("id");
  for (const auto& [name, value] : request.query_parameters()) text += "," + name + "=" + value;
  co_return Response{200, "text/plain", std::move(text)};
}

AsyncGenerator<std::string> numbers() {
  for (int i = 0; i < 3; ++i) {
    co_await sleep(1ms);
    std::string piece = std::to_string(i) + ";";
    co_yield std::move(piece);
  }
}
Task<Response> count(Request& /*request*/) { co_return Response::stream("text/plain", numbers()); }

bool hang_was_left = false;
struct Left {
  ~Left() { hang_was_left = true; }
};
Task<Response> hang(Request& /*request*/) {
  const Left left;
  co_await sleep(1h);
  co_return Response{};
}

void add_http1_routes(Site& site, Server& /*server*/) {
  site.route("GET", "/health", health);
  site.route("POST", "/echo", echo);
  site.route("GET", "/fail", fail);
  site.route("POST", "/ignore", ignore_body);
  site.route("GET", "/users/{id}", user);
  site.route("GET", "/count", count);
  site.route("GET", "/hang", hang);
  site.route("GET", "/bad-field", [](Request& /*request*/) -> Task<Response> {
    Response response;
    response.fields.add("x-injected", "a\r\nset-cookie: b");
    co_return response;
  });
}

template <class Body>
void with_http1_routes(Body body, SiteOptions options = {}) {
  test::with_site(add_http1_routes, body, std::move(options));
}

TEST(Http1, AnswersSeveralRequestsOnOneConnection) {
  with_http1_routes([](Http1Client& client) -> Task<void> {
    for (int i = 0; i < 3; ++i) {
      const Answer answer = co_await client.ask("GET", "/health?x=1");
      EXPECT_EQ(answer.result_int(), 200U);
      EXPECT_EQ(answer.body(), R"({"status":"ok"})");
      EXPECT_EQ(answer[field::content_type], "application/json");
      EXPECT_NE(answer[field::date], "");
    }
    const Answer posted = co_await client.ask("POST", "/echo", "hi");
    EXPECT_EQ(posted.body(), "POST /echo hi");
  });
}

TEST(Http1, BytesMayComeOneByOneOrManyRequestsAtOnce) {
  with_http1_routes([](Http1Client& client) -> Task<void> {
    const std::string request = "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nhi";
    for (const char letter : request) co_await client.write(std::string(1, letter));
    const Answer slow = co_await client.read();
    EXPECT_EQ(slow.body(), "POST /echo hi");
    co_await client.write(request + request + request);
    for (int i = 0; i < 3; ++i) {
      const Answer answer = co_await client.read();
      EXPECT_EQ(answer.body(), "POST /echo hi");
    }
  });
}

TEST(Http1, ChunkedBodiesBothWays) {
  with_http1_routes([](Http1Client& client) -> Task<void> {
    const std::string request =
        "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n3;x=y\r\n, a\r\n0\r\n\r\n";
    const Answer posted = co_await client.send(request);
    EXPECT_EQ(posted.body(), "POST /echo hi, a");
    const Answer counted = co_await client.ask("GET", "/count");
    EXPECT_TRUE(counted.chunked());
    EXPECT_EQ(counted.body(), "0;1;2;");
  });
}

TEST(Http1, HeadHasTheHeadAlone) {
  with_http1_routes([](Http1Client& client) -> Task<void> {
    co_await client.write("HEAD /health HTTP/1.1\r\nHost: a\r\n\r\n");
    const Answer answer = co_await client.read(false);
    EXPECT_EQ(answer.result_int(), 200U);
    EXPECT_EQ(answer[field::content_length], "15");
    const Answer next = co_await client.ask("GET", "/health");
    EXPECT_EQ(next.result_int(), 200U);
  });
}

TEST(Http1, AClientThatAsksFirstIsToldToContinue) {
  with_http1_routes([](Http1Client& client) -> Task<void> {
    co_await client.write("POST /echo HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n");
    const Answer go_on = co_await client.read(false);
    EXPECT_EQ(go_on.result_int(), 100U);
    const Answer answer = co_await client.send("hi");
    EXPECT_EQ(answer.body(), "POST /echo hi");
  });
}

TEST(Http1, OldClientsGetTheirAnswerAndTheEnd) {
  with_http1_routes([](Http1Client& client) -> Task<void> {
    co_await client.write("GET /count HTTP/1.0\r\n\r\n");
    const std::string all = co_await client.read_to_end();
    EXPECT_NE(all.find("connection: close"), std::string::npos);
    EXPECT_TRUE(all.ends_with("\r\n\r\n0;1;2;")) << all;
  });
}

TEST(Http1, WhatIsLeftOfABodyIsNoRequest) {
  with_http1_routes([](Http1Client& client) -> Task<void> {
    const Answer unread = co_await client.ask("POST", "/ignore", "GET /health HTTP/1.1\r\nHost: a\r\n\r\n");
    EXPECT_EQ(unread.body(), "unread");
    const Answer next = co_await client.ask("POST", "/echo", "x");
    EXPECT_EQ(next.body(), "POST /echo x");
    // More than is worth reading: the connection ends, but not before the client has its answer.
    const Answer last = co_await client.ask("POST", "/ignore", std::string(6 << 20, 'x'));
    EXPECT_EQ(last.body(), "unread");
    const std::string rest = co_await client.read_to_end();
    EXPECT_EQ(rest, "");
  });
}

TEST(Http1, PathsHaveParametersAndQueries) {
  with_http1_routes([](Http1Client& client) -> Task<void> {
    const Answer answer = co_await client.ask("GET", "/users/a%2Fb%20c?x=1+2&y=%C3%A9&z");
    EXPECT_EQ(answer.body(), "a/b c,x=1 2,y=\u00e9,z=");
    const Answer absolute = co_await client.ask("GET", "http://host/users/7");
    EXPECT_EQ(absolute.body(), "7");
    const Answer broken = co_await client.ask("GET", "/users/%zz");
    EXPECT_EQ(broken.result_int(), 400U);
  });
}

TEST(Http1, UnknownPathsAndMethods) {
  with_http1_routes([](Http1Client& client) -> Task<void> {
    const Answer missing = co_await client.ask("GET", "/nothing");
    EXPECT_EQ(missing.result_int(), 404U);
    EXPECT_EQ(missing.body(), R"({"code":5,"message":"nothing is at /nothing","details":[]})");
    const Answer wrong = co_await client.ask("DELETE", "/health");
    EXPECT_EQ(wrong.result_int(), 405U);
    EXPECT_EQ(wrong[field::allow], "GET, HEAD");
  });
}

TEST(Http1, AHandlerThatThrowsIs500AndTellsNoSecrets) {
  with_http1_routes([](Http1Client& client) -> Task<void> {
    const Answer failed = co_await client.ask("GET", "/fail");
    EXPECT_EQ(failed.result_int(), 500U);
    EXPECT_EQ(failed.body().find("secret"), std::string::npos);
    const Answer injected = co_await client.ask("GET", "/bad-field");
    EXPECT_EQ(injected.result_int(), 500U);
    EXPECT_EQ(injected.count("set-cookie"), 0U);
  });
}

TEST(Http1, RefusesWhatIsTooLarge) {
  with_http1_routes(
      [](Http1Client& client) -> Task<void> {
        const Answer answer = co_await client.ask("POST", "/echo", std::string(100, 'b'));
        EXPECT_EQ(answer.result_int(), 413U);
        const Answer next = co_await client.ask("GET", "/health");
        EXPECT_EQ(next.result_int(), 200U);
      },
      {.max_body_length = 10});
  with_http1_routes([](Http1Client& client) -> Task<void> {
    const Answer answer = co_await client.ask("GET", "/health", {}, "X: " + std::string(20'000, 'h') + "\r\n");
    EXPECT_EQ(answer.result_int(), 431U);
  });
}

// Each is answered with 400 and the end of the connection.
TEST(Http1, RefusesWhatIsBroken) {
  const char* const broken[] = {
      "this is no request\r\n\r\n",
      "GET /health HTTP/1.1\r\n\r\n",
      "GET /health HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
      "GET /health HTTP/1.1\r\nHost: a\r\nX : y\r\n\r\n",
      "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nhi",
      "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
      "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n",
      "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n",
  };
  for (const char* request : broken) {
    with_http1_routes([request](Http1Client& client) -> Task<void> {
      const std::string text{request};
      const Answer answer = co_await client.send(text);
      EXPECT_EQ(answer.result_int(), 400U) << text;
      EXPECT_FALSE(answer.keep_alive()) << text;
      const std::string rest = co_await client.read_to_end();
      EXPECT_EQ(rest, "") << text;
    });
  }
}

TEST(Http1, AClientThatLeavesCancelsItsHandler) {
  hang_was_left = false;
  with_http1_routes([](Http1Client& client) -> Task<void> {
    co_await client.write("GET /hang HTTP/1.1\r\nHost: a\r\n\r\n");
    co_await sleep(20ms);
    EXPECT_FALSE(hang_was_left);
    client.close();
    // Without it, the server's stop would wait for an hour.
  });
  EXPECT_TRUE(hang_was_left);
}

TEST(Http1, SlowHeadsAndBodiesEnd) {
  with_http1_routes(
      [](Http1Client& client) -> Task<void> {
        co_await client.write("GET /health HTTP/1.1\r\n");
        const std::string rest = co_await client.read_to_end();
        EXPECT_EQ(rest, "");
      },
      {.read_timeout = 20ms});
  with_http1_routes(
      [](Http1Client& client) -> Task<void> {
        const Answer answer = co_await client.send("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nhi");
        EXPECT_EQ(answer.result_int(), 408U);
      },
      {.read_timeout = 20ms});
}

TEST(Http1, AHeadThatComesByteByByteHasNoMoreTime) {
  with_http1_routes(
      [](Http1Client& client) -> Task<void> {
        const auto dribble = [](Http1Client& its_client) -> Task<void> {
          co_await its_client.write("GET /health HTTP/1.1\r\nX: ");
          for (;;) {
            co_await sleep(5ms);
            co_await its_client.write("x");
          }
        };
        TaskGroup group;
        group.spawn(dribble(client));
        const std::string rest = co_await client.read_to_end();
        EXPECT_EQ(rest, "");
      },
      {.read_timeout = 50ms});
}

/// Counts what was refused.
class Refusals final : public RequestObserver {
 public:
  std::map<Refusal, int> counts;
  void on_request_begun(Request& /*request*/) override {}
  void on_request_ended(const EndedRequest& /*request*/) override {}
  void on_refused(const Refused& refused) override { ++counts[refused.why]; }
};

TEST(Http1, WhatIsRefusedIsTold) {
  Refusals refusals;
  const auto observed = [&refusals](Site& site, Server& server) {
    add_http1_routes(site, server);
    site.add_observer(refusals);
  };
  const auto ask = [&](std::string request) {
    test::with_site(observed,
                    [&](Http1Client& client) -> Task<void> {
                      co_await client.write(request);
                      co_await client.read_to_end();
                    },
                    {.max_body_length = 10, .read_timeout = 20ms});
  };
  ask("GET /health HTTP/1.1\r\n");
  EXPECT_EQ(refusals.counts[Refusal::kHandshake], 1);
  ask("nonsense\r\n\r\n");
  EXPECT_EQ(refusals.counts[Refusal::kProtocol], 1);
  ask("GET /health HTTP/1.1\r\nHost: a\r\nX: " + std::string(20'000, 'h') + "\r\n\r\n");
  EXPECT_EQ(refusals.counts[Refusal::kHeaders], 1);
  ask("POST /echo HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: 20\r\n\r\n" + std::string(20, 'b'));
  EXPECT_EQ(refusals.counts[Refusal::kMessages], 1);
  ask("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nhi");
  EXPECT_EQ(refusals.counts[Refusal::kStalled], 1);
}

/// How often a body too long was told, and logged.
class TooLong final : public RequestObserver {
 public:
  void on_request_begun(Request& /*request*/) override {}
  void on_request_ended(const EndedRequest& /*request*/) override { ++ended; }
  void on_refused(const Refused& refused) override { told += refused.why == Refusal::kMessages ? 1 : 0; }
  [[nodiscard]] std::size_t logged() const {
    std::size_t lines = 0;
    const std::string text = log_.text();
    for (std::size_t at = 0; (at = text.find("a body too long (max_body_length)", at)) != std::string::npos; ++at)
      ++lines;
    return lines;
  }

  std::atomic<int> told = 0;
  std::atomic<int> ended = 0;

 private:
  tern::test::CapturedLog log_;
};

template <class Ask>
void expect_told_three_times_and_logged_once(Ask ask) {
  TooLong too_long;
  test::with_site(
      [&too_long](Site& site, Server& server) {
        add_http1_routes(site, server);
        site.add_observer(too_long);
      },
      [&](Http1Client& client) -> Task<void> {
        co_await ask(client);
        while (too_long.ended < 3) co_await sleep(1ms);
        client.close();  // it would not answer the server's last PING
      },
      {.max_body_length = 10});
  EXPECT_EQ(too_long.told, 3);
  EXPECT_EQ(too_long.logged(), 1U);
}

TEST(Http1, BodiesTooLongAreToldEachTimeAndLoggedOncePerConnection) {
  expect_told_three_times_and_logged_once([](Http1Client& client) -> Task<void> {
    for (int i = 0; i < 3; ++i) {
      const Answer answer = co_await client.ask("POST", "/echo", std::string(20, 'b'));
      EXPECT_EQ(answer.result_int(), 413U);
    }
  });
}

TEST(Http2, BodiesTooLongAreToldEachTimeAndLoggedOncePerConnection) {
  expect_told_three_times_and_logged_once([](Http1Client& client) -> Task<void> {
    co_await client.write(tern::test::HalfRequests{"/echo", "text/plain"}.of_a_body(20, 3));
  });
}

TEST(Http1, StopsWhileAConnectionIsIdle) {
  with_http1_routes([](Http1Client& client) -> Task<void> {
    const Answer answer = co_await client.ask("GET", "/health");
    EXPECT_EQ(answer.result_int(), 200U);
  });
}

TEST(Http1, CorsAsConfigured) {
  SiteOptions options;
  options.cors.origins = {"https://good.example"};
  with_http1_routes(
      [](Http1Client& client) -> Task<void> {
        const Answer good = co_await client.ask("GET", "/health", {}, "Origin: https://good.example\r\n");
        EXPECT_EQ(good["access-control-allow-origin"], "https://good.example");
        EXPECT_EQ(good[field::vary], "origin");
        const Answer bad = co_await client.ask("GET", "/health", {}, "Origin: https://bad.example\r\n");
        EXPECT_EQ(bad.count("access-control-allow-origin"), 0U);
        const Answer preflight =
            co_await client.ask("OPTIONS", "/echo", {},
                                "Origin: https://good.example\r\nAccess-Control-Request-Method: POST\r\n"
                                "Access-Control-Request-Headers: content-type\r\n");
        EXPECT_EQ(preflight.result_int(), 204U);
        EXPECT_EQ(preflight["access-control-allow-methods"], "POST");
        EXPECT_EQ(preflight["access-control-allow-headers"], "content-type");
      },
      options);
  options.cors.origins = {"*"};
  options.cors.credentials = true;
  EXPECT_THROW(with_http1_routes([](Http1Client& /*client*/) -> Task<void> { co_return; }, options),
               std::invalid_argument);
}

TEST(Http1, FilesAreSentOnceAndAskedForAgain) {
  static const EmbeddedFile kFiles[] = {{"index.html", "<p>hello</p>"}, {"js/a.js", "let a;"}};
  test::with_site([](Site& site, Server& /*server*/) { site.add_files("/pages", kFiles); },
                  [](Http1Client& client) -> Task<void> {
                    const Answer page = co_await client.ask("GET", "/pages/");
                    EXPECT_EQ(page.body(), "<p>hello</p>");
                    EXPECT_EQ(page[field::content_type], "text/html; charset=utf-8");
                    const Answer script = co_await client.ask("GET", "/pages/js/a.js");
                    EXPECT_EQ(script.body(), "let a;");
                    const std::string tag{script[field::etag]};
                    const Answer again =
                        co_await client.ask("GET", "/pages/js/a.js", {}, "If-None-Match: " + tag + "\r\n");
                    EXPECT_EQ(again.result_int(), 304U);
                    const Answer moved = co_await client.ask("GET", "/pages");
                    EXPECT_EQ(moved[field::location], "/pages/");
                  });
}

TEST(Http1, ARouteTwiceIsAnError) {
  const auto body = []() -> Task<void> {
    Site site;
    site.route("GET", "/health", health);
    EXPECT_THROW(site.route("GET", "/health", health), std::invalid_argument);
    EXPECT_THROW(site.route("GET", "health", health), std::invalid_argument);
    co_return;
  };
  block_on(body());
}

}  // namespace
}  // namespace tern::rest

// Routes whose handlers throw anything, answer with statuses that no response has, or stop in the middle of a body, and
// observers that throw: each is an error of its own request, over HTTP/1.1 and HTTP/2 alike.
#include <gtest/gtest.h>

#include <chrono>
#include <functional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "rest/with_notes.h"
#include "support/captured_log.h"
#include "support/message_of.h"
#include "support/thrower.h"
#include "tern/rest/client.h"
#include "tern/rest/site.h"

namespace tern::rest {
namespace {

using tern::test::kAllThrown;
using tern::test::throw_it;
using tern::test::Thrown;
using test::Case;
using test::Reply;

Task<Response> throw_in_coroutine(Thrown what) {
  co_await sleep(std::chrono::milliseconds{1});
  throw_it(what);
  co_return Response{200, "text/plain", "nothing thrown"};
}

AsyncGenerator<std::string> pieces_that_end_with(Thrown what) {
  co_yield std::string{"a piece"};
  co_await sleep(std::chrono::milliseconds{1});
  throw_it(what);
}

Task<Response> stream(Thrown what) { co_return Response::stream("text/plain", pieces_that_end_with(what)); }
Task<Response> with_status(unsigned status) { co_return Response{status, "text/plain", "a body"}; }
Task<Response> with_error(unsigned status) {
  throw HttpError{status, "not today"};
  co_return Response{200};
}

std::string path_of(const char* folder, Thrown what) {
  return std::string{folder} + std::to_string(static_cast<int>(what));
}

constexpr unsigned kOddStatuses[] = {0, 1, 99, 100, 101, 103, 199, 600, 999, 1000, 4294967295U};

Task<Response> read_body(Request& request) {
  const std::string body = co_await request.body();
  co_return Response{200, "text/plain", body};
}

void add_routes(Site& site) {
  site.route("POST", "/read", read_body);
  site.route("GET", "/good", [](Request& /*request*/) { return with_status(200); });
  for (const Thrown what : kAllThrown) {
    site.route("GET", path_of("/throw/", what), [what](Request& /*request*/) { return throw_in_coroutine(what); });
    site.route("GET", path_of("/at-once/", what), [what](Request& /*request*/) {
      throw_it(what);
      return with_status(200);
    });
    site.route("GET", path_of("/pieces/", what), [what](Request& /*request*/) { return stream(what); });
  }
  for (const unsigned status : kOddStatuses) {
    site.route("GET", "/status/" + std::to_string(status),
               [status](Request& /*request*/) { return with_status(status); });
    site.route("GET", "/error/" + std::to_string(status),
               [status](Request& /*request*/) { return with_error(status); });
  }
}

test::Ask get(std::string target) { return {.method = "GET", .target = std::move(target)}; }

/// A response that begins with a piece and then fails. HTTP/1.1 closes the connection, HTTP/2 resets the stream.
Task<void> break_off(std::uint16_t port, Thrown what) {
  const test::Ask ask = get(path_of("/pieces/", what));
  test::AnyClient http1{test::Version::kHttp1, port};
  bool broken = false;
  try {
    co_await http1.ask(ask);
  } catch (const boost::system::system_error&) {
    broken = true;
  }
  EXPECT_TRUE(broken);
  test::AnyClient http2{test::Version::kHttp2, port};
  const Reply reply = co_await http2.ask(ask);
  EXPECT_NE(reply.body, "nothing thrown");
  const test::Ask other = get("/good");
  test::AnyClient next{test::Version::kHttp2, port};
  const Reply good = co_await next.ask(other);
  EXPECT_EQ(good.status, 200U);
}

TEST(HandlerMistakes, ExceptionsOfEveryTypeAreAnsweredWith500) {
  const tern::test::CapturedLog log;
  std::vector<Case> cases;
  for (const Thrown what : kAllThrown) {
    if (what == Thrown::kCancelled) continue;  // the end of its request: nothing is sent
    cases.push_back({.name = tern::test::name_of(what), .ask = get(path_of("/throw/", what)), .status = 500});
    cases.push_back({.name = tern::test::name_of(what), .ask = get(path_of("/at-once/", what)), .status = 500});
    cases.push_back({.name = "the server goes on", .ask = get("/good")});
  }
  test::expect_in_both_versions(cases, {.set_up = add_routes});
  EXPECT_NE(log.text().find("an object that is not a std::exception"), std::string::npos) << log.text();
}

TEST(HandlerMistakes, StatusesThatNoResponseHasAreAnsweredWith500) {
  const tern::test::CapturedLog log;
  std::vector<Case> cases;
  for (const unsigned status : kOddStatuses) {
    const std::string text = std::to_string(status);
    cases.push_back({.name = text, .ask = get("/status/" + text), .status = 500});
    cases.push_back({.name = text, .ask = get("/error/" + text), .status = 500});
  }
  test::expect_in_both_versions(cases, {.set_up = add_routes});
  EXPECT_NE(log.text().find("status 4294967295, which is not between 200 and 599"), std::string::npos) << log.text();
}

TEST(HandlerMistakes, BreakOffTheResponseWhenItsPiecesThrow) {
  for (const Thrown what : kAllThrown) {
    const ::testing::ScopedTrace trace{__FILE__, __LINE__, tern::test::name_of(what)};
    test::with_notes({.set_up = add_routes}, [what](std::uint16_t port) { return break_off(port, what); });
  }
}

class ThrowingObserver final : public RequestObserver {
 public:
  explicit ThrowingObserver(Thrown what) : what_(what) {}
  void on_request_begun(Request& /*request*/) override { throw_it(what_); }
  void on_request_ended(const EndedRequest& /*request*/) override { throw_it(what_); }
  void on_refused(const Refused& /*refused*/) override { throw_it(what_); }

 private:
  Thrown what_;
};

TEST(HandlerMistakes, ChangeNothingWhenAnObserverThrows) {
  const tern::test::CapturedLog log;
  for (const Thrown what : kAllThrown) {
    const ::testing::ScopedTrace trace{__FILE__, __LINE__, tern::test::name_of(what)};
    ThrowingObserver throwing{what};
    const auto set_up = [&throwing](Site& site) {
      site.add_observer(throwing);
      add_routes(site);
    };
    test::expect_in_both_versions(
        {{.name = "good", .ask = get("/good")},
         {.name = "missing", .ask = get("/missing"), .status = 404},
         {.name = "refused", .ask = {.target = "/read", .body = std::string(1000, 'x')}, .status = 413}},
        {.site = {.max_body_length = 100}, .set_up = set_up});
  }
}

/// An option whose value makes no sense, and the sentence about it.
struct BadOption {
  std::function<void()> give;
  std::string sentence;
};

TEST(RestOptions, RejectsValuesThatMakeNoSense) {
  const std::vector<BadOption> bad_options{
      {[] { const Site site{{.max_header_length = 0}}; },
       "SiteOptions::max_header_length is 0: every request would be rejected"},
      {[] { const Site site{{.max_body_length = 0}}; },
       "SiteOptions::max_body_length is 0: every request with a body would be rejected"},
      {[] { const Site site{{.read_timeout = std::chrono::seconds{0}}}; },
       "SiteOptions::read_timeout is 0 s: it must be longer than 0"},
      {[] { const Client client{{.timeout = std::chrono::seconds{0}}}; },
       "rest::ClientOptions::timeout is 0 s: it must be longer than 0"},
      {[] { const Client client{{.max_connections_per_host = 0}}; },
       "rest::ClientOptions::max_connections_per_host is 0: no request could be made"},
  };
  for (const BadOption& bad : bad_options) {
    EXPECT_EQ(tern::test::message_of<std::invalid_argument>(bad.give), bad.sentence);
  }
}

}  // namespace
}  // namespace tern::rest

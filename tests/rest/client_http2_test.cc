// The client's use of HTTP/2: when it is spoken, which requests share a connection, and what a scripted server does to
// it. client_test.cc has the tests of each version of HTTP.
#include <gtest/gtest.h>

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "http2/defaults.h"
#include "rest/client_site.h"
#include "support/frame_socket.h"
#include "support/port_of.h"
#include "support/tls_proxy.h"

namespace tern::rest {
namespace {

using namespace std::chrono_literals;
using http2::ErrorCode;
using http2::FrameType;
using http2::test::operator+;
using http2::test::Bytes;
using tern::test::FrameSocket;
using tern::test::ReceivedFrame;
using tern::test::ScriptedServer;
using tern::test::TlsProxy;
using test::Carrier;
using test::Reach;

constexpr std::uint8_t kEndStream = http2::flag::kEndStream;

Bytes reset(std::uint32_t stream, ErrorCode code) {
  return http2::test::frame(FrameType::kResetStream, 0, stream, http2::test::u32(static_cast<std::uint32_t>(code)));
}
Bytes go_away(std::uint32_t last_stream, ErrorCode code = ErrorCode::kNoError) {
  return http2::test::frame(FrameType::kGoAway, 0, 0,
                            http2::test::u32(last_stream) + http2::test::u32(static_cast<std::uint32_t>(code)));
}

/// A response's head, or a part of one. Made outside of coroutines: g++ 12 does not take initialiser lists there.
Bytes head(FrameSocket& frames, std::uint32_t stream, const std::string& status, std::uint8_t flags = 0) {
  return frames.headers(stream, {{":status", status}}, flags);
}
Bytes trailers(FrameSocket& frames, std::uint32_t stream) {
  return frames.headers(stream, {{"x-trailer", "ignored"}}, kEndStream);
}
Fields fields_for_http1_and_others() {
  return {{"Host", "example.org"},       {"Connection", "close"}, {"Keep-Alive", "1"},
          {"Proxy-Connection", "x"},     {"Upgrade", "x"},        {"TE", "gzip"},
          {"X-Blanks", " \t in\tside "}, {"Cookie", "a=1"},       {"Cookie", "b=2"}};
}

/// A server of HTTP/2 under the test's hand behind TLS, and clients of it.
class Scripted {
 public:
  ScriptedServer server;
  TlsProxy proxy{test::ClientCertificates::instance().files, {{"h2", server.port()}}};

  [[nodiscard]] static ClientOptions options(ClientOptions with = {}) {
    with.tls = &test::ClientCertificates::instance().client;
    return with;
  }
};

/// Runs `body(scripted)`.
template <class Body>
void scripted(Body body) {
  const auto run = [](Body its_body) -> Task<void> {
    Scripted scripted;
    co_await its_body(scripted);
  };
  block_on(run(body));
}

/// Sends a request in a job of its own, and keeps what came of it.
class Asked {
 public:
  Asked(Client& client, ClientRequest request) { group_.spawn(ask(client, std::move(request))); }
  Asked(Client& client, std::string url) : Asked(client, ClientRequest{"GET", std::move(url)}) {}

  Task<void> end() { co_await group_.join(); }
  void cancel() { group_.cancel(); }

  unsigned status = 0;
  std::string body;
  std::string failure;

 private:
  Task<void> ask(Client& client, ClientRequest request) {
    try {
      const ClientResponse response = co_await client.send(std::move(request));
      status = response.status;
      body = response.body;
    } catch (const ClientError& error) {
      failure = error.what();
    }
  }
  TaskGroup group_;
};

/// Sends a first request, and answers it with 200 on the connection that it returns, whose server has these settings.
Task<FrameSocket> answer_one(Client& client, Scripted& scripted, http2::test::Bytes settings = {}) {
  Asked first{client, scripted.proxy.url()};
  FrameSocket frames = co_await scripted.server.accept(std::move(settings));
  co_await frames.read_until(FrameType::kHeaders);
  co_await frames.write(head(frames, 1, "200", kEndStream));
  co_await first.end();
  co_return frames;
}

/// Returns the error of a client whose only request is answered with these frames.
template <class Answer>
std::string failure_of_answer(Answer answer, ClientOptions options = {}) {
  std::string failure;
  const auto run = [](Answer its_answer, ClientOptions its_options, std::string& its_failure) -> Task<void> {
    Scripted scripted;
    Client client{Scripted::options(its_options)};
    Asked asked{client, scripted.proxy.url()};
    FrameSocket frames = co_await scripted.server.accept();
    co_await frames.read_until(FrameType::kHeaders);
    co_await frames.write(its_answer(frames));
    co_await asked.end();
    its_failure = asked.failure.substr(asked.failure.find(": ") + 2);
  };
  block_on(run(answer, options, failure));
  return failure;
}

ClientRequest post(const Scripted& scripted, std::string body) {
  ClientRequest request{"POST", scripted.proxy.url() + "/"};
  request.body = std::move(body);
  return request;
}

TEST(Http2Client, WritesFieldsAsHttp2DoesAndEndsARequestWithoutBodyInItsHead) {
  scripted([](Scripted& scripted) -> Task<void> {
    Client client{Scripted::options()};
    ClientRequest request{"GET", scripted.proxy.url() + "/path?x=1"};
    request.fields = fields_for_http1_and_others();
    Asked asked{client, std::move(request)};
    FrameSocket frames = co_await scripted.server.accept();
    const ReceivedFrame request_head = co_await frames.read_until(FrameType::kHeaders);
    EXPECT_TRUE(request_head.header.has(kEndStream));
    const tern::test::FieldList fields = frames.fields_of(request_head);
    std::string text;
    for (const auto& [name, value] : fields) {
      if (name != "user-agent") text += name + "=" + value + ";";
    }
    EXPECT_EQ(text,
              ":method=GET;:scheme=https;:authority=example.org;:path=/path?x=1;accept-encoding=gzip, deflate;"
              "x-blanks=in\tside;cookie=a=1;cookie=b=2;");
    const Bytes first = head(frames, 1, "200") + http2::test::data(1, 2);
    co_await frames.write(first + trailers(frames, 1));
    co_await asked.end();
    EXPECT_EQ(asked.status, 200U);
    EXPECT_EQ(asked.body, "dd");
  });
}

TEST(Http2Client, SkipsInterimResponses) {
  scripted([](Scripted& scripted) -> Task<void> {
    Client client{Scripted::options()};
    Asked asked{client, scripted.proxy.url()};
    FrameSocket frames = co_await scripted.server.accept();
    co_await frames.read_until(FrameType::kHeaders);
    for (const char* status : {"100", "103", "103"}) co_await frames.write(head(frames, 1, status));
    co_await frames.write(head(frames, 1, "204", kEndStream));
    co_await asked.end();
    EXPECT_EQ(asked.status, 204U);
  });
}

TEST(Http2Client, SaysWhatIsWrongWithAnAnswer) {
  EXPECT_EQ(failure_of_answer([](FrameSocket& frames) {
              Bytes all;
              for (int i = 0; i < 1000; ++i) all = std::move(all) + head(frames, 1, "103");
              return all;
            }),
            "the connection broke: HTTP/2: interim responses without end");
  EXPECT_EQ(failure_of_answer([](FrameSocket& frames) { return head(frames, 1, "101"); }),
            "the stream was reset: PROTOCOL_ERROR");
  EXPECT_EQ(failure_of_answer(
                [](FrameSocket& frames) { return frames.headers(1, {{":status", "200"}, {"connection", "close"}}); }),
            "the stream was reset: PROTOCOL_ERROR");
  EXPECT_EQ(failure_of_answer([](FrameSocket& frames) {
              return frames.headers(1, {{":status", "200"}, {"content-length", "3"}}, kEndStream);
            }),
            "the stream was reset: PROTOCOL_ERROR");
  EXPECT_EQ(
      failure_of_answer(
          [](FrameSocket& frames) { return frames.headers(1, {{":status", "200"}, {"x", std::string(1000, 'x')}}); },
          {.max_header_length = 1000}),
      "the response's head is too long (ClientOptions::max_header_length)");
  EXPECT_EQ(failure_of_answer(
                [](FrameSocket& frames) { return head(frames, 1, "200") + http2::test::data(1, 5, kEndStream); },
                {.max_body_length = 4}),
            "the response is too long (ClientOptions::max_body_length)");
  EXPECT_EQ(failure_of_answer(
                [](FrameSocket& frames) { return head(frames, 1, "200") + reset(1, ErrorCode::kInternalError); }),
            "the stream was reset: INTERNAL_ERROR");
  EXPECT_EQ(
      failure_of_answer([](FrameSocket& frames) { return head(frames, 1, "200") + reset(1, ErrorCode::kNoError); }),
      "the stream was reset: NO_ERROR");
  EXPECT_EQ(failure_of_answer([](FrameSocket& /*frames*/) { return Bytes(9, 0xff); }).substr(0, 29),
            "the connection broke: HTTP/2:");
}

// The response is not read: its windows bound what the client holds of it.
TEST(Http2Client, EndsAServerThatSendsMoreThanTheWindowsAllow) {
  scripted([](Scripted& scripted) -> Task<void> {
    Client client{Scripted::options()};
    std::optional<ClientStream> stream;
    TaskGroup group;
    const auto open = [](Client& its_client, std::string url, std::optional<ClientStream>& to) -> Task<void> {
      to.emplace(co_await its_client.open(ClientRequest{"GET", std::move(url)}));
    };
    group.spawn(open(client, scripted.proxy.url(), stream));
    FrameSocket frames = co_await scripted.server.accept();
    co_await frames.read_until(FrameType::kHeaders);
    co_await frames.write(head(frames, 1, "200"));
    co_await group.join();
    const std::size_t window = http2::Settings{}.stream_window;
    for (std::size_t sent = 0; sent <= window; sent += http2::kMaxFramePayload) {
      co_await frames.write(http2::test::data(1, http2::kMaxFramePayload));
    }
    const ReceivedFrame ended = co_await frames.read_until(FrameType::kResetStream);
    EXPECT_EQ(http2::read_u32(ended.payload.data()), static_cast<std::uint32_t>(ErrorCode::kFlowControlError));
    std::size_t size = 0;
    std::string failure;
    try {
      while (const std::optional<std::string> piece = co_await stream->read()) size += piece->size();
    } catch (const ClientError& error) {
      failure = error.what();
    }
    EXPECT_EQ(size, window);
    EXPECT_EQ(failure, "the stream was reset: FLOW_CONTROL_ERROR");
  });
}

TEST(Http2Client, TellsThatARequestsHeadIsTooLongForTheServer) {
  scripted([](Scripted& scripted) -> Task<void> {
    Client client{Scripted::options()};
    const FrameSocket frames =
        co_await answer_one(client, scripted, http2::test::setting(http2::SettingId::kMaxHeaderListSize, 1000));
    ClientRequest request{"GET", scripted.proxy.url()};
    request.fields.add("x", std::string(1000, 'x'));
    const std::string failure = co_await test::failure_of(client, std::move(request));
    EXPECT_NE(failure.find("and the server accepts 1000 (SETTINGS_MAX_HEADER_LIST_SIZE)"), std::string::npos)
        << failure;
    EXPECT_EQ(client.connections(), 1U);
  });
}

TEST(Http2Client, ResetsACancelledRequestAndKeepsTheConnection) {
  scripted([](Scripted& scripted) -> Task<void> {
    Client client{Scripted::options()};
    Asked first{client, scripted.proxy.url()};
    FrameSocket frames = co_await scripted.server.accept();
    co_await frames.read_until(FrameType::kHeaders);
    first.cancel();
    const ReceivedFrame ended = co_await frames.read_until(FrameType::kResetStream);
    EXPECT_EQ(http2::read_u32(ended.payload.data()), static_cast<std::uint32_t>(ErrorCode::kCancel));
    Asked second{client, scripted.proxy.url()};
    const ReceivedFrame next = co_await frames.read_until(FrameType::kHeaders);
    EXPECT_EQ(next.header.stream, 3U);
    co_await frames.write(head(frames, 3, "200", kEndStream));
    co_await second.end();
    EXPECT_EQ(second.status, 200U);
    EXPECT_EQ(scripted.proxy.connections("h2"), 1);
  });
}

// The server may be gone, and nothing but silence shows it.
TEST(Http2Client, LeavesAConnectionWhoseServerIsSilent) {
  scripted([](Scripted& scripted) -> Task<void> {
    Client client{Scripted::options()};
    FrameSocket frames = co_await answer_one(client, scripted);
    bool timed_out = false;
    try {
      co_await with_timeout(1100ms, client.get(scripted.proxy.url()));
    } catch (const std::runtime_error&) {
      timed_out = true;
    }
    EXPECT_TRUE(timed_out);
    Asked second{client, scripted.proxy.url()};
    FrameSocket other = co_await scripted.server.accept();
    co_await other.read_until(FrameType::kHeaders);
    co_await other.write(head(other, 1, "200", kEndStream));
    co_await second.end();
    EXPECT_EQ(second.status, 200U);
  });
}

TEST(Http2Client, ClosesAnIdleConnection) {
  scripted([](Scripted& scripted) -> Task<void> {
    Client client{Scripted::options({.idle_timeout = 1ms})};
    FrameSocket frames = co_await answer_one(client, scripted);
    co_await frames.read_until(FrameType::kGoAway);
    EXPECT_EQ(client.connections(), 0U);
  });
}

TEST(Http2Client, SendsWhatGoAwayLeftOutOnAnotherConnection) {
  scripted([](Scripted& scripted) -> Task<void> {
    Client client{Scripted::options()};
    Asked first{client, scripted.proxy.url()};
    FrameSocket frames = co_await scripted.server.accept();
    co_await frames.read_until(FrameType::kHeaders);
    Asked second{client, post(scripted, "again")};
    co_await frames.read_until(FrameType::kData);
    co_await frames.write(go_away(1));
    FrameSocket other = co_await scripted.server.accept();
    const ReceivedFrame again = co_await other.read_until(FrameType::kData);
    EXPECT_EQ(std::string(again.payload.begin(), again.payload.end()), "again");
    EXPECT_EQ(client.connections(), 2U);
    co_await other.write(head(other, 1, "201", kEndStream));
    co_await second.end();
    EXPECT_EQ(second.status, 201U);
    co_await frames.write(head(frames, 1, "200") + http2::test::data(1, 5, kEndStream));
    co_await first.end();
    EXPECT_EQ(first.body, "ddddd");
  });
}

TEST(Http2Client, SendsARefusedRequestAgainAFewTimes) {
  scripted([](Scripted& scripted) -> Task<void> {
    Client client{Scripted::options()};
    Asked asked{client, post(scripted, "x")};
    FrameSocket frames = co_await scripted.server.accept();
    for (std::uint32_t stream = 1; stream <= 7; stream += 2) {
      co_await frames.read_until(FrameType::kData);
      co_await frames.write(reset(stream, ErrorCode::kRefusedStream));
    }
    co_await asked.end();
    EXPECT_NE(asked.failure.find("the server refused the request (REFUSED_STREAM)"), std::string::npos)
        << asked.failure;
    Asked other{client, post(scripted, "x")};
    co_await frames.read_until(FrameType::kData);
    co_await frames.write(reset(9, ErrorCode::kRefusedStream));
    co_await frames.read_until(FrameType::kData);
    co_await frames.write(head(frames, 11, "200", kEndStream));
    co_await other.end();
    EXPECT_EQ(other.status, 200U);
  });
}

AsyncGenerator<std::string> one_streamed_piece() {
  std::string piece = "piece";
  co_yield piece;
}

TEST(Http2Client, SendsPiecesOnce) {
  scripted([](Scripted& scripted) -> Task<void> {
    Client client{Scripted::options()};
    ClientRequest request{"POST", scripted.proxy.url()};
    request.pieces = one_streamed_piece();
    Asked asked{client, std::move(request)};
    FrameSocket frames = co_await scripted.server.accept();
    co_await frames.read_until(FrameType::kData);
    co_await frames.write(reset(1, ErrorCode::kRefusedStream));
    co_await asked.end();
    EXPECT_NE(asked.failure.find("the server refused the request (REFUSED_STREAM)"), std::string::npos)
        << asked.failure;
  });
}

TEST(Http2Client, SendsOnlyWhatTheServersWindowsAllow) {
  scripted([](Scripted& scripted) -> Task<void> {
    Client client{Scripted::options()};
    Asked asked{client, post(scripted, std::string(100'000, 'b'))};
    FrameSocket frames = co_await scripted.server.accept();
    std::size_t received = 0;
    while (received < http2::kInitialWindow) {
      const ReceivedFrame data = co_await frames.read_until(FrameType::kData);
      received += data.payload.size();
    }
    // Nothing but the answer to a PING comes until the windows open.
    co_await frames.write(http2::test::frame(FrameType::kPing, 0, 0, Bytes(8)));
    ReceivedFrame next = co_await frames.read();
    while (next.header.type == FrameType::kSettings) next = co_await frames.read();
    EXPECT_EQ(next.header.type, FrameType::kPing);
    co_await frames.write(http2::test::window_update(1, 1'000'000) + http2::test::window_update(0, 1'000'000));
    while (received < 100'000) {
      const ReceivedFrame data = co_await frames.read_until(FrameType::kData);
      received += data.payload.size();
    }
    EXPECT_EQ(received, 100'000U);
    co_await frames.write(head(frames, 1, "200", kEndStream));
    co_await asked.end();
    EXPECT_EQ(asked.status, 200U);
  });
}

TlsProxy::Targets both(std::uint16_t http2, std::uint16_t http1) { return {{"h2", http2}, {"http/1.1", http1}}; }
TlsProxy::Targets all_to(const std::vector<std::string>& protocols, std::uint16_t port) {
  TlsProxy::Targets targets;
  for (const std::string& protocol : protocols) targets.emplace_back(protocol, port);
  return targets;
}

TEST(Http2Client, UsesHttp1WhereTheServerRequiresIt) {
  const auto body = [](const Reach& site) -> Task<void> {
    ScriptedServer server;
    TlsProxy proxy{test::ClientCertificates::instance().files, both(server.port(), tern::test::port_of(site.url))};
    Client client{Scripted::options()};
    Asked asked{client, proxy.url() + "/hello"};
    FrameSocket frames = co_await server.accept();
    co_await frames.read_until(FrameType::kHeaders);
    co_await frames.write(reset(1, ErrorCode::kHttp11Required));
    co_await asked.end();
    EXPECT_EQ(asked.body, "hello");
    const ClientResponse next = co_await client.get(proxy.url() + "/hello");
    EXPECT_EQ(next.body, "hello");
    EXPECT_EQ(proxy.connections("h2"), 1);
    EXPECT_EQ(proxy.connections("http/1.1"), 1);
  };
  const auto set_up = [](Site& site) {
    site.route("GET", "/hello",
               [](Request& /*request*/) -> Task<Response> { co_return Response{200, "text/plain", "hello"}; });
  };
  test::beside(Carrier::kHttp1, set_up, body);
}

/// Lets requests answer only once so many of them are being answered.
class Gathering {
 public:
  explicit Gathering(int wanted) : wanted_(wanted) {}
  Task<Response> answer(Request& /*request*/) {
    ++now_;
    most = std::max(most, now_);
    if (now_ == wanted_) all_.set();
    co_await all_.wait();
    --now_;
    co_return Response{200, "text/plain", "together"};
  }
  int most = 0;

 private:
  int wanted_;
  int now_ = 0;
  Event all_;
};

Task<void> ask_at_once(Client& client, const std::string& url, int count) {
  std::vector<Task<ClientResponse>> asked;
  asked.reserve(static_cast<std::size_t>(count));
  for (int i = 0; i < count; ++i) asked.push_back(client.get(url));
  const std::vector<ClientResponse> answers = co_await gather(std::move(asked));
  for (const ClientResponse& answer : answers) EXPECT_EQ(answer.body, "together");
}

auto gathering_site(Gathering& gathering) {
  return [&gathering](Site& site) {
    site.route("GET", "/together", [&gathering](Request& request) { return gathering.answer(request); });
  };
}

TEST(Http2Client, OpensOneConnectionForManyRequestsToANewOrigin) {
  Gathering gathering{50};
  const auto body = [](const Reach& reach) -> Task<void> {
    Client client{reach.options()};
    co_await ask_at_once(client, reach.url + "/together", 50);
    EXPECT_EQ(client.connections(), 1U);
  };
  test::beside(Carrier::kHttp2, gathering_site(gathering), body);
}

TEST(Http2Client, OpensAnotherConnectionWhereTheServerAllowsNoMoreStreams) {
  Gathering gathering{3};
  const auto body = [](const Reach& reach) -> Task<void> {
    Client client{reach.options({.max_connections_per_host = 3})};
    co_await ask_at_once(client, reach.url + "/together", 20);
    EXPECT_EQ(client.connections(), 3U);
  };
  test::beside(Carrier::kHttp2, gathering_site(gathering), body, {.max_concurrent_streams = 1});
  EXPECT_EQ(gathering.most, 3);
}

/// Asks an HTTP/1.1 site 8 times at once through a TLS proxy that agrees on one of `protocols`, and expects that it is
/// the last.
void ask_http1_through_tls(const std::vector<std::string>& protocols, ClientOptions options = {}) {
  Gathering gathering{8};
  const auto body = [&protocols, &options](const Reach& site) -> Task<void> {
    TlsProxy proxy{test::ClientCertificates::instance().files, all_to(protocols, tern::test::port_of(site.url))};
    Client client{Scripted::options(options)};
    co_await ask_at_once(client, proxy.url() + "/together", 8);
    EXPECT_EQ(proxy.connections(protocols.back()), 8);
    EXPECT_EQ(client.connections(), 8U);
  };
  test::beside(Carrier::kHttp1, gathering_site(gathering), body);
}

TEST(Http2Client, OpensConnectionsSideBySideToAnHttp1Server) { ask_http1_through_tls({"http/1.1"}); }
TEST(Http2Client, SpeaksHttp1WhereNoProtocolIsAgreedOn) { ask_http1_through_tls({""}); }
TEST(Http2Client, OffersHttp1AloneWhereHttp2IsOff) { ask_http1_through_tls({"h2", "http/1.1"}, {.http2 = false}); }

// Each waits for the one that connects, and then tries itself.
TEST(Http2Client, FailsEachOfManyRequestsWhereNothingListens) {
  const auto body = []() -> Task<void> {
    Client client{Scripted::options()};
    std::vector<Task<std::string>> asked;
    for (int i = 0; i < 20; ++i) {
      asked.push_back(test::failure_of(client, ClientRequest{"GET", "https://127.0.0.1:1/"}));
    }
    const std::vector<std::string> failures = co_await gather(std::move(asked));
    for (const std::string& failure : failures) EXPECT_NE(failure.find("refused"), std::string::npos) << failure;
    EXPECT_EQ(client.connections(), 0U);
  };
  block_on(body());
}

TEST(Http2Client, FollowsRedirectsBetweenVersions) {
  const auto answer = [](Site& site) {
    site.route("POST", "/to", [](Request& request) -> Task<Response> {
      Response response{307};
      response.fields.add("location", request.query_parameters().at(0).second);
      co_return response;
    });
    site.route("POST", "/end", [](Request& request) -> Task<Response> {
      std::string body = co_await request.body();
      co_return Response{200, "text/plain", std::move(body)};
    });
  };
  const auto body = [answer](const Reach& over_http2) -> Task<void> {
    Site other_site;
    answer(other_site);
    Server other;
    const Reach over_http1{Carrier::kHttp1, other.listen("127.0.0.1:0", {.http = &other_site})};
    Client client{over_http2.options()};
    for (const bool to_http1 : {true, false}) {
      const std::string& from = to_http1 ? over_http2.url : over_http1.url;
      const std::string& to = to_http1 ? over_http1.url : over_http2.url;
      ClientRequest request{"POST", from + "/to?url=" + to + "/end"};
      request.body = "carried";
      const ClientResponse response = co_await client.send(std::move(request));
      EXPECT_EQ(response.body, "carried");
      EXPECT_EQ(response.url, to + "/end");
    }
    EXPECT_EQ(client.connections(), 2U);
    co_await other.stop();
  };
  test::beside(Carrier::kHttp2, answer, body);
}

AsyncGenerator<std::string> after(Event& go_on) {
  std::string piece = "first";
  co_yield piece;
  co_await go_on.wait();
  piece = "second";
  co_yield piece;
}

TEST(Http2Client, FinishesResponsesOfAServerThatStops) {
  const auto run = []() -> Task<void> {
    Event go_on;
    Site site;
    site.route("GET", "/stream", [&go_on](Request& /*request*/) -> Task<Response> {
      co_return Response::stream("text/plain", after(go_on));
    });
    Server server;
    const Reach reach{Carrier::kHttp2,
                      server.listen("127.0.0.1:0", {.tls = test::tls_of(Carrier::kHttp2), .http = &site})};
    Client client{reach.options()};
    ClientStream stream = co_await client.open(ClientRequest{"GET", reach.url + "/stream"});
    const std::optional<std::string> first = co_await stream.read();
    EXPECT_EQ(first, "first");
    TaskGroup stopping;
    const auto stop = [](Server& its_server) -> Task<void> { co_await its_server.stop({.grace = 1h}); };
    stopping.spawn(stop(server));
    // The port is closed, and the connection takes no more: GOAWAY has come.
    std::string failure;
    while (failure.empty()) failure = co_await test::failure_of(client, ClientRequest{"GET", reach.url + "/none"});
    go_on.set();
    const std::optional<std::string> second = co_await stream.read();
    EXPECT_EQ(second, "second");
    const std::optional<std::string> end = co_await stream.read();
    EXPECT_FALSE(end);
    co_await stopping.join();
    EXPECT_EQ(client.connections(), 0U);
  };
  block_on(run());
}

}  // namespace
}  // namespace tern::rest

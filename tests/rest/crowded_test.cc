// Bodies and answers of HTTP/1.1 and HTTP/2 count in what a server may hold, as messages do.
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "rest/http_client.h"
#include "support/half_request.h"
#include "support/probe_service.h"

namespace tern::rest {
namespace {

using tern::test::HalfRequests;
using test::Answer;
using test::Http1Client;

constexpr std::size_t kMebibyte = std::size_t{1024} * 1024;

Task<Response> length_of_body(Request& request) {
  const std::string body = co_await request.body();
  co_return Response{200, "text/plain", std::to_string(body.size())};
}

Task<Response> much(Request& /*request*/) { co_return Response{200, "text/plain", std::string(kMebibyte, 'x')}; }

/// Counts what was refused for the room that it took.
class Refusals final : public RequestObserver {
 public:
  std::size_t messages = 0;
  void on_request_begun(Request& /*request*/) override {}
  void on_request_ended(const EndedRequest& /*request*/) override {}
  void on_refused(const Refused& refused) override {
    // The client sends messages in part, or does not read.
    const bool for_room = refused.text.find("max_unfinished_bytes") != std::string_view::npos ||
                          refused.text.find("max_unsent_bytes") != std::string_view::npos;
    if (refused.why == Refusal::kMessages && for_room) ++messages;
  }
};

const ServerOptions kOneMebibyte{
    .max_unsent_bytes = kMebibyte, .max_unfinished_bytes = kMebibyte, .max_long_message_bytes = kMebibyte};

template <class Body>
void with_little_room(ServerOptions options, Body body) {
  const auto run = [](ServerOptions its_options, Body its_body) -> Task<void> {
    Site site;
    site.route("POST", "/length", length_of_body);
    site.route("POST", "/much", much);
    Refusals refusals;
    site.add_observer(refusals);
    Server server{its_options};
    const std::uint16_t port = server.listen("127.0.0.1:0", {.http = &site});
    co_await its_body(port, refusals);
    co_await server.stop();
  };
  block_on(run(options, body), {.threads = 1});
}

std::string begin_body(std::size_t announced, std::size_t size) {
  return "POST /length HTTP/1.1\r\nHost: a\r\nContent-Length: " + std::to_string(announced) + "\r\n\r\n" +
         std::string(size, 'b');
}

Task<void> ask_length(std::uint16_t port, std::size_t size) {
  Http1Client client{port};
  const Answer answer = co_await client.ask("POST", "/length", std::string(size, 'b'));
  EXPECT_EQ(answer.result_int(), 200U) << answer.body();
  EXPECT_EQ(answer.body(), std::to_string(size));
}

TEST(CrowdedBodies, HalfOnesAreGivenUpForThoseThatGoOn) {
  with_little_room(kOneMebibyte, [](std::uint16_t port, const Refusals& refusals) -> Task<void> {
    std::vector<std::unique_ptr<Http1Client>> holding;
    for (int i = 0; i < 30; ++i) {
      holding.push_back(std::make_unique<Http1Client>(port));
      co_await holding.back()->write(begin_body(kMebibyte, kMebibyte / 2));
    }
    tern::test::RawClient streams{port};
    co_await streams.write(HalfRequests{"/length", "text/plain"}.of_a_body(60'000, 4));
    TaskGroup going_on;
    for (int i = 0; i < 3; ++i) going_on.spawn(ask_length(port, 3 * kMebibyte));
    co_await going_on.join();
    while (refusals.messages == 0) co_await sleep(std::chrono::milliseconds{1});
  });
}

TEST(CrowdedBodies, ManyAtOnceAllArrive) {
  with_little_room(kOneMebibyte, [](std::uint16_t port, const Refusals& /*refusals*/) -> Task<void> {
    TaskGroup uploads;
    for (int i = 0; i < 30; ++i) uploads.spawn(ask_length(port, 2 * kMebibyte));
    co_await uploads.join();
  });
}

TEST(CrowdedBodies, AnswersThatNobodyTakesAreNotHeldWithoutLimit) {
  with_little_room({.max_buffered_bytes = 8 * kMebibyte},
                   [](std::uint16_t port, const Refusals& /*refusals*/) -> Task<void> {
                     // Nothing is read of these: the server holds the answers, up to what it may.
                     std::vector<std::unique_ptr<Http1Client>> lazy;
                     for (int i = 0; i < 40; ++i) {
                       lazy.push_back(std::make_unique<Http1Client>(port));
                       co_await lazy.back()->write("POST /much HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n");
                     }
                     Http1Client honest{port};
                     const Answer answer = co_await honest.ask("POST", "/length", "b");
                     EXPECT_EQ(answer.result_int(), 200U) << answer.body();
                     std::size_t refused = 0;
                     for (const auto& client : lazy) {
                       const Answer late = co_await client->read();
                       if (late.result_int() == 200) continue;
                       EXPECT_EQ(late.result_int(), 503U);
                       EXPECT_NE(late.body().find("max_buffered_bytes"), std::string::npos) << late.body();
                       ++refused;
                     }
                     EXPECT_GT(refused, 0U);
                     EXPECT_LT(refused, 40U);
                   });
}

/// A call whose answer has a mebibyte.
std::string ask_much(std::string_view content_type) {
  tern::test::v1::Order order;
  order.set_size(kMebibyte);
  const std::string message = order.SerializeAsString();
  const std::string prefix =
      content_type == "application/proto" ? std::string{} : std::string(4, '\0') + static_cast<char>(message.size());
  return "POST /tern.test.v1.Probe/Unary HTTP/1.1\r\nHost: a\r\nContent-Type: " + std::string{content_type} +
         "\r\nContent-Length: " + std::to_string(prefix.size() + message.size()) + "\r\n\r\n" + prefix + message;
}

struct Protocol {
  const char* content_type;
  unsigned status;
  const char* error;
};

TEST(CrowdedBodies, ConnectAndGrpcWebClientsGetTheirProtocolsErrors) {
  const auto run = [](Protocol protocol) -> Task<void> {
    tern::test::ProbeService service;
    Site site;
    Server server{{.max_buffered_bytes = 8 * kMebibyte}};
    server.add_service(service);
    site.add_services(server);
    const std::uint16_t port = server.listen("127.0.0.1:0", {.http = &site});
    std::vector<std::unique_ptr<Http1Client>> lazy;
    for (int i = 0; i < 40; ++i) {
      lazy.push_back(std::make_unique<Http1Client>(port));
      co_await lazy.back()->write(ask_much(protocol.content_type));
    }
    std::size_t refused = 0;
    for (const auto& client : lazy) {
      const Answer answer = co_await client->read();
      if (answer.body().size() > kMebibyte) continue;
      EXPECT_EQ(answer.result_int(), protocol.status) << answer.body();
      EXPECT_NE(answer.body().find(protocol.error), std::string::npos) << answer.body();
      ++refused;
    }
    EXPECT_GT(refused, 0U);
    co_await server.stop();
  };
  for (const Protocol& each : {Protocol{"application/proto", 429, R"({"code":"resource_exhausted")"},
                               Protocol{"application/grpc-web", 200, "grpc-status: 8"}}) {
    block_on(run(each), {.threads = 1});
  }
}

TEST(CrowdedBodies, OfAnHttp2ClientThatReadsNothingLaterRequestsAreRefused) {
  with_little_room(kOneMebibyte, [](std::uint16_t port, const Refusals& refusals) -> Task<void> {
    tern::test::RawClient lazy{port};
    co_await lazy.write(HalfRequests{"/much", "text/plain"}.of_a_body(1, 20));
    Http1Client honest{port};
    const Answer answer = co_await honest.ask("POST", "/length", "b");
    EXPECT_EQ(answer.result_int(), 200U) << answer.body();
    while (refusals.messages == 0) co_await sleep(std::chrono::milliseconds{1});
    const Answer again = co_await honest.ask("POST", "/length", "b");
    EXPECT_EQ(again.result_int(), 200U) << again.body();
  });
}

}  // namespace
}  // namespace tern::rest

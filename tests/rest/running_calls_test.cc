// The page of calls in flight, asked for over HTTP.
#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <string>

#include "rest/http_client.h"
#include "support/probe_service.h"

namespace tern::rest {
namespace {

using namespace std::chrono_literals;
using test::Answer;
using test::Http1Client;

Task<Response> stand_here(Request& /*request*/) {
  co_await sleep(1h);
  co_return Response{204};
}

Task<void> hang(Channel& channel) {
  tern::test::ProbeStub stub{channel};
  auto call = stub.Hang(tern::test::Order{}, {.timeout = 1h}).result();
  const Result<tern::test::Payload> result = co_await std::move(call);
  EXPECT_FALSE(result.ok());
}

/// The members of a page that were asked for until there are as many calls.
Task<boost::json::object> page_with(Http1Client& client, std::size_t answered) {
  for (;;) {
    const Answer answer = co_await client.ask("GET", "/debug/calls");
    EXPECT_EQ(answer.result_int(), 200U);
    EXPECT_EQ(answer["content-type"], "application/json");
    EXPECT_EQ(answer["cache-control"], "no-store");
    boost::json::object page = boost::json::parse(answer.body()).as_object();
    // This request is one.
    if (page["answered"].as_array().size() == answered + 1) co_return page;
    co_await sleep(1ms);
  }
}

const boost::json::object* find(const boost::json::object& page, std::string_view list, std::string_view method) {
  for (const boost::json::value& call : page.at(list).as_array()) {
    if (call.as_object().at("method").as_string() == method) return &call.as_object();
  }
  return nullptr;
}

TEST(RunningCalls, ArePageOfASite) {
  const auto body = []() -> Task<void> {
    tern::test::ProbeService service;
    Site site;
    site.route("GET", "/stands/{id}", stand_here);
    Site operators;
    Server server;
    server.add_service(service);
    const std::uint16_t port = server.listen("127.0.0.1:0", {.http = &site});
    Channel channel{"127.0.0.1:" + std::to_string(port)};
    operators.add_running_calls(server, {&channel});
    const std::uint16_t operators_port = server.listen("127.0.0.1:0", {.http = &operators});
    TaskGroup group;
    group.spawn(hang(channel));
    Http1Client standing{port};
    co_await standing.write("GET /stands/17?x=1 HTTP/1.1\r\nHost: a\r\n\r\n");

    Http1Client client{operators_port};
    const boost::json::object page = co_await page_with(client, 2);
    const boost::json::object* answered = find(page, "answered", "/tern.test.v1.Probe/Hang");
    const boost::json::object* made = find(page, "made", "/tern.test.v1.Probe/Hang");
    const boost::json::object* request = find(page, "answered", "HTTP /stands/17?x=1");
    EXPECT_NE(answered, nullptr);
    EXPECT_NE(made, nullptr);
    EXPECT_NE(request, nullptr);
    if (answered != nullptr) {
      EXPECT_EQ(answered->at("awaits").as_string(), "sleep");
      EXPECT_TRUE(answered->at("peer").as_string().starts_with("ipv4:127.0.0.1:"));
      EXPECT_GE(answered->at("age_seconds").to_number<double>(), 0.0);
      EXPECT_LT(answered->at("age_seconds").to_number<double>(), 60.0);
      EXPECT_GT(answered->at("deadline_in_seconds").to_number<double>(), 1800.0);
      EXPECT_NE(boost::json::serialize(answered->at("coroutines")).find("ProbeService::Hang("), std::string::npos)
          << boost::json::serialize(*answered);
    }
    if (made != nullptr) {
      EXPECT_EQ(made->at("awaits").as_string(), "the server");
    }
    if (request != nullptr) {
      EXPECT_EQ(request->at("awaits").as_string(), "sleep");
      EXPECT_NE(boost::json::serialize(request->at("coroutines")).find("stand_here("), std::string::npos);
    }
    // Nobody who comes to the site for clients sees it.
    Http1Client outside{port};
    const Answer hidden = co_await outside.ask("GET", "/debug/calls");
    EXPECT_EQ(hidden.result_int(), 404U);
    group.cancel();
    co_await group.join();
    co_await channel.close();
    co_await server.stop();
  };
  block_on(body(), {.threads = 2});
}

}  // namespace
}  // namespace tern::rest

// Server-sent events: what is written of an event, and a stream as a client receives it.
#include "tern/rest/server_events.h"

#include <gtest/gtest.h>

#include <string>

#include "rest/http_client.h"
#include "tern/rest/client.h"

namespace tern::rest {
namespace {

using namespace std::chrono_literals;

ServerEvent event_with(std::string data, std::string type, std::string id) {
  ServerEvent event{std::move(data)};
  event.type = std::move(type);
  event.id = std::move(id);
  return event;
}

TEST(ServerEvents, WritesEachFieldOnLinesOfItsOwn) {
  EXPECT_EQ(to_text(ServerEvent{"hello"}), "data: hello\n\n");
  EXPECT_EQ(to_text(ServerEvent{"a\nb\r\nc\rd\n"}), "data: a\ndata: b\ndata: c\ndata: d\ndata: \n\n");
  EXPECT_EQ(to_text(event_with("x", "tick", "7")), "event: tick\nid: 7\ndata: x\n\n");
  ServerEvent retry;
  retry.retry = 1500ms;
  EXPECT_EQ(to_text(retry), "retry: 1500\n\n");
}

TEST(ServerEvents, RejectsFieldsThatWouldBreakTheStream) {
  EXPECT_THROW(to_text(event_with("x", "a\nid: 1", "")), std::invalid_argument);
  EXPECT_THROW(to_text(event_with("x", "", "1\r2")), std::invalid_argument);
  EXPECT_THROW(to_text(event_with("x", "", std::string{"1\0", 2})), std::invalid_argument);
}

/// Yields "first" and then, whenever `go_on` is set, the next number; ends after the third.
AsyncGenerator<ServerEvent> numbers(Event& go_on) {
  co_yield ServerEvent{"first"};
  for (int i = 1; i < 3; ++i) {
    co_await go_on.wait();
    go_on.clear();
    co_yield ServerEvent{std::to_string(i)};
  }
}

/// Reads until the body ends with `text`.
Task<std::string> read_to(ClientStream& stream, std::string_view text) {
  std::string all;
  while (!all.ends_with(text)) {
    const std::optional<std::string> piece = co_await stream.read();
    if (!piece) break;
    all += *piece;
  }
  co_return all;
}

template <class Body>
void with_events(std::optional<std::chrono::nanoseconds> keep_alive, Body body) {
  const auto run = [](std::optional<std::chrono::nanoseconds> its_keep_alive, Body its_body) -> Task<void> {
    Event go_on;
    Site site;
    site.route("GET", "/events", [&go_on, its_keep_alive](Request& /*request*/) -> Task<Response> {
      co_return server_events(numbers(go_on), its_keep_alive);
    });
    Server server;
    const std::string url = "http://127.0.0.1:" + std::to_string(server.listen("127.0.0.1:0", {.http = &site}));
    Client client;
    ClientRequest request{"GET", url + "/events"};
    ClientStream stream = co_await client.open(std::move(request));
    EXPECT_EQ(stream.fields.get("content-type"), "text/event-stream");
    co_await its_body(stream, go_on);
    co_await server.stop();
  };
  block_on(run(keep_alive, body));
}

TEST(ServerEvents, ReachTheClientOneByOne) {
  with_events(std::nullopt, [](ClientStream& stream, Event& go_on) -> Task<void> {
    std::string text = co_await read_to(stream, "\n\n");
    EXPECT_EQ(text, "data: first\n\n");
    go_on.set();
    text = co_await read_to(stream, "\n\n");
    EXPECT_EQ(text, "data: 1\n\n");
    go_on.set();
    text = co_await read_to(stream, "never");
    EXPECT_EQ(text, "data: 2\n\n");
  });
}

TEST(ServerEvents, AreKeptAliveByComments) {
  with_events(5ms, [](ClientStream& stream, Event& go_on) -> Task<void> {
    const std::string text = co_await read_to(stream, ":\n\n:\n\n");
    EXPECT_TRUE(text.starts_with("data: first\n\n")) << text;
    go_on.set();
    const std::string next = co_await read_to(stream, "data: 1\n\n");
    EXPECT_TRUE(next.ends_with("data: 1\n\n")) << next;
  });
}

}  // namespace
}  // namespace tern::rest

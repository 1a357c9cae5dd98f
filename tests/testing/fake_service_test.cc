#include "tern/testing/fake_service.h"

#include <gtest/gtest.h>

#include <functional>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "support/probe_service.h"
#include "tern/testing.h"

namespace tern::test {
namespace {

using namespace std::chrono_literals;
using tern::testing::after;
using tern::testing::Answer;
using tern::testing::fails;
using tern::testing::FakeService;
using tern::testing::InProcessServer;
using tern::testing::never;
using tern::testing::RecordedCall;
using tern::testing::replies;
using tern::testing::Time;

constexpr std::string_view kProbeName = tern::test::v1::Probe::kName;

Payload numbered(std::int64_t number) {
  Payload payload;
  payload.set_number(number);
  return payload;
}

Order with_text(std::string text) {
  Order order;
  order.set_text(std::move(text));
  return order;
}

using Scenario = std::function<Task<void>(FakeService&, InProcessServer&)>;

Task<void> play(Scenario test) {
  const Time time{{.automatic = true}};
  FakeService probe{kProbeName};
  InProcessServer server{probe};
  co_await test(probe, server);
  co_await server.stop();
}

TEST(FakeService, AnswersInTheOrderOfItsTableAndThenWithTheLast) {
  const Scenario test = [](FakeService& probe, InProcessServer& server) -> Task<void> {
    probe.on("Unary", {fails(StatusCode::kUnavailable, "no stock"), replies(numbered(1)), replies(numbered(2))});
    const ProbeStub stub{server.channel()};
    const Result<Payload> first = co_await stub.Unary(Order{}).result();
    EXPECT_EQ(first.status(), (Status{StatusCode::kUnavailable, "no stock"}));
    for (const std::int64_t number : {1, 2, 2}) {
      const Payload payload = co_await stub.Unary(Order{});
      EXPECT_EQ(payload.number(), number);
    }
    probe.on("Unary", replies(numbered(7)));
    const Payload changed = co_await stub.Unary(Order{});
    EXPECT_EQ(changed.number(), 7);
  };
  block_on(play(test));
}

TEST(FakeService, AnswersLate) {
  const Scenario test = [](FakeService& probe, InProcessServer& server) -> Task<void> {
    probe.on("Unary", after(3s).send(numbered(1)));
    const ProbeStub stub{server.channel()};
    const Clock::time_point begins = Clock::now();
    const Result<Payload> too_late = co_await stub.Unary(Order{}, {.timeout = 2s}).result();
    EXPECT_EQ(too_late.status().code(), StatusCode::kDeadlineExceeded);
    EXPECT_EQ(Clock::now() - begins, 2s);
    const Payload payload = co_await stub.Unary(Order{}, {.timeout = 4s});
    EXPECT_EQ(payload.number(), 1);
    EXPECT_EQ(Clock::now() - begins, 5s);
  };
  block_on(play(test));
}

TEST(FakeService, NeverAnswersUntilTheCallerGivesUp) {
  const Scenario test = [](FakeService& probe, InProcessServer& server) -> Task<void> {
    probe.on("Unary", never());
    const ProbeStub stub{server.channel()};
    const Result<Payload> late = co_await stub.Unary(Order{}, {.timeout = 1h}).result();
    EXPECT_EQ(late.status().code(), StatusCode::kDeadlineExceeded);
    co_await probe.calls().ended(1);
    EXPECT_EQ(probe.calls().last().status.value_or(Status{}).code(), StatusCode::kDeadlineExceeded);
    {
      TaskGroup group;
      const auto call = [](const ProbeStub& its_stub) -> Task<void> { co_await its_stub.Unary(Order{}); };
      group.spawn(call(stub));
      co_await probe.calls().begun(2);
      group.cancel();
      co_await group.join();
    }
    co_await probe.calls().ended(2);
    EXPECT_EQ(probe.calls().last().status.value_or(Status{}).code(), StatusCode::kCancelled);
  };
  block_on(play(test));
}

TEST(FakeService, StreamsWithPausesAndFailsInTheMiddle) {
  const Scenario test = [](FakeService& probe, InProcessServer& server) -> Task<void> {
    probe.on("Download", replies(numbered(1)).wait(1min).send(numbered(2)).fail(StatusCode::kAborted, "lost"));
    const ProbeStub stub{server.channel()};
    auto payloads = stub.Download(Order{});
    std::vector<std::int64_t> numbers;
    std::vector<Clock::time_point> times;
    StatusCode code = StatusCode::kOk;
    try {
      while (const std::optional<Payload> payload = co_await payloads.next()) {
        numbers.push_back(payload->number());
        times.push_back(Clock::now());
      }
    } catch (const RpcError& error) {
      code = error.code();
    }
    EXPECT_EQ(numbers, (std::vector<std::int64_t>{1, 2}));
    EXPECT_EQ(times.size() == 2 ? times[1] - times[0] : 0min, 1min);
    EXPECT_EQ(code, StatusCode::kAborted);
    probe.on("Download", Answer{});
    auto none = stub.Download(Order{});
    const std::optional<Payload> end = co_await none.next();
    EXPECT_FALSE(end.has_value());
  };
  block_on(play(test));
}

TEST(FakeService, ReadsAClientsStreamBeforeItsOneResponse) {
  const Scenario test = [](FakeService& probe, InProcessServer& server) -> Task<void> {
    probe.on("Upload", replies(numbered(3)));
    const ProbeStub stub{server.channel()};
    auto upload = stub.Upload();
    for (int i = 0; i < 3; ++i) co_await upload.write(numbered(i));
    const Payload sum = co_await upload.finish();
    EXPECT_EQ(sum.number(), 3);
    const RecordedCall call = probe.calls().last("Upload");
    EXPECT_EQ(call.requests.size(), 3U);
    EXPECT_EQ(call.request<Payload>(2).number(), 2);
  };
  block_on(play(test));
}

TEST(FakeService, FailsAClientsStreamWithoutWaitingForItsEnd) {
  const Scenario test = [](FakeService& probe, InProcessServer& server) -> Task<void> {
    probe.on("Upload", fails(StatusCode::kResourceExhausted, "full"));
    const ProbeStub stub{server.channel()};
    auto upload = stub.Upload();
    co_await upload.write(numbered(1));
    StatusCode code = StatusCode::kOk;
    try {
      co_await upload.finish();
    } catch (const RpcError& error) {
      code = error.code();
    }
    EXPECT_EQ(code, StatusCode::kResourceExhausted);
  };
  block_on(play(test));
}

TEST(FakeService, AnswersWhileItReadsWhereBothStream) {
  const Scenario test = [](FakeService& probe, InProcessServer& server) -> Task<void> {
    probe.on("Echo", replies(numbered(1)).wait(1s).send(numbered(2)));
    const ProbeStub stub{server.channel()};
    auto echo = stub.Echo();
    co_await echo.write(numbered(10));
    std::vector<std::int64_t> numbers;
    while (const std::optional<Payload> payload = co_await echo.next()) numbers.push_back(payload->number());
    EXPECT_EQ(numbers, (std::vector<std::int64_t>{1, 2}));
    EXPECT_EQ(probe.calls().last("Echo").request<Payload>().number(), 10);
  };
  block_on(play(test));
}

TEST(FakeService, AsksAFunctionForTheAnswer) {
  const Scenario test = [](FakeService& probe, InProcessServer& server) -> Task<void> {
    probe.on("Unary", [](const RecordedCall& call) {
      const Order order = call.request<Order>();
      if (order.text().empty()) return fails(StatusCode::kInvalidArgument, "no text");
      Payload payload;
      payload.set_text(order.text() + "!");
      return replies(payload);
    });
    probe.on("Upload", [](const RecordedCall& call) {
      return replies(numbered(static_cast<std::int64_t>(call.requests.size())));
    });
    const ProbeStub stub{server.channel()};
    const Payload payload = co_await stub.Unary(with_text("tea"));
    EXPECT_EQ(payload.text(), "tea!");
    const Result<Payload> none = co_await stub.Unary(Order{}).result();
    EXPECT_EQ(none.status().code(), StatusCode::kInvalidArgument);
    auto upload = stub.Upload();
    for (int i = 0; i < 4; ++i) co_await upload.write(Payload{});
    const Payload count = co_await upload.finish();
    EXPECT_EQ(count.number(), 4);
  };
  block_on(play(test));
}

TEST(FakeService, SendsMetadata) {
  const Scenario test = [](FakeService& probe, InProcessServer& server) -> Task<void> {
    probe.on("Unary", Answer{}.initial_metadata("x-shelf", "4").trailing_metadata("x-left", "2").send(Payload{}));
    const ProbeStub stub{server.channel()};
    CallInfo context;
    co_await stub.Unary(Order{}, {.info = &context});
    EXPECT_EQ(context.initial_metadata.get("x-shelf"), "4");
    EXPECT_EQ(context.trailing_metadata.get("x-left"), "2");
  };
  block_on(play(test));
}

TEST(FakeService, RecordsEachCallAsItCame) {
  const Scenario test = [](FakeService& probe, InProcessServer& server) -> Task<void> {
    probe.on("Unary", {fails(StatusCode::kNotFound, "none"), replies(numbered(1))});
    const ProbeStub stub{server.channel()};
    const Metadata metadata{{"x-request-id", "7"}};
    const Result<Payload> first = co_await stub.Unary(with_text("a"), {.timeout = 5s, .metadata = &metadata}).result();
    EXPECT_FALSE(first.ok());
    co_await stub.Unary(with_text("b"));
    EXPECT_EQ(probe.calls().count("Unary"), 2U);
    EXPECT_EQ(probe.calls().count("/tern.test.v1.Probe/Unary"), 2U);
    EXPECT_EQ(probe.calls().count("Echo"), 0U);
    const std::vector<RecordedCall> calls = probe.calls().all();
    EXPECT_EQ(calls[0].method, "/tern.test.v1.Probe/Unary");
    EXPECT_EQ(calls[0].metadata.get("x-request-id"), "7");
    EXPECT_LE(calls[0].timeout.value_or(0s), 5s);
    EXPECT_GT(calls[0].timeout.value_or(0s), 4s);
    EXPECT_EQ(calls[0].request<Order>().text(), "a");
    EXPECT_EQ(calls[0].status, (Status{StatusCode::kNotFound, "none"}));
    EXPECT_TRUE(calls[0].responses.empty());
    EXPECT_EQ(calls[1].request<Order>().text(), "b");
    EXPECT_EQ(calls[1].response<Payload>().number(), 1);
    EXPECT_FALSE(calls[1].timeout.has_value());
    EXPECT_EQ(calls[1].status, Status{});
    probe.calls().clear();
    EXPECT_EQ(probe.calls().count(), 0U);
  };
  block_on(play(test));
}

TEST(FakeService, AnswersUnimplementedWithoutATableAndSaysHowToGiveOne) {
  const Scenario test = [](FakeService& /*probe*/, InProcessServer& server) -> Task<void> {
    const ProbeStub stub{server.channel()};
    const Result<Payload> reply = co_await stub.Unary(Order{}).result();
    EXPECT_EQ(reply.status().code(), StatusCode::kUnimplemented);
    EXPECT_NE(reply.status().details().find("on(\"Unary\", …)"), std::string::npos) << reply.status().details();
  };
  block_on(play(test));
}

TEST(FakeService, SaysWhatIsWrongWithATable) {
  struct Mistake {
    const char* says;
    std::function<void(FakeService&)> make;
  };
  const std::vector<Mistake> mistakes{
      {"has no method \"Unari\"; it has Unary, Download", [](FakeService& probe) { probe.on("Unari", never()); }},
      {"answers with tern.test.v1.Payload, not with tern.test.v1.Order",
       [](FakeService& probe) { probe.on("Unary", replies(Order{})); }},
      {"not with 2 messages", [](FakeService& probe) { probe.on("Unary", replies(Payload{}).send(Payload{})); }},
      {"not with 0 messages", [](FakeService& probe) { probe.on("Unary", after(1s)); }},
      {"give at least one", [](FakeService& probe) { probe.on("Unary", std::vector<Answer>{}); }},
      {"goes on after its end", [](FakeService& /*probe*/) { never().send(Payload{}); }},
      {"does not fail with OK", [](FakeService& /*probe*/) { static_cast<void>(fails(StatusCode::kOk)); }},
      {"negative time", [](FakeService& /*probe*/) { static_cast<void>(after(-1s)); }},
      {"come before its first message",
       [](FakeService& /*probe*/) { replies(Payload{}).initial_metadata("x-a", "1"); }},
      {"no service \"tern.test.v1.Prob\"", [](FakeService& /*probe*/) { const FakeService none{"tern.test.v1.Prob"}; }},
      {"no call of Unary was recorded", [](FakeService& probe) { probe.calls().last("Unary").requests.clear(); }},
  };
  FakeService probe{kProbeName};
  for (const Mistake& each : mistakes) {
    std::string what = "nothing was thrown";
    try {
      each.make(probe);
    } catch (const std::logic_error& error) {
      what = error.what();
    }
    EXPECT_NE(what.find(each.says), std::string::npos) << what;
  }
}

}  // namespace
}  // namespace tern::test

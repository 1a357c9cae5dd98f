#include "tern/testing/call_recorder.h"

#include <gtest/gtest.h>

#include <functional>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include "support/probe_service.h"
#include "tern/testing.h"

namespace tern::test {
namespace {

using namespace std::chrono_literals;
using tern::testing::CallRecorder;
using tern::testing::InProcessServer;
using tern::testing::RecordedCall;

using Conversation = std::function<Task<void>(const ProbeStub&, CallRecorder&)>;

Task<void> record(Conversation conversation) {
  ProbeService service;
  CallRecorder recorder;
  InProcessServer server{service};
  server.channel().add_interceptor(recorder);
  const ProbeStub stub{server.channel()};
  co_await conversation(stub, recorder);
  co_await server.stop();
}

TEST(CallRecorder, KeepsWhatWasSentAndReceived) {
  const Conversation conversation = [](const ProbeStub& stub, CallRecorder& recorder) -> Task<void> {
    Order order;
    order.set_number(7);
    order.set_text("tea");
    const Metadata metadata{{"echo-trailing-x", "1"}};
    co_await stub.Unary(order, {.timeout = 1h, .metadata = &metadata});
    const RecordedCall call = recorder.calls().last();
    EXPECT_EQ(call.method, "/tern.test.v1.Probe/Unary");
    EXPECT_EQ(call.request<Order>().text(), "tea");
    EXPECT_EQ(call.response<Payload>().number(), 7);
    EXPECT_EQ(call.metadata.get("echo-trailing-x"), "1");
    EXPECT_EQ(call.trailing_metadata.get("echo-trailing-x"), "1");
    EXPECT_EQ(call.status, Status{});
    EXPECT_GT(call.timeout.value_or(0s), 59min);
    EXPECT_TRUE(call.ended_at && *call.ended_at >= call.begun_at);
  };
  block_on(record(conversation));
}

TEST(CallRecorder, KeepsFailures) {
  const Conversation conversation = [](const ProbeStub& stub, CallRecorder& recorder) -> Task<void> {
    Order order;
    order.set_status(static_cast<int>(StatusCode::kNotFound));
    order.set_details("none");
    const Result<Payload> result = co_await stub.Unary(order).result();
    EXPECT_FALSE(result.ok());
    const RecordedCall call = recorder.calls().last("Unary");
    EXPECT_EQ(call.status, (Status{StatusCode::kNotFound, "none"}));
    EXPECT_TRUE(call.responses.empty());
    std::string what;
    try {
      static_cast<void>(call.response<Payload>());
    } catch (const std::out_of_range& error) {
      what = error.what();
    }
    EXPECT_EQ(what, "/tern.test.v1.Probe/Unary has no response 0: it has 0");
  };
  block_on(record(conversation));
}

TEST(CallRecorder, KeepsBothDirectionsOfStreams) {
  const Conversation conversation = [](const ProbeStub& stub, CallRecorder& recorder) -> Task<void> {
    auto echo = stub.Echo();
    for (int i = 0; i < 3; ++i) {
      Payload payload;
      payload.set_number(i);
      co_await echo.write(payload);
      const std::optional<Payload> back = co_await echo.next();
      EXPECT_TRUE(back.has_value());
    }
    EXPECT_FALSE(recorder.calls().last("Echo").status.has_value()) << "it still runs";
    co_await echo.done_writing();
    const std::optional<Payload> end = co_await echo.next();
    EXPECT_FALSE(end.has_value());
    co_await recorder.calls().ended(1, "Echo");
    const RecordedCall call = recorder.calls().last("Echo");
    EXPECT_EQ(call.requests.size(), 3U);
    EXPECT_EQ(call.responses.size(), 3U);
    EXPECT_EQ(call.response<Payload>(2).number(), 2);
  };
  block_on(record(conversation));
}

TEST(CallRecorder, EndsTheRecordOfACallThatIsDropped) {
  const Conversation conversation = [](const ProbeStub& stub, CallRecorder& recorder) -> Task<void> {
    {
      auto ignored = stub.Ignore();
      co_await ignored.write(Payload{});
      co_await recorder.calls().begun(1);
    }
    co_await recorder.calls().ended(1);
    EXPECT_EQ(recorder.calls().last().status.value_or(Status{}).code(), StatusCode::kCancelled);
  };
  block_on(record(conversation));
}

TEST(CallRecorder, KeepsOneCallOverSeveralInOrder) {
  const Conversation conversation = [](const ProbeStub& stub, CallRecorder& recorder) -> Task<void> {
    for (int i = 0; i < 20; ++i) {
      Order order;
      order.set_number(i);
      co_await stub.Unary(order);
    }
    const std::vector<RecordedCall> calls = recorder.calls().all();
    EXPECT_EQ(calls.size(), 20U);
    for (std::size_t i = 0; i < calls.size(); ++i) {
      EXPECT_EQ(calls[i].requests.size(), 1U);
      EXPECT_EQ(calls[i].request<Order>().number(), static_cast<std::int64_t>(i));
      EXPECT_EQ(calls[i].response<Payload>().number(), static_cast<std::int64_t>(i));
    }
  };
  block_on(record(conversation));
}

}  // namespace
}  // namespace tern::test

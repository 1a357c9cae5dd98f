// Deadlines: kept by both ends, inherited by what is called inside.
#include <gtest/gtest.h>

#include <string>

#include "support/serve.h"

namespace tern::test {
namespace {

using namespace std::chrono_literals;

TEST(Deadline, EndsTheCallOnBothEnds) {
  ProbeService service;
  with_server(service, [&](Channel& channel, Server&) -> Task<void> {
    ProbeStub stub{channel};
    // Under valgrind the first deadlines pass before the request has been sent.
    for (std::chrono::milliseconds timeout = 20ms; service.cancelled == 0; timeout *= 2) {
      const Result<Payload> result = co_await stub.Hang(Order{}, {.timeout = timeout}).result();
      EXPECT_EQ(result.status().code(), StatusCode::kDeadlineExceeded);
    }
    co_await until(service.running, 0);
  });
}

TEST(Deadline, OfAStream) {
  ProbeService service;
  with_server(service, [&](Channel& channel, Server&) -> Task<void> {
    ProbeStub stub{channel};
    auto call = stub.Ignore({.timeout = 20ms});
    const std::optional<Payload> nothing = co_await call.read();
    EXPECT_FALSE(nothing);
    const Status status = co_await call.status();
    EXPECT_EQ(status.code(), StatusCode::kDeadlineExceeded);
    co_await until(service.running, 0);
  });
}

TEST(Deadline, ThatHasPassedSendsNothing) {
  ProbeService service;
  with_server(service, [&](Channel& channel, Server& server) -> Task<void> {
    ProbeStub stub{channel};
    const Result<Payload> result = co_await stub.Hang(Order{}, {.timeout = 0s}).result();
    EXPECT_EQ(result.status().code(), StatusCode::kDeadlineExceeded);
    EXPECT_EQ(server.calls_in_flight(), 0U);
  });
}

TEST(Deadline, IsInheritedFromTheJob) {
  ProbeService service;
  with_server(service, [&](Channel& channel, Server&) -> Task<void> {
    ProbeStub stub{channel};
    co_await channel.connect();
    const auto hang = [](ProbeStub its_stub) -> Task<StatusCode> {
      const Result<Payload> result = co_await its_stub.Hang(Order{}).result();
      co_return result.status().code();
    };
    StatusCode code = StatusCode::kOk;
    try {
      code = co_await with_timeout(20ms, hang(stub));
    } catch (const TimedOut&) {
      code = StatusCode::kDeadlineExceeded;  // the timeout itself was the first to see it
    }
    EXPECT_EQ(code, StatusCode::kDeadlineExceeded);
    co_await until(service.running, 0);
  });
}

/// Calls Hang of another server, without a timeout of its own.
class Forwarding final : public tern::test::v1::Probe::AsyncService {
 public:
  explicit Forwarding(Channel& next) : stub_(next) {}
  std::optional<Clock::duration> remaining;
  Task<Payload> Unary(ServerContext& context, const Order& order) override {
    remaining = context.time_remaining();
    co_return co_await stub_.Hang(order);
  }

 private:
  ProbeStub stub_;
};

TEST(Deadline, IsCarriedOverToCallsMadeInTheHandler) {
  ProbeService service;
  with_server(service, [&](Channel& channel, Server&) -> Task<void> {
    Forwarding forwarding{channel};
    Server front;
    front.add_service(forwarding);
    Channel front_channel{"127.0.0.1:" + std::to_string(front.listen("127.0.0.1:0"))};
    ProbeStub stub{front_channel};
    const Result<Payload> result = co_await stub.Unary(Order{}, {.timeout = 50ms}).result();
    EXPECT_EQ(result.status().code(), StatusCode::kDeadlineExceeded);
    EXPECT_TRUE(forwarding.remaining && *forwarding.remaining <= 50ms && *forwarding.remaining > 0ms);
    co_await until(service.running, 0);
    co_await front.stop();
  });
}

}  // namespace
}  // namespace tern::test

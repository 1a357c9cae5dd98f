// Handlers that catch Cancelled and go on: they are not stopped by their cancellation, and must not stop the others on
// their loop, nor the program's end.
#include <gtest/gtest.h>

#include <atomic>
#include <boost/asio/steady_timer.hpp>
#include <csignal>
#include <string>
#include <vector>

#include "support/captured_log.h"
#include "support/serve.h"
#include "tern/async/asio.h"
#include "tern/async/event.h"

namespace tern::test {
namespace {

using namespace std::chrono_literals;

/// The awaitable that the handler awaits again and again.
enum class WaitsFor { kSleep, kEvent, kGather, kGroup, kTimeout, kExecutor, kAsio, kMessage, kCall };

struct Kind {
  WaitsFor waits_for;
  std::string name;
};
const std::vector<Kind> kKinds{
    {WaitsFor::kSleep, "sleep"},        {WaitsFor::kEvent, "an event"},    {WaitsFor::kGather, "gather"},
    {WaitsFor::kGroup, "a task group"}, {WaitsFor::kTimeout, "a timeout"}, {WaitsFor::kExecutor, "the executor"},
    {WaitsFor::kAsio, "Asio"},          {WaitsFor::kMessage, "a message"}, {WaitsFor::kCall, "a call"}};

Task<void> sleep_long() { co_await sleep(1h); }

class Stubborn final : public tern::test::v1::Probe::AsyncService {
 public:
  explicit Stubborn(WaitsFor waits_for) : waits_for_(waits_for) {}
  std::atomic<int> running = 0;
  int caught = 0;

  AsyncGenerator<Payload> Echo(ServerContext& /*context*/, Reader<Payload>& payloads) override {
    const Running counted{running};
    for (;;) {
      try {
        co_await wait(payloads);
      } catch (...) {
        ++caught;
      }
    }
    co_yield Payload{};
  }
  Task<Payload> Unary(ServerContext& /*context*/, const Order& order) override { co_return answer(order, 1); }

 private:
  Task<void> wait(Reader<Payload>& payloads) {
    switch (waits_for_) {
      case WaitsFor::kSleep:
        co_await sleep(1h);
        break;
      case WaitsFor::kEvent:
        co_await never_.wait();
        break;
      case WaitsFor::kGather:
        co_await gather(sleep_long(), sleep_long());
        break;
      case WaitsFor::kGroup: {
        TaskGroup group;
        group.spawn(sleep_long());
        co_await group.join();
        break;
      }
      case WaitsFor::kTimeout:
        co_await with_timeout(1h, sleep_long());
        break;
      case WaitsFor::kExecutor:
        co_await run_in_executor([] {});
        break;
      case WaitsFor::kAsio: {
        boost::asio::steady_timer timer{Loop::current()->context(), 1h};
        co_await timer.async_wait(use_task);
        break;
      }
      case WaitsFor::kMessage:
        co_await payloads.next();
        break;
      case WaitsFor::kCall: {
        Channel channel{"127.0.0.1:1"};  // nobody is there
        ProbeStub stub{channel};
        co_await stub.Unary(Order{}, {.wait_for_ready = true});
        break;
      }
    }
  }

  WaitsFor waits_for_;
  Event never_;
};

/// The handler is cancelled by its deadline, and then goes on.
Task<void> cancel_a_handler(Channel& channel) {
  ProbeStub stub{channel};
  auto echo = stub.Echo({.timeout = 20ms});
  co_await echo.write(Payload{});
  const Status status = co_await echo.status();
  EXPECT_EQ(status.code(), StatusCode::kDeadlineExceeded);
}

TEST(StubbornHandlers, LeaveTheLoopToOthersAndToSignals) {
  for (const Kind& kind : kKinds) {
    const ::testing::ScopedTrace trace{__FILE__, __LINE__, kind.name};
    Stubborn service{kind.waits_for};
    with_server(service, [&service](Channel& channel, Server& server) -> Task<void> {
      CaughtSignals terminated = signals(SIGTERM);
      co_await cancel_a_handler(channel);
      // It has gone on for some time, on the only loop.
      while (service.caught < 3) co_await sleep(1ms);
      ProbeStub stub{channel};
      const Result<Payload> other = co_await stub.Unary(Order{}).result();
      EXPECT_TRUE(other.ok()) << other.status().to_string();
      std::raise(SIGTERM);
      const int number = co_await std::move(terminated);
      EXPECT_EQ(number, SIGTERM);
      EXPECT_EQ(service.running, 1);
      co_await server.stop();
      EXPECT_EQ(service.running, 0) << "its frames are destroyed";
    });
  }
}

TEST(StubbornHandlers, AreNamedInTheLog) {
  const CapturedLog log;
  Stubborn service{WaitsFor::kSleep};
  with_server(service, [&service](Channel& channel, Server& /*server*/) -> Task<void> {
    co_await cancel_a_handler(channel);
    while (service.caught <= kMostPromptCancellations) co_await sleep(1ms);
  });
  EXPECT_NE(log.text().find("/tern.test.v1.Probe/Echo"), std::string::npos) << log.text();
}

}  // namespace
}  // namespace tern::test

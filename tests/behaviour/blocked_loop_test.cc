// A handler that blocks its loop is told of, with its name and its stack; one that waits is not.
#include <gtest/gtest.h>

#include <string>
#include <thread>

#include "support/captured_log.h"
#include "support/serve.h"

namespace tern::test {
namespace {

using namespace std::chrono_literals;

// Found in the stack by these names.
[[gnu::noinline]] void sleep_in_place() { std::this_thread::sleep_for(200ms); }
[[gnu::noinline]] void compute_in_place() {
  for (const auto until = Clock::now() + 200ms; Clock::now() < until;) {
  }
}

class BlockingService final : public v1::Probe::AsyncService {
 public:
  Task<Payload> Unary(ServerContext& /*context*/, const Order& order) override {
    if (order.text() == "sleep") sleep_in_place();
    if (order.text() == "compute") compute_in_place();
    if (order.text() == "wait") co_await sleep(200ms);
    if (order.text() == "executor") co_await run_in_executor([] { sleep_in_place(); });
    co_return Payload{};
  }
};

/// What is logged while a call does that; how often its loop was blocked.
std::pair<std::string, std::uint64_t> log_of(const std::string& what) {
  const CapturedLog log;
  std::uint64_t blocked = 0;
  const auto body = [](const std::string& its_what, std::uint64_t& its_blocked) -> Task<void> {
    BlockingService service;
    Server server;
    server.add_service(service);
    Channel channel{"127.0.0.1:" + std::to_string(server.listen("127.0.0.1:0"))};
    ProbeStub stub{channel};
    Order order;
    order.set_text(its_what);
    co_await stub.Unary(order);
    co_await channel.close();
    co_await server.stop();
    its_blocked = Loop::require_current("a test").times_blocked();
  };
  block_on(body(what, blocked), {.blocked_after = 40ms});
  return {log.text(), blocked};
}

TEST(BlockedLoop, IsToldOfWithItsCallAndItsStack) {
  for (const std::string what : {"sleep", "compute"}) {
    const auto [log, blocked] = log_of(what);
    EXPECT_NE(log.find("an event loop has been blocked for "), std::string::npos) << log;
    EXPECT_NE(log.find("by /tern.test.v1.Probe/Unary"), std::string::npos) << log;
    EXPECT_NE(log.find(what + "_in_place"), std::string::npos) << log;
    EXPECT_NE(log.find("BlockingService::Unary"), std::string::npos) << log;
    EXPECT_EQ(blocked, 1U);
  }
}

TEST(BlockedLoop, WaitingIsNotBlocking) {
  for (const std::string what : {"wait", "executor"}) {
    const auto [log, blocked] = log_of(what);
    EXPECT_EQ(log, "");
    EXPECT_EQ(blocked, 0U);
  }
}

}  // namespace
}  // namespace tern::test

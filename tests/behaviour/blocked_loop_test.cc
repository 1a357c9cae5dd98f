// A handler that blocks its loop is told of, with its name and its stack; one that waits is not.
#include <gtest/gtest.h>

#include <string>
#include <thread>

#include "support/captured_log.h"
#include "support/serve.h"

namespace tern::test {
namespace {

using namespace std::chrono_literals;

constexpr const char* kBlocked = "an event loop has been blocked for ";

bool is_told(const CapturedLog& log) { return log.text().find(kBlocked) != std::string::npos; }

// They block until that is told, or for 30 s. Found in the stack by these names.
[[gnu::noinline]] void sleep_in_place(const CapturedLog& log) {
  for (const auto limit = Clock::now() + 30s; !is_told(log) && Clock::now() < limit;) {
    std::this_thread::sleep_for(10ms);
  }
}
[[gnu::noinline]] void compute_in_place(const CapturedLog& log) {
  for (const auto limit = Clock::now() + 30s; !is_told(log) && Clock::now() < limit;) {
    // Whoever looks all the time keeps the log's lock from its writer.
    for (const auto next = Clock::now() + 10ms; Clock::now() < next;) {
    }
  }
}

class BlockingService final : public v1::Probe::AsyncService {
 public:
  explicit BlockingService(const CapturedLog& log) : log_(log) {}

  Task<Payload> Unary(ServerContext& /*context*/, const Order& order) override {
    if (order.text() == "sleep") sleep_in_place(log_);
    if (order.text() == "compute") compute_in_place(log_);
    if (order.text() == "wait") co_await sleep(200ms);
    if (order.text() == "executor") co_await run_in_executor([] { std::this_thread::sleep_for(200ms); });
    co_return Payload{};
  }

 private:
  const CapturedLog& log_;
};

/// Returns what is logged while a call does that, and how often its loop was blocked.
std::pair<std::string, std::uint64_t> log_of(const std::string& what) {
  const CapturedLog log;
  std::uint64_t blocked = 0;
  const auto body = [](const CapturedLog& its_log, const std::string& its_what,
                       std::uint64_t& its_blocked) -> Task<void> {
    BlockingService service{its_log};
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
  block_on(body(log, what, blocked), {.blocked_after = 40ms});
  return {log.text(), blocked};
}

TEST(BlockedLoop, IsToldOfWithItsCallAndItsStack) {
  for (const std::string what : {"sleep", "compute"}) {
    const auto [log, blocked] = log_of(what);
    EXPECT_NE(log.find(kBlocked), std::string::npos) << log;
    EXPECT_NE(log.find("by /tern.test.v1.Probe/Unary"), std::string::npos) << log;
    EXPECT_NE(log.find(what + "_in_place"), std::string::npos) << log;
    EXPECT_NE(log.find("BlockingService::Unary"), std::string::npos) << log;
    EXPECT_GE(blocked, 1U);  // more where other programs take the processor away
  }
}

TEST(BlockedLoop, WaitingIsNotBlocking) {
  for (const std::string what : {"wait", "executor"}) {
    const auto [log, blocked] = log_of(what);
    EXPECT_EQ(log.find("by /tern.test.v1.Probe/Unary"), std::string::npos) << log;
  }
}

}  // namespace
}  // namespace tern::test

// Calls made again, or several times at once, as the service config says.
#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <string>

#include "support/fleet.h"
#include "tern/client/resolver.h"

namespace tern::test {
namespace {

using namespace std::chrono_literals;

constexpr std::string_view kRetrying = R"({
  "retryThrottling": {"maxTokens": 1000, "tokenRatio": 1},
  "methodConfig": [{"name": [{"service": "tern.test.v1.Probe"}],
    "retryPolicy": {"maxAttempts": 4, "initialBackoff": "0.002s", "maxBackoff": "0.01s", "backoffMultiplier": 2,
                    "retryableStatusCodes": ["UNAVAILABLE"]}}]})";

/// A policy whose backoff no test waits out.
std::string slow_retries(int attempts) {
  return R"({"methodConfig": [{"name": [{}], "retryPolicy": {"maxAttempts": )" + std::to_string(attempts) +
         R"(, "initialBackoff": "100s", "maxBackoff": "100s", "backoffMultiplier": 1,
      "retryableStatusCodes": ["UNAVAILABLE"]}}]})";
}

Task<void> crash_when_it_runs(Fleet::Member& member) {
  while (member.service.running == 0) co_await sleep(1ms);
  Fleet::crash(member);
}

TEST(Retries, HappenAsThePolicySays) {
  run_test([]() -> Task<void> {
    Fleet fleet;
    ProbeService& service = fleet.add().service;
    const ChannelOptions options{.service_config = kRetrying};
    Channel channel{fleet.list(), options};
    service.failing = 3;
    const Status third_time = co_await call(channel);
    EXPECT_TRUE(third_time.ok());
    EXPECT_EQ(service.begun, 4);
    service.begun = 0;
    service.failing = 4;
    const Status too_often = co_await call(channel);
    EXPECT_EQ(too_often, (Status{StatusCode::kUnavailable, "failing as ordered"}));
    EXPECT_EQ(service.begun, 4);
    service.begun = 0;
    ProbeStub stub{channel};
    Order order;
    order.set_status(static_cast<int>(StatusCode::kNotFound));
    const Result<Payload> missing = co_await stub.Unary(order).result();
    EXPECT_EQ(missing.status().code(), StatusCode::kNotFound);
    EXPECT_EQ(service.begun, 1) << "NOT_FOUND is not in the policy";
    co_await channel.close();
  });
}

TEST(Retries, EndWithTheDeadlineAndWhenSwitchedOff) {
  run_test([]() -> Task<void> {
    Fleet fleet;
    ProbeService& service = fleet.add().service;
    service.failing = 1000;
    const std::string slow = slow_retries(4);
    const ChannelOptions options{.service_config = slow};
    Channel channel{fleet.list(), options};
    const Status late = co_await call(channel, {.timeout = 20ms});
    EXPECT_EQ(late.code(), StatusCode::kDeadlineExceeded);
    const ChannelOptions off{.service_config = kRetrying, .enable_retries = false};
    Channel without{fleet.list(), off};
    service.begun = 0;
    const Status status = co_await call(without);
    EXPECT_EQ(status.code(), StatusCode::kUnavailable);
    EXPECT_EQ(service.begun, 1);
    co_await channel.close();
    co_await without.close();
  });
}

TEST(Retries, HeedWhatTheServerSaysOfThem) {
  run_test([]() -> Task<void> {
    Fleet fleet;
    ProbeService& service = fleet.add().service;
    const std::string slow = slow_retries(3);
    const ChannelOptions options{.service_config = slow};
    Channel channel{fleet.list(), options};
    service.failing = 2;
    service.pushback = "1";
    const Status sooner = co_await call(channel, {.timeout = 10s});
    EXPECT_TRUE(sooner.ok()) << "in place of the policy's 100 s";
    EXPECT_EQ(service.begun, 3);
    service.failing = 1;
    service.pushback = "-1";
    const Status not_at_all = co_await call(channel);
    EXPECT_EQ(not_at_all.code(), StatusCode::kUnavailable);
    EXPECT_EQ(service.begun, 4);
    co_await channel.close();
  });
}

TEST(Retries, AreThrottled) {
  run_test([]() -> Task<void> {
    Fleet fleet;
    ProbeService& service = fleet.add().service;
    service.failing = 1000;
    const std::string config =
        R"({"retryThrottling": {"maxTokens": 4, "tokenRatio": 0.1}, "methodConfig": [{"name": [{}],
      "retryPolicy": {"maxAttempts": 5, "initialBackoff": "0.001s", "maxBackoff": "0.001s", "backoffMultiplier": 1,
      "retryableStatusCodes": ["UNAVAILABLE"]}}]})";
    const ChannelOptions options{.service_config = config};
    Channel channel{fleet.list(), options};
    co_await make_call(channel);
    EXPECT_EQ(service.begun, 2) << "two failures leave half of the tokens";
    co_await make_call(channel);
    EXPECT_EQ(service.begun, 3);
    co_await channel.close();
  });
}

/// Knows one address, and how it is to be called.
class Configured final : public Resolver {
 public:
  AsyncGenerator<Resolution> resolve(std::string_view /*target*/) override { co_yield known; }
  Resolution known;
};

TEST(Retries, AreThrottledByTheConfigOfAResolverToo) {
  run_test([]() -> Task<void> {
    Fleet fleet;
    Fleet::Member& member = fleet.add();
    member.service.failing = 1000;
    Configured resolver;
    resolver.known = {.servers = {member.address},
                      .service_config =
                          R"({"retryThrottling": {"maxTokens": 4, "tokenRatio": 0.1}, "methodConfig": [{"name": [{}],
      "retryPolicy": {"maxAttempts": 5, "initialBackoff": "0.001s", "maxBackoff": "0.001s", "backoffMultiplier": 1,
      "retryableStatusCodes": ["UNAVAILABLE"]}}]})"};
    const ChannelOptions options{.resolver = &resolver};
    Channel channel{"throttled.example", options};
    for (int i = 0; i < 10; ++i) co_await make_call(channel);
    EXPECT_EQ(member.service.begun, 11) << "one retry, until half of the tokens are gone";
    // The same server by another channel: no tokens of its own.
    Channel second{"throttled.example", options};
    co_await make_call(second);
    EXPECT_EQ(member.service.begun, 12);
    co_await channel.close();
    co_await second.close();
  });
}

TEST(Retries, SendAStreamOfRequestsAgain) {
  run_test([]() -> Task<void> {
    Fleet fleet;
    Fleet::Member& member = fleet.add();
    const ChannelOptions options{.backoff = kQuick, .service_config = kRetrying};
    Channel channel{member.address, options};
    ProbeStub stub{channel};
    auto upload = stub.Upload();
    Payload payload;
    payload.set_data("12345");
    for (int i = 0; i < 3; ++i) co_await upload.write(payload);
    const std::string address = member.address;
    co_await crash_when_it_runs(member);
    Fleet::start(member, address);
    for (int i = 0; i < 3; ++i) {
      const bool written = co_await upload.write(payload);
      EXPECT_TRUE(written);
    }
    const Payload sum = co_await upload.finish();
    EXPECT_EQ(sum.number(), 6);
    EXPECT_EQ(sum.text(), "30");
    co_await channel.close();
  });
}

// A writer that were not held back would have sent more than is kept before the second attempt is open.
TEST(Retries, HoldTheWriterBackBetweenAttempts) {
  run_test([]() -> Task<void> {
    Fleet fleet;
    Fleet::Member& member = fleet.add();
    const ChannelOptions options{.backoff = kQuick, .service_config = kRetrying};
    Channel channel{member.address, options};
    ProbeStub stub{channel};
    auto upload = stub.Upload({.wait_for_ready = true});
    Payload payload;
    payload.set_data("12345");
    co_await upload.write(payload);
    const std::string address = member.address;
    co_await crash_when_it_runs(member);
    while (channel.state() == ConnectivityState::kReady) co_await sleep(1ms);
    TaskGroup group;
    const auto write = [](auto& its_upload) -> Task<void> {
      Payload long_one;
      long_one.set_data(std::string(10'000, 'x'));
      for (int i = 0; i < 50; ++i) {
        const bool written = co_await its_upload.write(long_one);
        EXPECT_TRUE(written);
      }
    };
    group.spawn(write(upload));
    co_await sleep(0ms);
    Fleet::start(member, address);
    co_await group.join();
    const Payload sum = co_await upload.finish();
    EXPECT_EQ(sum.number(), 51);
    EXPECT_EQ(sum.text(), "500005");
    co_await channel.close();
  });
}

TEST(Retries, EndWithTheDeadlineAfterTheirConnectionIsGone) {
  run_test([]() -> Task<void> {
    Fleet fleet;
    Fleet::Member& member = fleet.add();
    member.service.hanging = 1;
    const std::string slow = slow_retries(4);
    const ChannelOptions options{.service_config = slow};
    Channel channel{member.address, options};
    TaskGroup group;
    group.spawn(crash_when_it_runs(member));
    CallInfo context;
    const Status late = co_await call(channel, {.timeout = 50ms, .info = &context});
    EXPECT_EQ(late.code(), StatusCode::kDeadlineExceeded);
    EXPECT_EQ(context.peer, "") << "it had no connection at its end";
    co_await channel.close();
  });
}

TEST(Retries, AreOverOnceTheResponseHasBegun) {
  run_test([]() -> Task<void> {
    Fleet fleet;
    Fleet::Member& member = fleet.add();
    const ChannelOptions options{.backoff = kQuick, .service_config = kRetrying};
    Channel channel{member.address, options};
    ProbeStub stub{channel};
    Order order;
    order.set_count(100);
    order.set_wait_us(1000);
    auto download = stub.Download(order);
    co_await download.next();
    Fleet::crash(member);
    while (co_await download.read()) {
    }
    const Status status = co_await download.status();
    EXPECT_EQ(status.code(), StatusCode::kUnavailable);
    co_await channel.close();
  });
}

/// The first of several attempts, and those after it, as a policy says.
std::string hedging(std::string_view delay, int attempts = 3) {
  return R"({"methodConfig": [{"name": [{"service": "tern.test.v1.Probe"}], "hedgingPolicy": {"maxAttempts": )" +
         std::to_string(attempts) + R"(, "hedgingDelay": ")" + std::string{delay} +
         R"(", "nonFatalStatusCodes": ["UNAVAILABLE"]}}]})";
}

TEST(Hedging, TakesTheFirstResponseAndCancelsTheOthers) {
  run_test([]() -> Task<void> {
    Fleet fleet;
    ProbeService& service = fleet.add().service;
    const std::string config = hedging("0.001s");
    const ChannelOptions options{.service_config = config};
    Channel channel{fleet.list(), options};
    service.hanging = 2;
    ProbeStub stub{channel};
    Order order;
    order.set_number(7);
    order.set_size(100'000);
    const Payload payload = co_await stub.Unary(order);
    EXPECT_EQ(payload.number(), 7);
    EXPECT_EQ(payload.data().size(), 100'000U);
    EXPECT_EQ(service.begun, 3);
    co_await until(service.cancelled, 2);
    // A stream of responses too.
    order.set_count(20);
    auto download = stub.Download(order);
    int count = 0;
    while (co_await download.next()) ++count;
    EXPECT_EQ(count, 20);
    co_await until(service.running, 0);
    co_await channel.close();
  });
}

TEST(Hedging, GoesToOtherServers) {
  run_test([]() -> Task<void> {
    Fleet fleet;
    for (int i = 0; i < 3; ++i) fleet.add();
    const std::string config = hedging("0.001s");
    const ChannelOptions options{.round_robin = true, .service_config = config};
    Channel channel{fleet.list(), options};
    while (std::any_of(fleet.members.begin(), fleet.members.end(), [](auto& m) { return m->service.begun == 0; })) {
      co_await make_call(channel);
    }
    for (const auto& member : fleet.members) {
      member->service.begun = 0;
      member->service.hanging = 1;
    }
    const Status late = co_await call(channel, {.timeout = 50ms});
    EXPECT_EQ(late.code(), StatusCode::kDeadlineExceeded);
    for (const auto& member : fleet.members) {
      EXPECT_EQ(member->service.begun, 1);
      co_await until(member->service.cancelled, 1);
    }
    co_await channel.close();
  });
}

TEST(Hedging, DoesNotWaitOutTheDelayAfterAFailure) {
  run_test([]() -> Task<void> {
    Fleet fleet;
    ProbeService& service = fleet.add().service;
    const std::string config = hedging("100s");
    const ChannelOptions options{.service_config = config};
    Channel channel{fleet.list(), options};
    service.failing = 2;
    const Status third = co_await call(channel);
    EXPECT_TRUE(third.ok()) << third.to_string();
    EXPECT_EQ(service.begun, 3);
    service.begun = 0;
    service.failing = 1000;
    CallInfo context;
    const Status none = co_await call(channel, {.info = &context});
    EXPECT_EQ(none, (Status{StatusCode::kUnavailable, "failing as ordered"}));
    EXPECT_EQ(service.begun, 3);
    service.begun = 0;
    service.pushback = "-1";
    const Status not_again = co_await call(channel, {.info = &context});
    EXPECT_EQ(not_again.code(), StatusCode::kUnavailable);
    EXPECT_EQ(service.begun, 1) << "the server wants no other attempt";
    EXPECT_EQ(context.trailing_metadata.get("grpc-retry-pushback-ms"), std::nullopt) << "is none of the user's";
    co_await channel.close();
  });
}

TEST(Hedging, EndsWithAStatusThatIsFatal) {
  run_test([]() -> Task<void> {
    Fleet fleet;
    ProbeService& service = fleet.add().service;
    const std::string config = hedging("0.001s", 2);
    const ChannelOptions options{.service_config = config};
    Channel channel{fleet.list(), options};
    service.hanging = 1;
    ProbeStub stub{channel};
    Order order;
    order.set_status(static_cast<int>(StatusCode::kNotFound));
    const Result<Payload> missing = co_await stub.Unary(order).result();
    EXPECT_EQ(missing.status().code(), StatusCode::kNotFound);
    co_await until(service.cancelled, 1);
    co_await channel.close();
    // No server at all.
    Fleet::crash(*fleet.members.front());
    Channel away{fleet.list(), options};
    const Status status = co_await call(away);
    EXPECT_EQ(status.code(), StatusCode::kUnavailable);
    EXPECT_NE(status.details().find("failed to connect"), std::string::npos) << status.to_string();
    co_await away.close();
  });
}

TEST(Hedging, IsDroppedWithItsCall) {
  run_test([]() -> Task<void> {
    Fleet fleet;
    ProbeService& service = fleet.add().service;
    const std::string config = hedging("0s");
    const ChannelOptions options{.service_config = config};
    Channel channel{fleet.list(), options};
    service.hanging = 3;
    const auto call_and_drop = [](Channel& its_channel, ProbeService& its_service) -> Task<void> {
      TaskGroup group;
      group.spawn(make_call(its_channel));
      co_await until(its_service.running, 3);
    };
    co_await call_and_drop(channel, service);
    co_await until(service.cancelled, 3);
    const Status next = co_await call(channel);
    EXPECT_TRUE(next.ok());
    co_await channel.close();
  });
}

TEST(ServiceConfig, LimitsMessages) {
  run_test([]() -> Task<void> {
    Fleet fleet;
    ProbeService& service = fleet.add().service;
    const std::string config = R"({"methodConfig": [{"name": [{"service": "tern.test.v1.Probe"}],
        "maxRequestMessageBytes": 1000, "maxResponseMessageBytes": 2000}]})";
    const ChannelOptions options{.service_config = config};
    Channel channel{fleet.list(), options};
    ProbeStub stub{channel};
    Order order;
    order.set_text(std::string(990, 'x'));
    const Result<Payload> fits = co_await stub.Unary(order).result();
    EXPECT_TRUE(fits.ok()) << fits.status().to_string();
    order.set_size(1500);
    const Result<Payload> too_long_answer = co_await stub.Unary(order).result();
    EXPECT_EQ(too_long_answer.status().code(), StatusCode::kResourceExhausted);
    order.set_text(std::string(1000, 'x'));
    service.begun = 0;
    const Result<Payload> too_long = co_await stub.Unary(order).result();
    EXPECT_EQ(too_long.status().code(), StatusCode::kResourceExhausted);
    EXPECT_NE(too_long.status().details().find("maxRequestMessageBytes"), std::string::npos);
    EXPECT_EQ(service.begun, 0);
    auto upload = stub.Upload();
    Payload payload;
    payload.set_data(std::string(900, 'x'));
    const bool first = co_await upload.write(payload);
    EXPECT_TRUE(first);
    payload.set_data(std::string(1000, 'x'));
    const bool second = co_await upload.write(payload);
    EXPECT_FALSE(second);
    const Status ended = co_await upload.status();
    EXPECT_EQ(ended.code(), StatusCode::kResourceExhausted);
    co_await channel.close();
  });
}

}  // namespace
}  // namespace tern::test

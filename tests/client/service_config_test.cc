#include "client/service_config.h"

#include <gtest/gtest.h>

#include "client/backoff.h"

namespace tern {
namespace {

using namespace std::chrono_literals;

TEST(ServiceConfig, SaysWhatIsConfigured) {
  const ServiceConfig config = ServiceConfig::parse(R"({
    "loadBalancingConfig": [{"unknown": {}}, {"round_robin": {}}],
    "retryThrottling": {"maxTokens": 10, "tokenRatio": 0.5},
    "healthCheckConfig": {"serviceName": "a.B"},
    "methodConfig": [
      {"name": [{"service": "a.B", "method": "C"}], "timeout": "1.5s", "waitForReady": true,
       "retryPolicy": {"maxAttempts": 9, "initialBackoff": "0.1s", "maxBackoff": "10s", "backoffMultiplier": 2,
                       "retryableStatusCodes": ["UNAVAILABLE", 8]}},
      {"name": [{"service": "a.B"}], "maxRequestMessageBytes": "1000",
       "hedgingPolicy": {"maxAttempts": 3, "hedgingDelay": "0.5s", "nonFatalStatusCodes": ["INTERNAL"]}},
      {"name": [{}], "timeout": "9s"}
    ]})");
  EXPECT_EQ(config.round_robin, true);
  EXPECT_EQ(config.throttling.max_tokens, 10);
  EXPECT_EQ(config.health_service, "a.B");
  const MethodConfig& method = *config.find("/a.B/C");
  EXPECT_EQ(method.timeout, 1500ms);
  EXPECT_EQ(method.wait_for_ready, true);
  EXPECT_EQ(method.retry->max_attempts, 5) << "gRPC's implementations take no more";
  EXPECT_EQ(method.retry->backoff.initial, 100ms);
  EXPECT_TRUE(method.retry->codes.test(14) && method.retry->codes.test(8));
  EXPECT_EQ(method.retry->codes.count(), 2U);
  const MethodConfig& service = *config.find("/a.B/D");
  EXPECT_EQ(service.max_request_bytes, 1000U);
  EXPECT_EQ(service.hedging->delay, 500ms);
  EXPECT_EQ(config.find("/x.Y/Z")->timeout, 9s);
}

TEST(ServiceConfig, OfNothingIsNothing) {
  EXPECT_EQ(ServiceConfig::parse("").find("/a.B/C"), nullptr);
  EXPECT_EQ(ServiceConfig::parse("{}").find("/a.B/C"), nullptr);
  EXPECT_EQ(ServiceConfig::parse(R"({"methodConfig": [{"name": [{"service": "a"}]}]})").find("/b/C"), nullptr);
}

TEST(ServiceConfig, WhatIsWrongIsRefused) {
  for (const char* json : {
           "nonsense",
           "[]",
           R"({"methodConfig": 1})",
           R"({"methodConfig": [1]})",
           R"({"methodConfig": [{}]})",
           R"({"methodConfig": [{"name": [{"method": "C"}]}]})",
           R"({"methodConfig": [{"name": [{"service": "a"}, {"service": "a"}]}]})",
           R"({"methodConfig": [{"name": [{}], "timeout": 1}]})",
           R"({"methodConfig": [{"name": [{}], "timeout": "-1s"}]})",
           R"({"methodConfig": [{"name": [{}], "retryPolicy": {}}]})",
           R"({"methodConfig": [{"name": [{}], "retryPolicy": {"maxAttempts": 1}}]})",
           R"({"methodConfig": [{"name": [{}], "retryPolicy": {"maxAttempts": 2, "initialBackoff": "1s",
               "maxBackoff": "1s", "backoffMultiplier": 1, "retryableStatusCodes": ["NO_SUCH"]}}]})",
           R"({"methodConfig": [{"name": [{}], "retryPolicy": {"maxAttempts": 2, "initialBackoff": "1s",
               "maxBackoff": "1s", "backoffMultiplier": 1, "retryableStatusCodes": []}}]})",
           R"({"loadBalancingConfig": [{"unknown": {}}]})",
           R"({"retryThrottling": {"maxTokens": 0, "tokenRatio": 1}})",
       }) {
    EXPECT_THROW(ServiceConfig::parse(json), std::invalid_argument) << json;
  }
}

TEST(Backoff, GrowsUpToItsMaximumAndSpreads) {
  Backoff backoff{{.initial = 1s, .multiplier = 2, .jitter = 0.2, .maximum = 5s}, 1};
  for (const auto middle : {1000ms, 2000ms, 4000ms, 5000ms, 5000ms}) {
    const auto delay = backoff.next();
    EXPECT_GE(delay, middle * 8 / 10);
    EXPECT_LE(delay, middle * 12 / 10);
  }
  backoff.reset();
  EXPECT_LE(backoff.next(), 1200ms);
}

}  // namespace
}  // namespace tern

// A handler that gives the metadata of its call back, or hands it on to another server.
#include <gtest/gtest.h>

#include <string>

#include "support/serve.h"

namespace tern::test {
namespace {

using namespace std::chrono_literals;

enum Way { kNotAtAll, kByAdd, kByAssignment, kAllAtOnce, kAsTrailing, kToTheNext };

/// Does with its metadata what the order's number says; its answer has the user-agents of the call.
class PassingOn final : public tern::test::v1::Probe::AsyncService {
 public:
  Channel* next = nullptr;

  Task<Payload> Unary(ServerContext& context, const Order& order) override {
    const Metadata received = context.metadata();
    Payload answer;
    switch (order.number()) {
      case kByAdd:
        for (const auto& [key, value] : received) context.initial_metadata().add(key, value);
        break;
      case kByAssignment:
        context.initial_metadata() = received;
        break;
      case kAllAtOnce:
        context.initial_metadata().add_all(received);
        break;
      case kAsTrailing:
        context.trailing_metadata() = received;
        break;
      case kToTheNext: {
        ProbeStub stub{*next};
        answer = co_await stub.Unary(Order{}, {.timeout = 10s, .metadata = &received});
        co_return answer;
      }
      default:
        break;
    }
    for (const std::string_view agent : received.get_all("user-agent")) {
      answer.set_text(answer.text() + std::string{agent} + ";");
    }
    co_return answer;
  }
};

TEST(PassedOnMetadata, FailsNoCall) {
  PassingOn service;
  with_server(service, [&service](Channel& channel, Server&) -> Task<void> {
    service.next = &channel;
    ProbeStub stub{channel};
    for (const int way : {kNotAtAll, kByAdd, kByAssignment, kAllAtOnce, kAsTrailing, kToTheNext}) {
      for (const bool odd : {false, true}) {
        if (odd && way == kByAdd) continue;  // add() is for texts of the program's own
        Order order;
        order.set_number(way);
        Metadata metadata{{"x-id", "7"}, {"content-length", "5"}};
        if (odd) metadata.add_received("x-odd", "caf\xe9");
        CallInfo context;
        const CallOptions options{.timeout = 10s, .metadata = &metadata, .info = &context};
        Result<Payload> result = co_await stub.Unary(order, options).result();
        EXPECT_TRUE(result.ok()) << way << ": " << result.status().to_string();
        if (!result.ok()) continue;
        EXPECT_EQ(result.value().text(), std::string{kUserAgent} + ";") << way;
        const Metadata& back = way == kAsTrailing ? context.trailing_metadata : context.initial_metadata;
        const bool given_back = way != kNotAtAll && way != kToTheNext;
        EXPECT_EQ(back.get("x-id").has_value(), given_back) << way;
        EXPECT_EQ(back.get("x-odd").value_or(""), odd && given_back ? "caf\xe9" : "") << way;
        EXPECT_FALSE(back.get("user-agent").has_value()) << way;
        EXPECT_FALSE(back.get("content-length").has_value()) << way;
      }
    }
  });
}

}  // namespace
}  // namespace tern::test

#include "tern/testing/in_process_server.h"

#include <gtest/gtest.h>

#include <memory>
#include <stdexcept>
#include <string>

#include "support/probe_service.h"
#include "tern/testing.h"

namespace tern::test {
namespace {

using tern::testing::FakeService;
using tern::testing::InProcessServer;

TEST(InProcessServer, ServesItsServicesWithoutASocket) {
  const auto test = []() -> Task<void> {
    ProbeService service;
    InProcessServer server{service};
    const ProbeStub stub{server.channel()};
    Order order;
    order.set_number(3);
    const Payload payload = co_await stub.Unary(order);
    EXPECT_EQ(payload.number(), 3);
    EXPECT_EQ(&server.channel(), &server.channel());
    const std::unique_ptr<Channel> other = server.connect({.max_send_message_length = 1});
    order.set_text("longer");
    const Result<Payload> refused = co_await ProbeStub{*other}.Unary(order).result();
    EXPECT_EQ(refused.status().code(), StatusCode::kResourceExhausted);
    co_await other->close();
    co_await server.stop();
    const Result<Payload> ended = co_await stub.Unary(order).result();
    EXPECT_FALSE(ended.ok());
  };
  block_on(test());
}

TEST(InProcessServer, EndsItsCallsWhenItIsDestroyed) {
  const auto test = []() -> Task<void> {
    ProbeService service;
    {
      InProcessServer server{service};
      TaskGroup group;
      const auto call = [](Channel& channel) -> Task<void> {
        const Result<Payload> result = co_await ProbeStub{channel}.Hang(Order{}).result();
        EXPECT_FALSE(result.ok());
      };
      group.spawn(call(server.channel()));
      co_await until(service.running, 1);
    }
    co_await until(service.running, 0);
  };
  block_on(test());
}

TEST(InProcessServer, RejectsAnInProcessOfTheCaller) {
  const auto test = []() -> Task<void> {
    ProbeService service;
    InProcess mine;
    InProcessServer server{service};
    std::string what;
    try {
      static_cast<void>(server.connect({.in_process = &mine}));
    } catch (const std::invalid_argument& error) {
      what = error.what();
    }
    EXPECT_NE(what.find("leave it out"), std::string::npos) << what;
    co_return;
  };
  block_on(test());
}

TEST(InProcessServer, NeedsALoop) {
  ProbeService service;
  EXPECT_THROW(InProcessServer{service}, std::logic_error);
}

}  // namespace
}  // namespace tern::test

// Cancellation: by the client, by a dropped call, by a lost connection; at any point of any kind of call.
#include <gtest/gtest.h>

#include <random>
#include <string>
#include <vector>

#include "support/serve.h"

namespace tern::test {
namespace {

using namespace std::chrono_literals;

class Cancellation : public ::testing::Test {
 protected:
  ProbeService service;
};

TEST_F(Cancellation, OfTheWaitingJobReachesTheHandler) {
  with_server(service, [this](Channel& channel, Server&) -> Task<void> {
    ProbeStub stub{channel};
    TaskGroup group;
    const auto hang = [](ProbeStub its_stub) -> Task<void> { co_await its_stub.Hang(Order{}); };
    group.spawn(hang(stub));
    co_await until(service.running, 1);
    group.cancel();
    co_await group.join();
    co_await until(service.running, 0);
    EXPECT_EQ(service.cancelled, 1);
  });
}

TEST_F(Cancellation, ByHandIsSeenAsAStatus) {
  with_server(service, [this](Channel& channel, Server&) -> Task<void> {
    ProbeStub stub{channel};
    auto call = stub.Ignore();
    co_await call.write(Payload{});
    co_await until(service.running, 1);
    call.cancel();
    const Status status = co_await call.status();
    EXPECT_EQ(status.code(), StatusCode::kCancelled);
    co_await until(service.running, 0);
  });
}

TEST_F(Cancellation, ADroppedCallIsCancelled) {
  with_server(service, [this](Channel& channel, Server&) -> Task<void> {
    ProbeStub stub{channel};
    {
      auto call = stub.Ignore();
      co_await call.write(Payload{});
      co_await until(service.running, 1);
    }
    co_await until(service.running, 0);
  });
}

TEST_F(Cancellation, ACallThatNeverBeganCostsNothing) {
  with_server(service, [](Channel& channel, Server& server) -> Task<void> {
    ProbeStub stub{channel};
    {
      auto call = stub.Ignore();
    }
    {
      auto call = stub.Unary(Order{});
    }
    EXPECT_EQ(server.calls_in_flight(), 0U);
    co_return;
  });
}

TEST_F(Cancellation, ALostConnectionCancelsTheHandler) {
  with_server(service, [this](Channel& channel, Server&) -> Task<void> {
    TaskGroup group;
    {
      Channel other{channel.target()};
      ProbeStub stub{other};
      const auto hang = [](ProbeStub its_stub) -> Task<void> {
        const Result<Payload> result = co_await its_stub.Hang(Order{}).result();
        EXPECT_EQ(result.status().code(), StatusCode::kCancelled);
      };
      group.spawn(hang(stub));
      co_await until(service.running, 1);
    }
    co_await group.join();
    co_await until(service.running, 0);
  });
}

TEST_F(Cancellation, AFailedGeneratorOfRequestsCancelsTheCall) {
  with_server(service, [this](Channel& channel, Server&) -> Task<void> {
    ProbeStub stub{channel};
    const auto failing = []() -> AsyncGenerator<Payload> {
      co_yield Payload{};
      throw std::runtime_error("no more to say");
    };
    auto call = stub.Ignore(failing());
    const std::optional<Payload> nothing = co_await call.read();
    EXPECT_FALSE(nothing);
    const Status status = co_await call.status();
    EXPECT_EQ(status.code(), StatusCode::kCancelled);
    EXPECT_NE(status.details().find("no more to say"), std::string::npos);
    co_await until(service.running, 0);
  });
}

/// One call of a random kind, with a random order.
Task<void> any_call(ProbeStub stub, std::uint32_t dice) {
  Order order;
  order.set_count(static_cast<int>(dice % 50));
  order.set_size(static_cast<int>(dice % 3000));
  order.set_wait_us(static_cast<std::int64_t>(dice % 3 == 0 ? 200 : 0));
  switch (dice % 4) {
    case 0: {
      co_await stub.Unary(order);
      break;
    }
    case 1: {
      auto call = stub.Download(order);
      while (const std::optional<Payload> payload = co_await call.next()) {
      }
      break;
    }
    case 2: {
      auto call = stub.Upload();
      Payload payload;
      payload.set_data(std::string(static_cast<std::size_t>(order.size()), 'u'));
      for (int i = 0; i < order.count(); ++i) co_await call.write(payload);
      co_await call.finish();
      break;
    }
    default: {
      auto call = stub.Echo();
      for (int i = 0; i < order.count(); ++i) {
        co_await call.write(Payload{});
        co_await call.next();
      }
      break;
    }
  }
}

Task<void> cancelled_after(Task<void> call, std::chrono::microseconds time) {
  try {
    co_await with_timeout(time, std::move(call));
  } catch (const TimedOut&) {
  } catch (const RpcError& error) {
    EXPECT_TRUE(error.code() == StatusCode::kDeadlineExceeded) << error.what();
  }
}

TEST_F(Cancellation, AtAThousandRandomPointsOfEveryKindOfCall) {
  with_server(service, [this](Channel& channel, Server& server) -> Task<void> {
    ProbeStub stub{channel};
    std::mt19937 random{11};  // NOLINT(cert-msc51-cpp): the same points each time
    for (int round = 0; round < 20; ++round) {
      std::vector<Task<void>> calls;
      for (int i = 0; i < 50; ++i) {
        calls.push_back(cancelled_after(any_call(stub, random()), std::chrono::microseconds{random() % 5000}));
      }
      co_await gather(std::move(calls));
    }
    // On the same connection, so that the server has seen every reset before it answers.
    co_await stub.Unary(Order{});
    co_await until(service.running, 0);
    EXPECT_EQ(server.calls_in_flight(), 0U);
  });
}

TEST_F(Cancellation, DroppedConnectionsAtRandomPoints) {
  with_server(service, [this](Channel& channel, Server& server) -> Task<void> {
    std::mt19937 random{12};  // NOLINT(cert-msc51-cpp): the same points each time
    for (int round = 0; round < 100; ++round) {
      TaskGroup group;
      Channel other{channel.target()};
      for (int i = 0; i < 10; ++i) {
        const auto tolerant = [](Task<void> call) -> Task<void> {
          try {
            co_await std::move(call);
          } catch (const RpcError& error) {
            EXPECT_EQ(error.code(), StatusCode::kCancelled) << error.what();
          }
        };
        group.spawn(tolerant(any_call(ProbeStub{other}, random())));
      }
      co_await sleep(std::chrono::microseconds{random() % 3000});
      co_await other.close();
      co_await group.join();
    }
    co_await server.stop();
    EXPECT_EQ(service.running, 0);
    EXPECT_EQ(server.calls_in_flight(), 0U);
  });
}

}  // namespace
}  // namespace tern::test

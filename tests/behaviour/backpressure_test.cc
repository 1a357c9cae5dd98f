// Backpressure: a slow reader suspends the writer, on both ends; memory stays bounded.
#include <gtest/gtest.h>

#include <string>

#include "support/serve.h"

namespace tern::test {
namespace {

/// Many turns of both ends' loops.
Task<void> round_trips(ProbeStub stub, int count) {
  for (int i = 0; i < count; ++i) co_await stub.Unary(Order{});
}

TEST(Backpressure, AGeneratorIsSuspendedWhileNobodyReads) {
  ProbeService service;
  with_server(service, [&](Channel& channel, Server&) -> Task<void> {
    ProbeStub stub{channel};
    Order order;
    order.set_count(10'000);
    order.set_size(10'000);
    auto call = stub.Download(order);
    const std::optional<Payload> first = co_await call.next();
    EXPECT_TRUE(first);
    co_await round_trips(stub, 200);
    // The stream's window of 256 KiB, and 64 KiB that wait for it.
    const int suspended_at = service.yielded;
    EXPECT_LT(suspended_at, 45);
    co_await round_trips(stub, 200);
    EXPECT_EQ(service.yielded, suspended_at);
    int seen = 1;
    while (const std::optional<Payload> payload = co_await call.next()) ++seen;
    EXPECT_EQ(seen, 10'000);
  });
}

TEST(Backpressure, AWritingClientIsSuspendedWhileNobodyReads) {
  ProbeService service;
  with_server(service, [&](Channel& channel, Server&) -> Task<void> {
    ProbeStub stub{channel};
    auto call = stub.Ignore();
    int written = 0;
    const auto write = [](auto& its_call, int& its_count) -> Task<void> {
      Payload payload;
      payload.set_data(std::string(10'000, 'w'));
      while (co_await its_call.write(payload)) ++its_count;
    };
    TaskGroup group;
    group.spawn(write(call, written));
    co_await until(service.running, 1);
    co_await round_trips(stub, 200);
    const int suspended_at = written;
    EXPECT_LT(suspended_at, 45);
    co_await round_trips(stub, 200);
    EXPECT_EQ(written, suspended_at);
    call.cancel();
    co_await group.join();
  });
}

TEST(Backpressure, AMessageLargerThanEveryWindowGoesThrough) {
  ProbeService service;
  const Served served{.server_options = {.max_receive_message_length = 64 << 20},
                      .channel_options = {.max_receive_message_length = 64 << 20}};
  with_server(
      service,
      [](Channel& channel, Server&) -> Task<void> {
        ProbeStub stub{channel};
        Order order;
        order.set_size(32 << 20);
        order.set_text(std::string(std::size_t{16} << 20, 't'));
        const Payload payload = co_await stub.Unary(order);
        EXPECT_EQ(payload.data().size(), std::size_t{32} << 20);
        EXPECT_EQ(payload.text().size(), std::size_t{16} << 20);
      },
      served);
}

TEST(Backpressure, OneSlowReaderDoesNotHoldUpTheOthers) {
  ProbeService service;
  with_server(service, [](Channel& channel, Server&) -> Task<void> {
    ProbeStub stub{channel};
    Order order;
    order.set_count(1000);
    order.set_size(10'000);
    auto slow = stub.Download(order);
    const std::optional<Payload> first = co_await slow.next();
    auto quick = stub.Download(order);
    int seen = 0;
    while (const std::optional<Payload> payload = co_await quick.next()) ++seen;
    EXPECT_EQ(seen, 1000);
  });
}

}  // namespace
}  // namespace tern::test

// What a server holds for its clients has a limit, and those who hoard do not starve the others.
#include <gtest/gtest.h>

#include <atomic>
#include <boost/asio/io_context.hpp>
#include <string>
#include <vector>

#include "http2/memory_budget.h"
#include "support/held_time.h"
#include "support/serve.h"

namespace tern::test {
namespace {

using namespace std::chrono_literals;
using http2::LoopBudget;
using http2::MemoryBudget;

TEST(MemoryBudget, CountsPartsAndTheWhole) {
  boost::asio::io_context context;
  LoopBudget whole{Loop::of(context), {.held = 1000}};
  MemoryBudget hoarder{800, whole};
  {
    MemoryBudget honest{800, whole};
    EXPECT_TRUE(hoarder.allows(900, 0)) << "a call that is alone may be as long as the whole allows";
    hoarder.take(700);
    EXPECT_TRUE(hoarder.allows(100, 0));
    EXPECT_FALSE(hoarder.allows(101, 0));
    EXPECT_TRUE(hoarder.allows(101, 700)) << "it holds all that the connection holds";
    EXPECT_TRUE(honest.allows(300, 0));
    EXPECT_TRUE(honest.allows(500, 0)) << "its fair share";
    EXPECT_FALSE(honest.allows(501, 0));
    honest.take(300);
    EXPECT_FALSE(hoarder.allows(1, 700)) << "has more than its share";
    EXPECT_TRUE(honest.allows(200, 300));
    EXPECT_EQ(whole.used(), 1000U);
  }
  EXPECT_EQ(whole.used(), 700U);
  hoarder.give(700);
  EXPECT_EQ(whole.used(), 0U);
  LoopBudget without_limits{Loop::of(context), {}};
  EXPECT_TRUE((MemoryBudget{http2::kNoLimit, without_limits}.allows(SIZE_MAX / 2, 0)));
}

TEST(MemoryBudget, IsCrowdedWhereMuchWaitsToBeSent) {
  constexpr std::size_t kMebibyte = std::size_t{1024} * 1024;
  boost::asio::io_context context;
  LoopBudget whole{Loop::of(context), {.unsent = 4 * kMebibyte}};
  MemoryBudget hoarder{kMebibyte * 64, whole};
  MemoryBudget honest{kMebibyte * 64, whole};
  MemoryBudget in_process{http2::kNoLimit, whole, MemoryBudget::Turns::kNone};
  hoarder.take_unsent(4 * kMebibyte);
  EXPECT_FALSE(hoarder.crowded());
  honest.take_unsent(kMebibyte / 16);
  in_process.take_unsent(kMebibyte);
  hoarder.take(kMebibyte);  // what is received does not count
  EXPECT_TRUE(hoarder.crowded());
  EXPECT_FALSE(honest.crowded()) << "has no part in it";
  EXPECT_FALSE(in_process.crowded());
  hoarder.give_unsent(2 * kMebibyte);
  EXPECT_FALSE(hoarder.crowded());
  EXPECT_EQ(hoarder.sent(), 2 * kMebibyte);
}

/// Calls whose handler reads nothing, each with this many bytes sent to it.
std::vector<BidiStreamCall<Payload, Payload>> hoard(Channel& channel, std::size_t count) {
  std::vector<BidiStreamCall<Payload, Payload>> calls;
  for (std::size_t i = 0; i < count; ++i) calls.push_back(ProbeStub{channel}.Ignore());
  return calls;
}

Task<void> write_to(BidiStreamCall<Payload, Payload>& call, std::size_t size) {
  Payload payload;
  payload.set_data(std::string(size, 'x'));
  co_await call.write(payload);
}

Task<void> count_refusal(BidiStreamCall<Payload, Payload>& call, std::atomic<int>& refused) {
  const Status status = co_await call.status();
  EXPECT_EQ(status.code(), StatusCode::kResourceExhausted) << status.to_string();
  EXPECT_NE(status.details().find("max_buffered_bytes_per_connection"), std::string::npos);
  ++refused;
  refused.notify_all();
}

TEST(MaxBufferedBytes, OfAConnectionEndTheCallThatWouldExceedThem) {
  ProbeService service;
  with_server(service,
              [&](Channel& channel, Server&) -> Task<void> {
                auto calls = hoard(channel, 10);
                for (auto& call : calls) co_await write_to(call, 50'000);
                TaskGroup watching;
                std::atomic<int> refused = 0;
                for (auto& call : calls) watching.spawn(count_refusal(call, refused));
                while (refused == 0) co_await sleep(1ms);
                EXPECT_LT(refused, 10);
                // Another connection has its own; this one has room again when calls end.
                Channel other{channel.target()};
                const Status elsewhere = co_await call(other);
                EXPECT_TRUE(elsewhere.ok()) << elsewhere.to_string();
                watching.cancel();
                calls.clear();
                co_await until(service.running, 0);
                Order order;
                order.set_text(std::string(200'000, 'x'));
                const Result<Payload> again = co_await ProbeStub{channel}.Unary(order).result();
                EXPECT_TRUE(again.ok()) << again.status().to_string();
                // One message may be longer than all that, when nothing else is held.
                order.set_text(std::string(3'000'000, 'x'));
                const Result<Payload> longest = co_await ProbeStub{channel}.Unary(order).result();
                EXPECT_TRUE(longest.ok()) << longest.status().to_string();
                co_await other.close();
              },
              {.server_options = {.max_buffered_bytes_per_connection = 256 * 1024}});
}

TEST(MaxBufferedBytes, CountWhatAClientDoesNotTake) {
  ProbeService service;
  with_server(service,
              [&](Channel& channel, Server&) -> Task<void> {
                ProbeStub stub{channel};
                Order order;
                order.set_size(400'000);
                order.set_count(2);
                // Opened, and not read: each window takes 256 KiB, the rest waits in the server.
                std::vector<ServerStreamCall<Payload>> calls;
                for (int i = 0; i < 10; ++i) calls.push_back(stub.Download(order));
                for (auto& call : calls) co_await call.initial_metadata();
                int refused = 0;
                for (auto& call : calls) {
                  while (const std::optional<Payload> payload = co_await call.read()) {
                  }
                  const Status status = co_await call.status();
                  if (status.code() == StatusCode::kResourceExhausted) ++refused;
                }
                EXPECT_GT(refused, 0);
                EXPECT_LT(refused, 10);
                const Status after = co_await call(channel);
                EXPECT_TRUE(after.ok()) << after.to_string();
              },
              {.server_options = {.max_buffered_bytes_per_connection = 1'000'000}});
}

TEST(MaxBufferedBytes, OfTheServerLeaveEachConnectionItsShare) {
  ProbeService service;
  with_server(service,
              [&](Channel& channel, Server&) -> Task<void> {
                Channel honest{channel.target()};
                const Status first = co_await call(honest);
                EXPECT_TRUE(first.ok());
                auto calls = hoard(channel, 20);
                for (auto& call : calls) co_await write_to(call, 50'000);
                TaskGroup watching;
                std::atomic<int> refused = 0;
                for (auto& call : calls) watching.spawn(count_refusal(call, refused));
                while (refused == 0) co_await sleep(1ms);
                Order order;
                order.set_text(std::string(100'000, 'x'));
                for (int i = 0; i < 10; ++i) {
                  const Result<Payload> result = co_await ProbeStub{honest}.Unary(order).result();
                  EXPECT_TRUE(result.ok()) << result.status().to_string();
                }
                watching.cancel();
                calls.clear();
                co_await honest.close();
              },
              {.server_options = {.max_buffered_bytes = 512 * 1024}});
}

/// A response of which the server holds most until somebody reads it.
Order unread() {
  Order order;
  order.set_size(2'000'000);
  order.set_count(1);
  return order;
}

Task<void> until_started(Server& server, std::uint64_t calls) {
  for (;;) {
    const ServerInfo info = co_await server.inspect();
    if (info.calls.started == calls) co_return;
    co_await sleep(1ms);
  }
}

Task<void> call_and_tell(Channel& channel, std::optional<Status>& status) { status = co_await call(channel); }

TEST(CrowdedBytes, CallsWaitUntilTheirClientTakesSomething) {
  ProbeService service;
  with_server(service,
              [&](Channel& channel, Server& server) -> Task<void> {
                auto stream = ProbeStub{channel}.Download(unread());
                co_await stream.initial_metadata();
                TaskGroup waiting;
                std::optional<Status> status;
                waiting.spawn(call_and_tell(channel, status));
                co_await until_started(server, 2);
                Channel other{channel.target()};
                const Status elsewhere = co_await call(other);
                EXPECT_TRUE(elsewhere.ok()) << elsewhere.to_string();
                EXPECT_FALSE(status) << "it did not wait";
                const std::optional<Payload> payload = co_await stream.read();
                EXPECT_TRUE(payload);
                co_await waiting.join();
                EXPECT_TRUE(status && status->ok()) << status.value_or(Status{}).to_string();
                co_await other.close();
              },
              {.server_options = {.max_unsent_bytes = 256 * 1024}});
}

TEST(CrowdedBytes, WhoTakesNothingIsRefused) {
  ProbeService service;
  with_server_over_sockets_in_held_time(service,
                                        [&](Channel& channel, Server&) -> Task<void> {
                                          auto stream = ProbeStub{channel}.Download(unread());
                                          co_await stream.initial_metadata();
                                          const Status refused = co_await call(channel);
                                          EXPECT_EQ(refused.code(), StatusCode::kResourceExhausted)
                                              << refused.to_string();
                                          EXPECT_NE(refused.details().find("max_unsent_bytes"), std::string::npos);
                                          stream.cancel();
                                          co_await until(service.running, 0);
                                          const Status again = co_await call(channel);
                                          EXPECT_TRUE(again.ok()) << again.to_string();
                                        },
                                        {.server_options = {.max_unsent_bytes = 256 * 1024}});
}

Task<void> download(Channel& channel, int& served) {
  Order order;
  order.set_size(1'000'000);
  const Result<Payload> result = co_await ProbeStub{channel}.Unary(order).result();
  EXPECT_TRUE(result.ok()) << result.status().to_string();
  if (result.ok()) ++served;
}

TEST(CrowdedBytes, ABurstOfLongAnswersIsServed) {
  ProbeService service;
  with_server(service, [](Channel& channel, Server&) -> Task<void> {
    int served = 0;
    TaskGroup burst;
    for (int i = 0; i < 200; ++i) burst.spawn(download(channel, served));
    co_await burst.join();
    EXPECT_EQ(served, 200);
  });
}

}  // namespace
}  // namespace tern::test

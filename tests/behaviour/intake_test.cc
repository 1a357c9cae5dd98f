// Messages that are not whole: all connections together hold no more of them than the server has room for, who goes on
// is served, and who does not loses them.
#include "http2/intake.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <boost/asio/io_context.hpp>
#include <chrono>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "support/half_request.h"
#include "support/in_order_proxy.h"
#include "support/port_of.h"
#include "support/raw_client.h"
#include "support/serve.h"
#include "tern/testing/time.h"

namespace tern::test {
namespace {

using namespace std::chrono_literals;
using http2::Intake;

constexpr std::size_t kKibibyte = 1024;
constexpr std::size_t kMebibyte = 1024 * kKibibyte;

/// Holds one message, and takes what room it is given until it has enough.
struct Receiving final : Intake::Receiver {
  explicit Receiving(Intake& whole) : part(whole) { part.receive_for(*this); }
  void hold(std::size_t size) { part.change(std::exchange(held, size), size); }
  std::size_t on_room(std::size_t bytes) override {
    const std::size_t used = std::min(bytes, wanted);
    wanted -= used;
    room += used;
    return used;
  }
  void on_stalled() override { stalled = true; }

  Intake::Part part;
  std::size_t held = 0;
  std::size_t wanted = 0;
  std::size_t room = 0;
  bool stalled = false;
};

class IntakeTest : public ::testing::Test {
 protected:
  boost::asio::io_context context_;
  Intake intake_{Loop::of(context_), 2 * kMebibyte, http2::kNoLimit};
};

TEST_F(IntakeTest, EverybodyReceivesWhileThereIsRoom) {
  Receiving first{intake_};
  Receiving second{intake_};
  first.hold(kMebibyte);
  second.hold(kMebibyte - 1);
  EXPECT_TRUE(first.part.may_receive());
  EXPECT_TRUE(second.part.may_receive());
  EXPECT_EQ(intake_.bytes(), 2 * kMebibyte - 1);
}

TEST_F(IntakeTest, WhoHoldsMuchWaitsForWhatOthersEnd) {
  Receiving first{intake_};
  Receiving second{intake_};
  Receiving small{intake_};
  first.hold(kMebibyte);
  second.hold(kMebibyte);
  small.hold(128 * kKibibyte);
  EXPECT_TRUE(small.part.may_receive()) << "has next to no part in it";
  first.wanted = second.wanted = 10 * kMebibyte;
  EXPECT_FALSE(first.part.may_receive());
  EXPECT_EQ(first.room, 10 * kMebibyte) << "one is not held up, so that there is an end to it";
  EXPECT_FALSE(second.part.may_receive());
  EXPECT_FALSE(second.part.may_receive()) << "asked again, it stands in the line once";
  EXPECT_EQ(second.room, 0U);
  EXPECT_TRUE(second.part.held_up());
  first.hold(5 * kMebibyte);
  small.hold(0);
  EXPECT_EQ(second.room, 0U);
  first.hold(0);
  EXPECT_EQ(second.room, 10 * kMebibyte) << "now it is the one";
  EXPECT_FALSE(second.part.held_up());
}

TEST_F(IntakeTest, RoomGoesRoundInPieces) {
  Receiving favoured{intake_};
  std::vector<std::unique_ptr<Receiving>> waiting;
  for (int i = 0; i < 4; ++i) waiting.push_back(std::make_unique<Receiving>(intake_));
  for (const auto& one : waiting) one->hold(256 * kKibibyte);
  favoured.hold(kMebibyte + 64 * kKibibyte);
  favoured.wanted = 1;
  EXPECT_FALSE(favoured.part.may_receive());
  for (const auto& one : waiting) {
    one->wanted = kMebibyte;
    EXPECT_FALSE(one->part.may_receive());
  }
  // It still has too much to be out of it.
  favoured.hold(512 * kKibibyte);
  for (const auto& one : waiting) EXPECT_GE(one->room, 128 * kKibibyte);
  for (const auto& one : waiting) EXPECT_LE(one->room, 192 * kKibibyte);
}

TEST_F(IntakeTest, WhoLeavesTheCrowdReceivesAgain) {
  Receiving first{intake_};
  Receiving second{intake_};
  first.hold(2 * kMebibyte);
  first.wanted = 1;
  second.hold(kMebibyte);
  second.wanted = kMebibyte;
  EXPECT_FALSE(first.part.may_receive());
  EXPECT_FALSE(second.part.may_receive());
  EXPECT_EQ(second.room, 0U);
  second.hold(0);
  EXPECT_EQ(second.room, kMebibyte);
}

TEST_F(IntakeTest, WhoGoesAwayIsForgotten) {
  Receiving first{intake_};
  first.hold(kMebibyte);
  {
    Receiving second{intake_};
    second.hold(2 * kMebibyte);
    EXPECT_FALSE(second.part.may_receive());
  }
  EXPECT_EQ(intake_.bytes(), kMebibyte);
  EXPECT_TRUE(first.part.may_receive());
  const auto favoured = std::make_unique<Receiving>(intake_);
  favoured->hold(2 * kMebibyte);
  EXPECT_FALSE(favoured->part.may_receive());
  first.wanted = kMebibyte;
  EXPECT_FALSE(first.part.may_receive());
  EXPECT_EQ(first.room, 0U);
}

TEST_F(IntakeTest, WhatGoesAwayLeavesItsRoomToTheOthers) {
  auto favoured = std::make_unique<Receiving>(intake_);
  Receiving waiting{intake_};
  favoured->hold(2 * kMebibyte);
  waiting.hold(kMebibyte);
  waiting.wanted = kMebibyte;
  EXPECT_FALSE(favoured->part.may_receive());
  EXPECT_FALSE(waiting.part.may_receive());
  EXPECT_EQ(waiting.room, 0U);
  favoured.reset();
  EXPECT_EQ(waiting.room, kMebibyte);
}

TEST_F(IntakeTest, WhoDoesNotGoOnIsGivenUpAndTheOthersComeToTheirRoom) {
  std::optional<tern::testing::Time> time;
  {
    const Loop::Turn turn{Loop::of(context_)};
    time.emplace(tern::testing::TimeOptions{.automatic = true});
  }
  Receiving silent{intake_};
  Receiving waiting{intake_};
  silent.hold(2 * kMebibyte);
  silent.wanted = 1;
  waiting.hold(kMebibyte);
  waiting.wanted = 16 * kMebibyte;
  EXPECT_FALSE(silent.part.may_receive());
  EXPECT_FALSE(waiting.part.may_receive());
  while (!silent.stalled) {
    context_.run_one();
    waiting.hold(kMebibyte + waiting.room);
  }
  EXPECT_FALSE(waiting.stalled);
  EXPECT_GT(waiting.room, 0U) << "the line is given more by and by, also where nobody ends anything";
}

TEST_F(IntakeTest, InAnyOrderSomebodyCanGoOn) {
  std::minstd_rand random{1};
  std::array<std::unique_ptr<Receiving>, 6> parts;
  std::size_t waited = 0;
  for (int step = 0; step < 100'000; ++step) {
    std::unique_ptr<Receiving>& part = parts[random() % parts.size()];
    if (part == nullptr) {
      part = std::make_unique<Receiving>(intake_);
      continue;
    }
    switch (random() % 8) {
      case 0:
        part.reset();
        break;
      case 1:
        part->hold(0);
        break;
      case 2:
        part->wanted = random() % kMebibyte;
        if (part->part.may_receive()) part->on_room(SIZE_MAX);
        break;
      default:
        part->hold(part->held + std::min<std::size_t>(part->room, random() % (512 * kKibibyte)));
        part->room = 0;
        if (part->held == 0) part->hold(random() % (512 * kKibibyte));
        break;
    }
    std::size_t held = 0;
    std::size_t waiting = 0;
    bool any_goes_on = false;
    for (const auto& one : parts) {
      if (one == nullptr) continue;
      held += one->held;
      waiting += one->part.held_up() ? 1U : 0U;
      any_goes_on = any_goes_on || (one->held > 128 * kKibibyte && !one->part.held_up());
    }
    waited += waiting;
    ASSERT_EQ(intake_.bytes(), held);
    ASSERT_TRUE(waiting == 0 || any_goes_on) << "at step " << step << " all wait for each other";
  }
  EXPECT_GT(waited, 1'000U) << "nobody ever had to";
}

/// Uploads with a long text; how it ended.
Task<Status> upload(Channel& channel, std::size_t size) {
  Order order;
  order.set_text(std::string(size, 'x'));
  const Result<Payload> result = co_await ProbeStub{channel}.Unary(order).result();
  co_return result.status();
}

Task<void> upload_well(Channel& channel, std::size_t size) {
  const Status status = co_await upload(channel, size);
  EXPECT_TRUE(status.ok()) << status.to_string();
}

const HalfRequests kHalfCalls{"/tern.test.v1.Probe/Unary", "application/grpc"};

TEST(CrowdedBytes, HalfMessagesThatAreHeldAreGivenUpForThoseThatGoOn) {
  ProbeService service;
  with_server(service,
              [&](Channel& channel, Server& server) -> Task<void> {
                std::vector<std::unique_ptr<RawClient>> holding;
                for (int i = 0; i < 6; ++i) {
                  holding.push_back(std::make_unique<RawClient>(port_of(channel.target())));
                  co_await holding.back()->write(kHalfCalls.of_a_message(kMebibyte, 60 * kKibibyte, 4));
                }
                TaskGroup uploads;
                for (int i = 0; i < 4; ++i) uploads.spawn(upload_well(channel, 3 * kMebibyte));
                co_await uploads.join();
                // Half ones are ended sooner or later, and their connections go on.
                std::size_t streams = 24;
                while (streams == 24) {
                  co_await sleep(1ms);
                  const ServerInfo info = co_await server.inspect();
                  EXPECT_EQ(info.connections.size(), 7U);
                  streams = 0;
                  for (const ConnectionInfo& connection : info.connections) {
                    streams += connection.streams_started - connection.streams_succeeded - connection.streams_failed;
                  }
                }
              },
              {.server_options = {.max_unfinished_bytes = 2 * kMebibyte, .max_long_message_bytes = 2 * kMebibyte}});
}

TEST(CrowdedBytes, ManyLongMessagesAtOnceAllArrive) {
  ProbeService service;
  with_server(service,
              [](Channel& channel, Server& /*server*/) -> Task<void> {
                std::vector<std::unique_ptr<Channel>> channels;
                TaskGroup uploads;
                for (int i = 0; i < 20; ++i) {
                  channels.push_back(std::make_unique<Channel>(channel.target()));
                  uploads.spawn(upload_well(*channels.back(), 2 * kMebibyte));
                }
                co_await uploads.join();
                for (const auto& one : channels) co_await one->close();
              },
              {.server_options = {.max_unfinished_bytes = kMebibyte, .max_long_message_bytes = kMebibyte}});
}

/// Uploads `count` messages at once through a proxy that reads in order.
Task<void> upload_in_order(Channel& channel, std::size_t count, std::size_t size) {
  InOrderProxy proxy{port_of(channel.target())};
  Channel through{proxy.address()};
  TaskGroup uploads;
  for (std::size_t i = 0; i < count; ++i) uploads.spawn(upload_well(through, size));
  co_await uploads.join();
  EXPECT_GT(proxy.waits(), 0U) << "no stream ever held the others up";
  co_await through.close();
}

TEST(CrowdedBytes, MessagesArriveThroughAProxyThatReadsInOrder) {
  ProbeService service;
  with_server(service,
              [](Channel& channel, Server& /*server*/) -> Task<void> {
                co_await upload_in_order(channel, 50, 150 * kKibibyte);
              },
              {.server_options = {.max_unfinished_bytes = 4 * kMebibyte, .max_long_message_bytes = 4 * kMebibyte}});
}

TEST(CrowdedBytes, MessagesArriveThroughSeveralProxiesThatReadInOrder) {
  ProbeService service;
  with_server(service,
              [](Channel& channel, Server& /*server*/) -> Task<void> {
                TaskGroup proxies;
                for (int i = 0; i < 4; ++i) proxies.spawn(upload_in_order(channel, 50, 150 * kKibibyte));
                co_await proxies.join();
              },
              {.server_options = {.max_unfinished_bytes = 4 * kMebibyte, .max_long_message_bytes = 4 * kMebibyte}});
}

// Room for all of them comes by and by only.
TEST(CrowdedBytes, MessagesThatDoNotFitArriveThroughAProxyThatReadsInOrder) {
  ProbeService service;
  with_server(service,
              [](Channel& channel, Server& /*server*/) -> Task<void> {
                co_await upload_in_order(channel, 50, 300 * kKibibyte);
              },
              {.server_options = {.max_unfinished_bytes = 4 * kMebibyte, .max_long_message_bytes = 4 * kMebibyte}});
}

TEST(CrowdedBytes, OneSilentClientBehindAProxyCostsTheOthersNothing) {
  ProbeService service;
  with_server(service,
              [](Channel& channel, Server& /*server*/) -> Task<void> {
                RawClient holding{port_of(channel.target())};
                co_await holding.write(kHalfCalls.of_a_message(kMebibyte, 60 * kKibibyte, 4));
                co_await upload_in_order(channel, 50, 150 * kKibibyte);
              },
              {.server_options = {.max_unfinished_bytes = 4 * kMebibyte, .max_long_message_bytes = 4 * kMebibyte}});
}

/// An upload that ends well, or that its client gives up at some point.
Task<void> upload_or_leave(Channel& channel, std::uint32_t seed) {
  std::minstd_rand random{seed};
  random.discard(10);
  const std::size_t size = random() % 600'000;
  const std::chrono::microseconds when{random() % 3000};
  switch (random() % 3) {
    case 0: {
      TaskGroup dropped;
      dropped.spawn(upload_well(channel, size));
      co_await sleep(when);
      dropped.cancel();
      break;
    }
    case 1: {
      Order order;
      order.set_text(std::string(size, 'x'));
      const Result<Payload> result = co_await ProbeStub{channel}.Unary(order, {.timeout = when}).result();
      EXPECT_TRUE(result.ok() || result.status().code() == StatusCode::kDeadlineExceeded)
          << result.status().to_string();
      break;
    }
    default:
      co_await upload_well(channel, size);
  }
}

TEST(CrowdedBytes, WhatIsGivenUpLeavesItsRoomToTheOthers) {
  ProbeService service;
  with_server(service,
              [](Channel& channel, Server& /*server*/) -> Task<void> {
                std::vector<std::unique_ptr<Channel>> channels;
                for (int i = 0; i < 8; ++i) channels.push_back(std::make_unique<Channel>(channel.target()));
                TaskGroup uploads;
                for (std::uint32_t i = 0; i < 200; ++i) uploads.spawn(upload_or_leave(*channels[i % 8], i));
                co_await uploads.join();
                co_await upload_well(channel, 3 * kMebibyte);
                for (const auto& one : channels) co_await one->close();
              },
              {.server_options = {.max_unfinished_bytes = 256 * kKibibyte, .max_long_message_bytes = 256 * kKibibyte},
               .threads = 2});
}

TEST(CrowdedBytes, ALongMessageOfOneClientNeedsNoRoomButItsOwn) {
  ProbeService service;
  with_server(service,
              [](Channel& channel, Server& /*server*/) -> Task<void> { co_await upload_well(channel, 3 * kMebibyte); },
              {.server_options = {.max_unfinished_bytes = 64 * kKibibyte, .max_long_message_bytes = 64 * kKibibyte}});
}

}  // namespace
}  // namespace tern::test

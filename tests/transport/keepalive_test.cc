#include "transport/keepalive.h"

#include <gtest/gtest.h>

namespace tern::transport {
namespace {

using namespace std::chrono_literals;
using Action = Keepalive::Action;

const Clock::time_point kStart{1h};

TEST(Keepalive, AsksASilentPeerAndGivesItUp) {
  Keepalive keepalive{{.time = 10s, .timeout = 3s}, kStart};
  EXPECT_EQ(keepalive.next(), kStart + 10s);
  EXPECT_EQ(keepalive.check(kStart + 9s, true), Action::kNone);
  EXPECT_EQ(keepalive.check(kStart + 10s, true), Action::kPing);
  EXPECT_EQ(keepalive.next(), kStart + 13s);
  EXPECT_EQ(keepalive.check(kStart + 12s, true), Action::kNone);
  EXPECT_EQ(keepalive.check(kStart + 13s, true), Action::kClose);
}

TEST(Keepalive, AnyByteIsAnAnswer) {
  Keepalive keepalive{{.time = 10s, .timeout = 3s}, kStart};
  EXPECT_EQ(keepalive.check(kStart + 10s, true), Action::kPing);
  EXPECT_TRUE(keepalive.heard_something(kStart + 11s));
  EXPECT_FALSE(keepalive.heard_something(kStart + 11s));
  EXPECT_EQ(keepalive.next(), kStart + 21s);
  EXPECT_EQ(keepalive.check(kStart + 13s, true), Action::kNone);
}

TEST(Keepalive, AsksNobodyWithoutCallsUnlessToldTo) {
  Keepalive keepalive{{.time = 10s, .timeout = 3s}, kStart};
  EXPECT_EQ(keepalive.check(kStart + 10s, false), Action::kNone);
  EXPECT_EQ(keepalive.next(), kStart + 20s);
  Keepalive eager{{.time = 10s, .timeout = 3s, .without_calls = true}, kStart};
  EXPECT_EQ(eager.check(kStart + 10s, false), Action::kPing);
}

TEST(PingStrikes, TwoAreForgiven) {
  PingStrikes strikes{{.min_interval = 5min}};
  EXPECT_TRUE(strikes.pinged(kStart, true, 0));
  EXPECT_TRUE(strikes.pinged(kStart + 1s, true, 0));
  EXPECT_TRUE(strikes.pinged(kStart + 2s, true, 0));
  EXPECT_FALSE(strikes.pinged(kStart + 3s, true, 0));
}

TEST(PingStrikes, AreForgottenWhenSomethingIsSent) {
  PingStrikes strikes{{.min_interval = 5min}};
  for (std::uint64_t sent = 0; sent < 10; ++sent) EXPECT_TRUE(strikes.pinged(kStart, true, sent));
}

TEST(PingStrikes, WithoutCallsTheyCountForLonger) {
  PingStrikes strict{{.min_interval = 5min}};
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(strict.pinged(kStart + i * 10min, false, 0));
  EXPECT_FALSE(strict.pinged(kStart + 30min, false, 0));
  PingStrikes lenient{{.min_interval = 5min, .permit_without_calls = true}};
  for (int i = 0; i < 10; ++i) EXPECT_TRUE(lenient.pinged(kStart + i * 10min, false, 0));
}

}  // namespace
}  // namespace tern::transport

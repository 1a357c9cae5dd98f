// Retrying, played through every order of events: no sockets, no clock.
#include "client/retrying.h"

#include <gtest/gtest.h>

#include <array>
#include <string>
#include <thread>
#include <vector>

#include "client/retry_throttle.h"
#include "client/service_config.h"

namespace tern {
namespace {

using namespace std::chrono_literals;
using Ended = Retrying::Ended;
using Step = Retrying::Step;

constexpr std::chrono::milliseconds kHedgingDelay{5};

RetryPolicy policy_of(int attempts) {
  RetryPolicy policy;
  policy.max_attempts = attempts;
  policy.backoff = {.initial = 20ms, .multiplier = 10, .maximum = 10s};
  policy.codes.set(static_cast<std::size_t>(StatusCode::kUnavailable));
  return policy;
}

HedgingPolicy hedging_of(int attempts) {
  HedgingPolicy policy{.max_attempts = attempts, .delay = kHedgingDelay, .not_fatal = {}};
  policy.not_fatal.set(static_cast<std::size_t>(StatusCode::kUnavailable));
  return policy;
}

constexpr Ended kLost{.code = StatusCode::kUnavailable};
constexpr Ended kUnseen{.code = StatusCode::kUnavailable, .unprocessed = true};
constexpr Ended kForbidden{.code = StatusCode::kUnavailable, .pushback = "-1"};

/// An attempt of a retrying call fails: the delay before the next one; nothing where the call ends. The next attempt is
/// started.
std::optional<std::chrono::nanoseconds> fail(Retrying& retrying, const Ended& ended, RetryThrottle& throttle,
                                             double chance = 1) {
  const Step step = retrying.attempt_ended(ended, throttle, chance);
  EXPECT_NE(step.end, step.wait.has_value());
  if (!step.wait) return std::nullopt;
  EXPECT_TRUE(retrying.delay_passed(throttle).start);
  return step.wait;
}

Retrying begun(const RetryPolicy& policy) {
  Retrying retrying;
  retrying.use(policy);
  EXPECT_TRUE(retrying.begin().start);
  return retrying;
}

TEST(Retrying, WaitsLongerEachTimeAsOftenAsThePolicySays) {
  RetryThrottle none{{}};
  const RetryPolicy policy = policy_of(4);
  Retrying retrying = begun(policy);
  EXPECT_EQ(retrying.attempts_before(), 0);
  EXPECT_EQ(fail(retrying, kLost, none), 20ms);
  EXPECT_EQ(fail(retrying, kLost, none, 0.5), 100ms);
  EXPECT_EQ(fail(retrying, kLost, none), 2s);
  EXPECT_EQ(retrying.attempts_before(), 3);
  EXPECT_FALSE(fail(retrying, kLost, none));
  EXPECT_TRUE(retrying.over());
}

TEST(Retrying, BeginsItsBackoffAnewAfterThePushbackOfAServer) {
  RetryThrottle none{{}};
  const RetryPolicy policy = policy_of(5);
  Retrying retrying = begun(policy);
  const Ended told{.code = StatusCode::kUnavailable, .pushback = "7"};
  EXPECT_EQ(fail(retrying, kLost, none), 20ms);
  EXPECT_EQ(fail(retrying, told, none), 7ms);
  EXPECT_EQ(fail(retrying, kLost, none), 20ms);
  EXPECT_EQ(fail(retrying, kLost, none), 200ms);
}

TEST(Retrying, EndsTheCallWhereTheServerOrThePolicyForbidsAnotherAttempt) {
  RetryThrottle none{{}};
  const RetryPolicy policy = policy_of(3);
  for (const char* refusal : {"-1", "", "soon"}) {
    Retrying retrying = begun(policy);
    EXPECT_FALSE(fail(retrying, {.code = StatusCode::kUnavailable, .pushback = refusal}, none)) << refusal;
  }
  for (const StatusCode code : {StatusCode::kOk, StatusCode::kInternal}) {
    Retrying retrying = begun(policy);
    EXPECT_FALSE(fail(retrying, {.code = code}, none));
  }
  Retrying without;
  EXPECT_TRUE(without.begin().start);
  EXPECT_FALSE(fail(without, kLost, none));
}

TEST(Retrying, EndsACommittedCallWithItsAttempt) {
  RetryThrottle none{{}};
  const RetryPolicy policy = policy_of(3);
  for (const Ended& ended : {kLost, kUnseen}) {
    Retrying answered = begun(policy);
    EXPECT_FALSE(answered.response_began().cancel_others);
    EXPECT_FALSE(fail(answered, ended, none));
    Retrying too_long = begun(policy);
    EXPECT_FALSE(too_long.too_much_sent(true).end);
    EXPECT_TRUE(too_long.committed());
    EXPECT_FALSE(fail(too_long, ended, none));
  }
}

TEST(Retrying, EndsTheCallWhenTooMuchIsSentWhileNoAttemptCarriesIt) {
  RetryThrottle none{{}};
  const RetryPolicy policy = policy_of(3);
  Retrying retrying = begun(policy);
  EXPECT_TRUE(retrying.attempt_ended(kLost, none, 1).wait);
  EXPECT_TRUE(retrying.too_much_sent(false).end);
  EXPECT_FALSE(retrying.delay_passed(none).start);
}

TEST(Retrying, RepeatsOnceWhatNoHandlerHasSeenAndDoesNotCountIt) {
  RetryThrottle throttle{{.max_tokens = 100, .token_ratio = 1}};
  const RetryPolicy policy = policy_of(2);
  Retrying without;
  EXPECT_TRUE(without.begin().start);
  EXPECT_TRUE(without.attempt_ended(kUnseen, throttle, 1).start);
  EXPECT_TRUE(without.attempt_ended(kUnseen, throttle, 1).end);
  Retrying with = begun(policy);
  EXPECT_TRUE(with.attempt_ended(kUnseen, throttle, 1).start);
  EXPECT_EQ(with.attempts_before(), 0);
  EXPECT_EQ(fail(with, kUnseen, throttle), 20ms);
  EXPECT_EQ(with.attempts_before(), 1);
  EXPECT_FALSE(fail(with, kUnseen, throttle));
}

TEST(Retrying, IsThrottled) {
  RetryThrottle throttle{{.max_tokens = 2, .token_ratio = 0.1}};
  const RetryPolicy policy = policy_of(5);
  Retrying retrying = begun(policy);
  EXPECT_FALSE(fail(retrying, kLost, throttle)) << "half of its tokens";
  EXPECT_FALSE(throttle.allows());
}

TEST(Retrying, TakesATokenForAFailureOfThePolicyAndForAForbiddenRetry) {
  const auto takes = [](const Ended& ended, bool committed) {
    RetryThrottle throttle{{.max_tokens = 2, .token_ratio = 0.1}};
    const RetryPolicy policy = policy_of(5);
    Retrying retrying = begun(policy);
    if (committed) retrying.response_began();
    static_cast<void>(retrying.attempt_ended(ended, throttle, 1));
    return !throttle.allows();
  };
  EXPECT_TRUE(takes(kLost, false));
  EXPECT_TRUE(takes(kLost, true)) << "A6: every failed RPC";
  EXPECT_TRUE(takes({.code = StatusCode::kInternal, .pushback = "-1"}, false));
  EXPECT_FALSE(takes({.code = StatusCode::kInternal, .pushback = "7"}, false));
  EXPECT_FALSE(takes({.code = StatusCode::kInternal}, false));
  EXPECT_FALSE(takes(kUnseen, false));
}

TEST(Hedging, StartsAnAttemptAfterEachDelayAndAtOnceAfterAFailure) {
  RetryThrottle none{{}};
  const HedgingPolicy policy = hedging_of(4);
  Retrying retrying;
  retrying.use(policy);
  EXPECT_EQ(retrying.begin().wait, kHedgingDelay);
  const Step second = retrying.delay_passed(none);
  EXPECT_TRUE(second.start);
  EXPECT_EQ(second.wait, kHedgingDelay);
  EXPECT_EQ(retrying.attempts_before(), 1);
  const Step third = retrying.attempt_ended(kLost, none, 1);
  EXPECT_TRUE(third.start);
  EXPECT_EQ(third.wait, kHedgingDelay);
  const Step fourth = retrying.delay_passed(none);
  EXPECT_TRUE(fourth.start);
  EXPECT_FALSE(fourth.wait) << "it is the last";
  EXPECT_EQ(retrying.attempts_before(), 3);
  const Step answered = retrying.response_began();
  EXPECT_TRUE(answered.cancel_others);
  EXPECT_TRUE(retrying.committed());
  EXPECT_TRUE(retrying.attempt_ended(kLost, none, 1).end) << "the one that was answered";
}

TEST(Hedging, HeedsPushback) {
  RetryThrottle none{{}};
  const HedgingPolicy policy = hedging_of(3);
  Retrying later;
  later.use(policy);
  static_cast<void>(later.begin());
  const Step waits = later.attempt_ended({.code = StatusCode::kUnavailable, .pushback = "70"}, none, 1);
  EXPECT_FALSE(waits.start);
  EXPECT_EQ(waits.wait, 70ms);
  const Step next = later.delay_passed(none);
  EXPECT_TRUE(next.start);
  EXPECT_EQ(next.wait, kHedgingDelay);

  Retrying never;
  never.use(policy);
  static_cast<void>(never.begin());
  static_cast<void>(never.delay_passed(none));
  const Step goes_on = never.attempt_ended(kForbidden, none, 1);
  EXPECT_FALSE(goes_on.start || goes_on.end || goes_on.wait) << "the other attempt may succeed";
  EXPECT_TRUE(never.attempt_ended(kLost, none, 1).end);
}

TEST(RetryThrottle, AllowsRetriesAboveHalfOfItsTokens) {
  EXPECT_TRUE(RetryThrottle{Throttling{}}.allows());
  RetryThrottle throttle{{.max_tokens = 4, .token_ratio = 0.5}};
  EXPECT_TRUE(throttle.allows());
  throttle.failed();
  EXPECT_TRUE(throttle.allows());
  throttle.failed();
  EXPECT_FALSE(throttle.allows());
  throttle.succeeded();
  EXPECT_TRUE(throttle.allows());
  for (int i = 0; i < 20; ++i) throttle.failed();
  for (int i = 0; i < 4; ++i) throttle.succeeded();
  EXPECT_FALSE(throttle.allows());
  throttle.succeeded();
  EXPECT_TRUE(throttle.allows());
  for (int i = 0; i < 100; ++i) throttle.succeeded();
  throttle.failed();
  throttle.failed();
  EXPECT_FALSE(throttle.allows()) << "it has no more than its most";
}

TEST(RetryThrottle, IsOneForAServerName) {
  const Throttling four{.max_tokens = 4, .token_ratio = 0.1};
  const auto first = RetryThrottle::of("users.example", four);
  EXPECT_EQ(RetryThrottle::of("users.example", four), first);
  EXPECT_NE(RetryThrottle::of("other.example", four), first);
  std::vector<std::thread> threads;
  for (int i = 0; i < 2; ++i) threads.emplace_back([&four] { RetryThrottle::of("users.example", four)->failed(); });
  for (std::thread& thread : threads) thread.join();
  EXPECT_FALSE(first->allows());
  // A new configuration has as great a part left.
  const auto second = RetryThrottle::of("users.example", {.max_tokens = 8, .token_ratio = 1});
  EXPECT_FALSE(second->allows());
  second->succeeded();
  EXPECT_TRUE(second->allows());
  EXPECT_TRUE(RetryThrottle::of("none.example", {})->allows());
}

/// A call's attempts as their maker sees them, played through each order of events that can happen.
class RetryPlay {
 public:
  enum class Event { kOk, kLost, kFatal, kUnseen, kPushback, kForbidden, kDelay, kAnswered, kTooMuch, kCancel };

  /// One of the policies, or none.
  struct Policy {
    const RetryPolicy* retry = nullptr;
    const HedgingPolicy* hedging = nullptr;
    Throttling throttling = {};

    [[nodiscard]] int max_attempts() const {
      if (retry != nullptr) return retry->max_attempts;
      return hedging != nullptr ? hedging->max_attempts : 1;
    }
  };

  explicit RetryPlay(Policy policy) : policy_(policy) {}
  void run() { go_on(); }
  [[nodiscard]] std::size_t orders() const noexcept { return orders_; }

 private:
  /// The result of the events so far.
  struct Call {
    explicit Call(const Policy& policy) : throttle(policy.throttling) {
      if (policy.retry != nullptr) retrying.use(*policy.retry);
      if (policy.hedging != nullptr) retrying.use(*policy.hedging);
    }
    Retrying retrying;
    RetryThrottle throttle;
    int attempts = 0;  // that a handler may have seen
    int under_way = 0;
    int repeated = 0;  // transparently
    bool waits = false;
    bool committed = false;
    bool forbidden = false;
    bool over = false;
  };

  static bool ends_an_attempt(Event event) { return event <= Event::kForbidden; }

  static bool can_happen(const Call& call, Event event) {
    if (ends_an_attempt(event)) return call.under_way > 0;
    switch (event) {
      case Event::kDelay:
        return call.waits;
      case Event::kAnswered:
        return call.under_way > 0 && !call.committed;
      case Event::kTooMuch:
        return !call.committed;
      default:
        return true;
    }
  }

  static Step tell(Call& call, Event event) {
    const auto ended = [&call](const Ended& how) { return call.retrying.attempt_ended(how, call.throttle, 1); };
    switch (event) {
      case Event::kOk:
        return ended({.code = StatusCode::kOk});
      case Event::kLost:
        return ended(kLost);
      case Event::kFatal:
        return ended({.code = StatusCode::kInternal});
      case Event::kUnseen:
        return ended(kUnseen);
      case Event::kPushback:
        return ended({.code = StatusCode::kUnavailable, .pushback = "7"});
      case Event::kForbidden:
        return ended(kForbidden);
      case Event::kDelay:
        return call.retrying.delay_passed(call.throttle);
      case Event::kAnswered:
        return call.retrying.response_began();
      case Event::kTooMuch:
        return call.retrying.too_much_sent(call.under_way > 0);
      case Event::kCancel:
        call.retrying.cancel();
        return {};
    }
    return {};
  }

  void check(bool holds, const char* what) {
    if (holds || ++failures_ > 20) return;
    std::string history;
    for (const Event event : events_) history += " " + std::to_string(static_cast<int>(event));
    ADD_FAILURE() << what << ", after the events" << history;
  }

  void happen(Call& call, Event event) {
    const bool was_committed = call.committed;
    const bool was_last = call.attempts >= policy_.max_attempts();
    if (ends_an_attempt(event)) --call.under_way;
    if (event == Event::kDelay) call.waits = false;
    const Step step = tell(call, event);
    const bool repeats = event == Event::kUnseen && step.start && call.repeated == 0;
    call.repeated += repeats ? 1 : 0;
    if (event == Event::kForbidden) call.forbidden = true;
    if (event == Event::kAnswered || (event == Event::kTooMuch && !step.end)) call.committed = true;
    const int others = event == Event::kAnswered || event == Event::kTooMuch ? call.under_way - 1 : call.under_way;
    check(step.cancel_others == (others > 0 && (step.end || (call.committed && !was_committed))),
          "the others are cancelled when one is the call's, or the call ends, and only then");
    if (step.cancel_others) call.under_way -= others;
    if (step.start) {
      check(!step.end, "no attempt begins as the call ends");
      check(!was_committed && !call.committed, "no attempt begins after the commit");
      check(repeats || !was_last, "no attempt begins beyond the policy's number");
      check(repeats || call.throttle.allows(), "no attempt begins when throttled");
      check(!call.forbidden, "no attempt begins that a server has forbidden");
      check(policy_.hedging != nullptr || call.under_way == 0, "attempts run beside each other only when hedging");
      ++call.under_way;
      call.attempts += repeats ? 0 : 1;
      check(call.retrying.attempts_before() == call.attempts - 1, "attempts are numbered");
    }
    if (event == Event::kPushback && step.wait && !step.start) check(step.wait == 7ms, "a server's delay is kept");
    if (event == Event::kPushback) check(!step.start, "no attempt begins before a server's delay");
    if (event == Event::kOk || event == Event::kFatal) check(step.end, "OK and fatal codes end the call");
    if (ends_an_attempt(event) && was_committed) check(step.end, "the committed attempt ends the call");
    call.waits = (call.waits && event == Event::kTooMuch && !call.committed) || step.wait.has_value();
    if (event == Event::kCancel || step.end) call.over = true;
    if (step.end) {
      check(!step.wait, "nothing is waited for after the end");
      check(call.under_way == 0 || step.cancel_others, "no attempt outlives the call");
      call.under_way = 0;
    }
    check(call.over == call.retrying.over(), "it knows that the call is over");
    check(call.over || call.committed == call.retrying.committed(), "it knows that the call is committed");
    check(call.over || call.under_way > 0 || call.waits, "a call that is not over has something to come");
    check(!call.waits || policy_.hedging != nullptr || call.under_way == 0, "a retrying call waits or attempts");
  }

  void begin(Call& call) {
    const Step step = call.retrying.begin();
    check(step.start && !step.end && !step.cancel_others, "a call begins with an attempt");
    call.attempts = call.under_way = 1;
    call.waits = step.wait.has_value();
    check(call.waits == (policy_.hedging != nullptr), "only hedging has a delay at once");
  }

  /// The state is made anew for each order: a throttle cannot be copied.
  void go_on() {
    for (const Event event : kEvents) {
      Call call{policy_};
      begin(call);
      for (const Event earlier : events_) happen(call, earlier);
      if (!can_happen(call, event)) continue;
      events_.push_back(event);
      happen(call, event);
      if (call.over) {
        ++orders_;
        check_late_events(call);
      } else {
        go_on();
      }
      events_.pop_back();
    }
  }

  void check_late_events(Call& call) {
    for (const Event late : kEvents) {
      const Step step = tell(call, late);
      check(!step.start && !step.end && !step.wait && !step.cancel_others, "late events change nothing");
    }
  }

  static constexpr std::array kEvents{Event::kOk,       Event::kLost,      Event::kFatal, Event::kUnseen,
                                      Event::kPushback, Event::kForbidden, Event::kDelay, Event::kAnswered,
                                      Event::kTooMuch,  Event::kCancel};
  Policy policy_;
  std::vector<Event> events_;
  std::size_t orders_ = 0;
  int failures_ = 0;
};

constexpr Throttling kNoThrottling{};
constexpr Throttling kAtOnce{.max_tokens = 2, .token_ratio = 0.1};
constexpr Throttling kAfterTwo{.max_tokens = 4, .token_ratio = 0.1};

TEST(Retrying, HoldsItsRulesInEveryOrderOfEvents) {
  RetryPlay single{{}};
  single.run();
  EXPECT_GE(single.orders(), 20U);
  for (int attempts = 2; attempts <= 4; ++attempts) {
    const RetryPolicy policy = policy_of(attempts);
    for (const Throttling& throttling : {kNoThrottling, kAtOnce, kAfterTwo}) {
      RetryPlay play{{.retry = &policy, .throttling = throttling}};
      play.run();
      EXPECT_GE(play.orders(), 20U);
    }
  }
}

TEST(Hedging, HoldsItsRulesInEveryOrderOfEvents) {
  for (int attempts = 2; attempts <= 3; ++attempts) {
    const HedgingPolicy policy = hedging_of(attempts);
    for (const Throttling& throttling : {kNoThrottling, kAtOnce, kAfterTwo}) {
      RetryPlay play{{.hedging = &policy, .throttling = throttling}};
      play.run();
      EXPECT_GE(play.orders(), 100U);
    }
  }
}

}  // namespace
}  // namespace tern

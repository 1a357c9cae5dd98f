#include "tern/testing/time.h"

#include <gtest/gtest.h>

#include <atomic>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <ctime>
#include <functional>
#include <latch>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "support/probe_service.h"
#include "tern/async/asio.h"
#include "tern/testing.h"
#include "testing/held_clock.h"

namespace tern::test {
namespace {

using namespace std::chrono_literals;
using tern::testing::fails;
using tern::testing::FakeService;
using tern::testing::InProcessServer;
using tern::testing::Time;

using Minutes = std::chrono::duration<double, std::ratio<60>>;
using SystemTime = std::chrono::steady_clock;

constexpr std::string_view kProbe = tern::test::v1::Probe::kName;

void run_test(Task<void> task) { block_on(std::move(task)); }

Task<void> note_after(Clock::duration time, int number, std::vector<int>& order) {
  co_await sleep(time);
  order.push_back(number);
}

// A ticking task arms each timer when the one before has rung.
Task<void> tick(Clock::duration every, int times, int number, std::vector<int>& order) {
  for (int i = 0; i < times; ++i) {
    co_await sleep(every);
    order.push_back(number);
  }
}

TEST(HeldTime, StandsUntilItIsAdvanced) {
  const auto test = []() -> Task<void> {
    Time time;
    std::vector<int> order;
    TaskGroup group;
    group.spawn(note_after(1ns, 1, order));
    const Clock::time_point before = Clock::now();
    co_await time.settle();
    EXPECT_TRUE(order.empty());
    EXPECT_EQ(Clock::now(), before);
    co_await time.advance(1ns);
    EXPECT_EQ(order, std::vector<int>{1});
    EXPECT_EQ(time.elapsed(), 1ns);
    co_await group.join();
  };
  run_test(test());
}

TEST(HeldTime, RunsTimersInTheirOrderAlsoThoseThatAreArmedOnTheWay) {
  const auto test = []() -> Task<void> {
    Time time;
    std::vector<int> order;
    TaskGroup group;
    group.spawn(tick(2min, 4, 2, order));
    group.spawn(tick(3min, 2, 3, order));
    group.spawn(note_after(5min, 5, order));
    group.spawn(note_after(11min, 11, order));
    co_await time.advance(10min);
    EXPECT_EQ(order, (std::vector<int>{2, 3, 2, 5, 2, 3, 2}));
    EXPECT_EQ(time.elapsed(), 10min);
    EXPECT_EQ(group.running(), 1U);
    group.cancel();
    co_await group.join();
  };
  run_test(test());
}

TEST(HeldTime, LetsSleepsOfNoTimeEnd) {
  const auto test = []() -> Task<void> {
    const Time time;
    for (int i = 0; i < 100; ++i) co_await sleep(0s);
    EXPECT_EQ(time.elapsed(), 0s);
  };
  run_test(test());
}

TEST(HeldTime, EndsTasksThatTimeOut) {
  const auto test = []() -> Task<void> {
    const Time time{{.automatic = true}};
    bool timed_out = false;
    try {
      co_await with_timeout(5min, []() -> Task<void> { co_await sleep(6min); }());
    } catch (const TimedOut&) {
      timed_out = true;
    }
    EXPECT_TRUE(timed_out);
    EXPECT_EQ(time.elapsed(), 5min);
  };
  run_test(test());
}

Task<int> call_until_it_succeeds(InProcessServer& server) {
  const ProbeStub stub{server.channel()};
  for (int failed = 0;; ++failed) {
    const Result<Payload> result = co_await stub.Unary(Order{}).result();
    if (result.ok()) co_return failed;
    co_await sleep(1s);
  }
}

TEST(HeldTime, PlaysTenMinutesOfRetriesInUnderASecond) {
  const auto test = []() -> Task<void> {
    const Time time{{.automatic = true}};
    FakeService probe{kProbe};
    std::vector<tern::testing::Answer> answers(600, fails(StatusCode::kUnavailable, "not yet"));
    answers.push_back(tern::testing::replies(Payload{}));
    probe.on("Unary", std::move(answers));
    InProcessServer server{probe};
    // The process's own: other processes may have the cores.
    const std::clock_t begins = std::clock();
    const int failed = co_await call_until_it_succeeds(server);
    const double seconds = static_cast<double>(std::clock() - begins) / CLOCKS_PER_SEC;
    EXPECT_EQ(failed, 600);
    EXPECT_EQ(probe.calls().count(), 601U);
    EXPECT_GE(time.elapsed(), 10min);
    EXPECT_LT(time.elapsed(), 10min + 1s);
    EXPECT_LT(seconds, 1);
    co_await server.stop();
  };
  run_test(test());
}

constexpr std::string_view kRetries = R"({"methodConfig": [{"name": [{}], "retryPolicy": {
  "maxAttempts": 5, "initialBackoff": "60s", "maxBackoff": "300s", "backoffMultiplier": 2,
  "retryableStatusCodes": ["UNAVAILABLE"]}}]})";

TEST(HeldTime, CarriesTheBackoffOfARetryPolicy) {
  const auto test = []() -> Task<void> {
    const Time time{{.automatic = true}};
    FakeService probe{kProbe};
    probe.on("Unary", fails(StatusCode::kUnavailable));
    const ChannelOptions options{.service_config = kRetries};
    InProcessServer server{{}, options};
    server.server().add_service(probe);
    const ProbeStub stub{server.channel()};
    const Result<Payload> result = co_await stub.Unary(Order{}).result();
    EXPECT_EQ(result.status().code(), StatusCode::kUnavailable);
    const auto attempts = probe.calls().all("Unary");
    EXPECT_EQ(attempts.size(), 5U);
    const std::vector<Minutes> backoffs{1min, 2min, 4min, 5min};  // each is a random part of that
    for (std::size_t i = 0; i < backoffs.size() && i + 1 < attempts.size(); ++i) {
      const Minutes waited = attempts[i + 1].begun_at - attempts[i].begun_at;
      EXPECT_LE(waited, backoffs[i]) << i;
    }
    EXPECT_GT(time.elapsed(), 5s);
    co_await server.stop();
  };
  run_test(test());
}

TEST(HeldTime, EndsACallAtItsDeadlineOnBothEnds) {
  const auto test = []() -> Task<void> {
    Time time;
    FakeService probe{kProbe};
    probe.on("Unary", tern::testing::never());
    InProcessServer server{probe};
    TaskGroup group;
    std::optional<Status> status;
    const auto call = [](Channel& channel, std::optional<Status>& result) -> Task<void> {
      const ProbeStub stub{channel};
      const Result<Payload> reply = co_await stub.Unary(Order{}, {.timeout = 10min}).result();
      result = reply.status();
    };
    group.spawn(call(server.channel(), status));
    co_await probe.calls().begun(1);
    co_await time.advance(10min - 1ms);
    EXPECT_FALSE(status.has_value());
    EXPECT_FALSE(probe.calls().last().status.has_value());
    co_await time.advance(1ms);
    co_await group.join();
    EXPECT_EQ(status.value_or(Status{}).code(), StatusCode::kDeadlineExceeded);
    co_await probe.calls().ended(1);
    EXPECT_EQ(probe.calls().last().status.value_or(Status{}).code(), StatusCode::kDeadlineExceeded);
    EXPECT_EQ(probe.calls().last().timeout, 10min);
    co_await server.stop();
  };
  run_test(test());
}

Task<void> listen_after(Clock::duration time, Server& server, InProcess& in_process) {
  co_await sleep(time);
  server.listen(in_process);
}

TEST(HeldTime, CarriesTheBackoffOfAChannelThatReconnects) {
  const auto test = []() -> Task<void> {
    const Time time{{.automatic = true}};
    ProbeService service;
    InProcess in_process;
    Server server;
    server.add_service(service);
    Channel channel{"away", {.in_process = &in_process}};
    TaskGroup group;
    group.spawn(listen_after(10min, server, in_process));
    const ProbeStub stub{channel};
    const Result<Payload> reply = co_await stub.Unary(Order{}, {.timeout = 1h, .wait_for_ready = true}).result();
    EXPECT_TRUE(reply.ok()) << reply.status().to_string();
    EXPECT_GE(time.elapsed(), 10min);
    EXPECT_LE(time.elapsed(), 10min + 150s);  // the longest backoff is 120 s, give or take a fifth
    co_await group.join();
    co_await channel.close();
    co_await server.stop();
  };
  run_test(test());
}

/// A reason for the end of a connection, and the times between which it ends.
struct ConnectionEnd {
  const char* name;
  ServerOptions server;
  ChannelOptions channel;
  Clock::duration not_before;
  Clock::duration by;
};

Task<std::uint64_t> connections(Server& server) {
  const ServerInfo info = co_await server.inspect();
  co_return info.connections.size();
}

Task<void> see_connection_end(const ConnectionEnd& its) {
  Time time;
  ProbeService service;
  InProcessServer server{its.server, its.channel};
  server.server().add_service(service);
  const ProbeStub stub{server.channel()};
  const Result<Payload> reply = co_await stub.Unary(Order{}).result();
  EXPECT_TRUE(reply.ok());
  co_await time.advance(its.not_before);
  const std::uint64_t before = co_await connections(server.server());
  EXPECT_EQ(before, 1U) << its.name << " after " << its.not_before / 1s << " s";
  co_await time.advance(its.by - its.not_before);
  const std::uint64_t after = co_await connections(server.server());
  EXPECT_EQ(after, 0U) << its.name << " after " << its.by / 1s << " s";
  co_await server.stop();
}

TEST(HeldTime, EndsConnectionsAtTheirAgeAndWhenIdle) {
  const std::vector<ConnectionEnd> ends{
      {"max_connection_age", {.max_connection_age = 1h}, {.idle_timeout = std::nullopt}, 53min, 67min},
      {"max_connection_idle", {.max_connection_idle = 10min}, {.idle_timeout = std::nullopt}, 9min, 21min},
      {"idle_timeout", {}, {.idle_timeout = 30min}, 29min, 61min},
  };
  for (const ConnectionEnd& each : ends) block_on(see_connection_end(each));
}

TEST(HeldTime, ReachesTheTasksOfAllLoops) {
  const auto test = [](Time& time, Loop& other, std::vector<int>& order) -> Task<void> {
    // The loops take turns: at no time do both have something to do.
    std::latch begun{1};
    TaskGroup* group = nullptr;
    other.post([&] {
      group = new TaskGroup;
      group->spawn(tick(2min, 3, 2, order));
      begun.count_down();
    });
    begun.wait();
    TaskGroup here;
    here.spawn(tick(190s, 2, 3, order));
    co_await time.advance(5min);
    EXPECT_EQ(order, (std::vector<int>{2, 3, 2}));
    co_await time.advance(2min);
    EXPECT_EQ(order, (std::vector<int>{2, 3, 2, 2, 3}));
    co_await here.join();
    std::latch ended{1};
    other.post([&] {
      delete group;
      ended.count_down();
    });
    ended.wait();
  };
  Time time;
  const LoopThread other;
  std::vector<int> order;
  block_on(test(time, other.loop(), order));
}

TEST(HeldTime, WaitsForFunctionsInExecutors) {
  const auto test = []() -> Task<void> {
    const Time time{{.automatic = true}};
    TaskGroup group;
    std::vector<int> order;
    group.spawn(note_after(1min, 1, order));
    co_await run_in_executor([] { std::this_thread::sleep_for(20ms); });
    EXPECT_TRUE(order.empty()) << "the time moved while a function ran";
    co_await group.join();
    EXPECT_EQ(time.elapsed(), 1min);
  };
  run_test(test());
}

TEST(HeldTime, MovesWhileASynchronousHandlerWaitsForItsClient) {
  const auto test = []() -> Task<void> {
    const Time time{{.automatic = true}};
    SyncProbeService service;
    InProcessServer server{service};
    const ProbeStub stub{server.channel()};
    auto upload = stub.Upload();
    for (int i = 0; i < 3; ++i) {
      co_await sleep(10min);
      co_await upload.write(Payload{});
    }
    const Payload sum = co_await upload.finish();
    EXPECT_EQ(sum.number(), 3);
    EXPECT_EQ(time.elapsed(), 30min);
    co_await server.stop();
  };
  run_test(test());
}

TEST(HeldTime, MovesWhileAPlainThreadWaitsInABlockingCall) {
  const Time time{{.automatic = true}};
  FakeService probe{kProbe};
  probe.on("Unary", tern::testing::after(10min).send(Payload{}));
  const LoopThread serving;
  InProcess in_process;
  std::optional<Server> server;
  const auto serve = [](std::optional<Server>& its, FakeService& service, InProcess& through) -> Task<void> {
    its.emplace();
    its->add_service(service);
    its->listen(through);
    co_return;
  };
  block_on_loop(serving.loop(), serve(server, probe, in_process));
  {
    Channel channel{"in-process", {.in_process = &in_process}};
    const tern::test::v1::Probe::BlockingStub stub{channel};
    stub.Unary(Order{});
    EXPECT_EQ(time.elapsed(), 10min);
    std::this_thread::sleep_for(5ms);
    EXPECT_EQ(time.elapsed(), 10min) << "the time moved while the test's own thread was at work";
    stub.Unary(Order{});
    EXPECT_EQ(time.elapsed(), 20min);
  }
  const auto stop = [](std::optional<Server>& its) -> Task<void> {
    co_await its->stop();
    its.reset();
  };
  block_on_loop(serving.loop(), stop(server));
}

TEST(HeldTime, HoldsOverSocketsToo) {
  const auto test = []() -> Task<void> {
    const Time time{{.automatic = true}};
    FakeService probe{kProbe};
    probe.on("Unary", {fails(StatusCode::kUnavailable), tern::testing::after(9min).send(Payload{})});
    Server server;
    server.add_service(probe);
    const std::uint16_t port = server.listen("127.0.0.1:0");
    const ChannelOptions options{.service_config = kRetries};
    Channel channel{"localhost:" + std::to_string(port), options};
    const ProbeStub stub{channel};
    const Result<Payload> reply = co_await stub.Unary(Order{}, {.timeout = 1h}).result();
    EXPECT_TRUE(reply.ok()) << reply.status().to_string();
    EXPECT_GT(time.elapsed(), 9min);
    EXPECT_LE(time.elapsed(), 10min);
    co_await channel.close();
    co_await server.stop();
  };
  run_test(test());
}

TEST(HeldTime, KeepsItsPlaceAfterItsRelease) {
  const auto test = []() -> Task<void> {
    Clock::time_point last = Clock::now();
    for (int i = 0; i < 3; ++i) {
      std::optional<Time> time{std::in_place};
      co_await time->advance(1h);
      last += 1h;
      EXPECT_GE(Clock::now(), last);
      time.reset();
      const SystemTime::time_point begins = SystemTime::now();
      const Clock::time_point now = Clock::now();
      co_await sleep(5ms);
      EXPECT_GE(Clock::now() - now, 5ms);
      EXPECT_GE(SystemTime::now() - begins, 5ms);
      EXPECT_LT(SystemTime::now() - begins, 1min);
    }
  };
  run_test(test());
}

TEST(HeldTime, EndsItsAdvanceWhenThatIsCancelled) {
  const auto test = []() -> Task<void> {
    Time time;
    {
      TaskGroup group;
      group.spawn(time.advance(10min));
      group.cancel();
      co_await group.join();
    }
    TaskGroup dropped;
    dropped.spawn(time.advance(10min));
    co_await sleep(0s);
    // dropped with its group, below
    EXPECT_LE(time.elapsed(), 10min);
  };
  run_test(test());
}

TEST(HeldTime, SaysWhereAnAutomaticTimeStops) {
  const auto test = []() -> Task<void> {
    const Time time{{.automatic = true, .limit = 1h}};
    std::vector<int> order;
    TaskGroup group;
    group.spawn(tick(1min, 1000, 1, order));
    boost::asio::steady_timer timer{Loop::require_current("a test").context()};
    while (!tern::testing::HeldClock::get().at_limit()) {
      timer.expires_after(1ms);
      co_await timer.async_wait(use_task);
    }
    EXPECT_EQ(order.size(), 60U);
    EXPECT_EQ(time.elapsed(), 1h);
    group.cancel();
    co_await group.join();
  };
  ::testing::internal::CaptureStderr();
  run_test(test());
  const std::string written = ::testing::internal::GetCapturedStderr();
  EXPECT_TRUE(written.ends_with(
      " error testing: testing::Time has reached its limit and stands: what the test waits for has not happened\n"))
      << written;
}

/// A mistake, and the words that its error has.
struct Mistake {
  const char* name;
  const char* says;
  std::function<Task<void>()> make;
};

template <class Error>
Task<std::string> error_of(Task<void> task) {
  std::string what = "nothing was thrown";
  try {
    co_await std::move(task);
  } catch (const Error& error) {
    what = error.what();
  }
  co_return what;
}

Task<void> hold_twice() {
  const Time first;
  const Time second;
  co_return;
}

Task<void> hold_after_a_server_listens() {
  ProbeService service;
  InProcessServer server{service};
  server.channel();
  const Time time;
  co_return;
}

Task<void> advance_twice_at_once() {
  Time time;
  TaskGroup group;
  group.spawn(time.advance(1s));
  group.spawn(time.advance(1s));
  co_await group.join();
}

Task<void> advance_an_automatic_time() {
  Time time{{.automatic = true}};
  co_await time.advance(1s);
}

Task<void> advance_on_another_thread() {
  Time time;
  const LoopThread other;
  std::exception_ptr error;
  std::thread{[&] {
    try {
      block_on_loop(other.loop(), time.advance(1s));
    } catch (...) {
      error = std::current_exception();
    }
  }}.join();
  std::rethrow_exception(error);
  co_return;
}

Task<void> never_rest() {
  for (;;) co_await sleep(0s);
}

Task<void> advance_beside_a_task_that_never_rests() {
  Time time{{.patience = 50ms}};
  TaskGroup group;
  group.spawn(never_rest());
  co_await time.advance(1s);
}

Task<void> work_until(const std::atomic<bool>& stop) {
  co_await run_in_executor([&stop] {
    while (!stop) std::this_thread::sleep_for(1ms);
  });
}

Task<void> advance_beside_work_that_does_not_end() {
  Time time{{.patience = 50ms}};
  std::atomic<bool> stop = false;
  TaskGroup group;
  group.spawn(work_until(stop));
  std::exception_ptr error;
  try {
    co_await time.advance(1s);
  } catch (...) {
    error = std::current_exception();
  }
  stop = true;
  co_await group.join();
  if (error) std::rethrow_exception(error);
}

Task<void> destroy_during_an_advance() {
  std::optional<Time> time{std::in_place};
  TaskGroup group;
  group.spawn(time->advance(1s));
  co_await sleep(0s);
  time.reset();
  co_await group.join();
}

TEST(HeldTime, SaysWhatIsWrong) {
  const std::vector<Mistake> mistakes{
      {"two at once", "there is a testing::Time already", hold_twice},
      {"after a server", "make the Time before the server", hold_after_a_server_listens},
      {"two advances", "await the first before the second", advance_twice_at_once},
      {"an automatic time", "co_await tern::sleep() instead", advance_an_automatic_time},
      {"another thread", "await it in the test's own task", advance_on_another_thread},
      {"a task that never rests", "the loops do not come to rest", advance_beside_a_task_that_never_rests},
      {"endless work", "a function on an executor's thread", advance_beside_work_that_does_not_end},
  };
  for (const Mistake& each : mistakes) {
    const std::string what = block_on(error_of<std::logic_error>(each.make()));
    EXPECT_NE(what.find(each.says), std::string::npos) << each.name << ": " << what;
  }
}

TEST(HeldTime, DoesNotGoBack) {
  const auto test = []() -> Task<void> {
    Time time;
    const std::string what = co_await error_of<std::invalid_argument>(time.advance(-1s));
    EXPECT_NE(what.find("negative"), std::string::npos) << what;
  };
  run_test(test());
}

TEST(HeldTime, FailsAnAdvanceThatItDoesNotOutlive) {
  const std::string what = block_on(error_of<std::logic_error>(destroy_during_an_advance()));
  EXPECT_NE(what.find("was destroyed during its advance()"), std::string::npos) << what;
}

}  // namespace
}  // namespace tern::test

// Interceptors that use next() wrongly: each mistake is an error of the call that it was made in, on both ends.
#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include "support/captured_log.h"
#include "support/serve.h"
#include "tern/client/interceptor.h"
#include "tern/server/interceptor.h"

namespace tern::test {
namespace {

using namespace std::chrono_literals;

enum class Mistake {
  kTwice,
  kTwiceAtOnce,
  kAgainAfterATimeout,
  kNever,
  kKeepsNext,
  kKeepsTask,
  kLeavesItRunning,
  kElsewhere,
  kThrowsAtOnce,
  kThrowsANumber,
  kReturnsNothing,
};

struct MistakeCase {
  Mistake mistake;
  std::string name;
  StatusCode on_server;
  StatusCode on_client;
};

// next() that never runs leaves a unary call without its message, which each end says in its own way.
const std::vector<MistakeCase> kCases{
    {Mistake::kTwice, "twice", StatusCode::kInternal, StatusCode::kInternal},
    {Mistake::kTwiceAtOnce, "twice at once", StatusCode::kInternal, StatusCode::kInternal},
    {Mistake::kAgainAfterATimeout, "again after a timeout", StatusCode::kInternal, StatusCode::kInternal},
    {Mistake::kNever, "never awaited", StatusCode::kUnimplemented, StatusCode::kInternal},
    {Mistake::kKeepsNext, "kept beyond the call", StatusCode::kAborted, StatusCode::kAborted},
    {Mistake::kKeepsTask, "its task kept beyond the call", StatusCode::kAborted, StatusCode::kAborted},
    {Mistake::kLeavesItRunning, "left running", StatusCode::kAborted, StatusCode::kAborted},
    {Mistake::kElsewhere, "awaited on another loop", StatusCode::kOk, StatusCode::kOk},
    {Mistake::kThrowsAtOnce, "throws before it is a coroutine", StatusCode::kUnknown, StatusCode::kUnknown},
    {Mistake::kThrowsANumber, "throws a number", StatusCode::kUnknown, StatusCode::kUnknown},
    {Mistake::kReturnsNothing, "returns no task", StatusCode::kUnknown, StatusCode::kUnknown},
};

/// Makes the mistake with the `next` of either end.
template <class Next>
class Mistaken {
 public:
  explicit Mistaken(Mistake mistake) : mistake_(mistake) {}

  Task<Status> make(Next next) {
    if (mistake_ == Mistake::kThrowsAtOnce) throw std::runtime_error("not today");
    if (mistake_ == Mistake::kReturnsNothing) return {};
    return run(std::move(next));
  }

  /// Uses what was kept, after the call; and ends what was left running.
  Task<void> use_late() {
    if (kept_next) {
      Task<Status> late = (*kept_next)();
      const Status status = co_await std::move(late);
      EXPECT_EQ(status.code(), StatusCode::kInternal);
    }
    if (kept_task) {
      const Status status = co_await std::move(*kept_task);
      EXPECT_EQ(status.code(), StatusCode::kInternal);
    }
    if (left) {
      co_await left->join();
      EXPECT_EQ(left_status.code(), StatusCode::kInternal);
      left.reset();
    }
  }

  std::optional<Next> kept_next;
  std::optional<Task<Status>> kept_task;
  std::optional<TaskGroup> left;
  Status left_status;

 private:
  static Task<void> await_into(Next next, Status& status) { status = co_await next(); }
  static Task<void> time_out(Next next) {
    try {
      static_cast<void>(co_await with_timeout(1ms, next()));
    } catch (const TimedOut&) {  // NOLINT(bugprone-empty-catch): as it is meant to
    }
  }

  Task<Status> run(Next next) {
    switch (mistake_) {
      case Mistake::kTwice: {
        const Status first = co_await next();
        static_cast<void>(first);
        co_return co_await next();
      }
      case Mistake::kTwiceAtOnce: {
        auto [first, second] = co_await gather(next(), next());
        co_return first.ok() ? first : second;
      }
      case Mistake::kAgainAfterATimeout:
        co_await time_out(next);
        co_return co_await next();
      case Mistake::kNever: {
        const Task<Status> dropped = next();
        co_return Status{};
      }
      case Mistake::kKeepsNext:
        kept_next.emplace(std::move(next));
        co_return Status{StatusCode::kAborted, "kept"};
      case Mistake::kKeepsTask:
        kept_task.emplace(next());
        co_return Status{StatusCode::kAborted, "kept"};
      case Mistake::kLeavesItRunning:
        left.emplace();
        left->spawn(await_into(next, left_status));
        co_await sleep(1ms);
        co_return Status{StatusCode::kAborted, "left"};
      case Mistake::kElsewhere: {
        const Status elsewhere = co_await run_in_executor([next] { return block_on(next()); });
        EXPECT_EQ(elsewhere.code(), StatusCode::kInternal);
        co_return co_await next();
      }
      default:
        throw 42;
    }
  }

  Mistake mistake_;
};

class MistakenServer final : public ServerInterceptor, public Mistaken<ServerInterceptor::Next> {
 public:
  using Mistaken::Mistaken;
  Task<Status> intercept(ServerContext& /*context*/, Next next) override { return make(std::move(next)); }
};

class MistakenClient final : public ClientInterceptor, public Mistaken<ClientInterceptor::Next> {
 public:
  using Mistaken::Mistaken;
  Task<Status> intercept(ClientContext& /*context*/, Next next) override { return make(std::move(next)); }
};

class PassingServer final : public ServerInterceptor {};
class PassingClient final : public ClientInterceptor {};

/// A call that takes its time where it must be under way when the interceptor ends.
Order order_for(Mistake mistake) {
  Order order;
  if (mistake == Mistake::kLeavesItRunning || mistake == Mistake::kAgainAfterATimeout) {
    order.set_wait_us(60'000'000);
    order.set_count(1);
  }
  return order;
}

/// Makes the mistake in a unary and in a streaming call; the server goes on.
template <class Interceptor>
Task<void> make_mistakes(Channel& channel, MistakeCase mistake, StatusCode expected, Interceptor& interceptor) {
  ProbeStub stub{channel};
  const Order order = order_for(mistake.mistake);
  const Result<Payload> unary = co_await stub.Unary(order).result();
  EXPECT_EQ(unary.status().code(), expected) << unary.status().to_string();
  co_await interceptor.use_late();
  auto download = stub.Download(order);
  const Status streamed = co_await download.status();
  if (mistake.mistake != Mistake::kNever && mistake.mistake != Mistake::kElsewhere) {
    EXPECT_EQ(streamed.code(), expected) << streamed.to_string();
  }
  co_await interceptor.use_late();
}

template <class Interceptor>
void expect_on(const MistakeCase& each, StatusCode expected, Served served, Interceptor& mistaken) {
  ProbeService service;
  with_server(
      service,
      [&](Channel& channel, Server& server) -> Task<void> {
        co_await make_mistakes(channel, each, expected, mistaken);
        while (server.calls_in_flight() > 0) co_await sleep(1ms);
        EXPECT_EQ(service.running, 0);
      },
      served);
}

TEST(MistakesWithNext, OnTheServerAreErrorsOfTheCall) {
  const CapturedLog log;
  for (const MistakeCase& each : kCases) {
    const ::testing::ScopedTrace trace{__FILE__, __LINE__, each.name};
    PassingServer passing;
    MistakenServer mistaken{each.mistake};
    expect_on(each, each.on_server, {.server_interceptors = {&mistaken}}, mistaken);
    MistakenServer among_others{each.mistake};
    expect_on(each, each.on_server, {.server_interceptors = {&passing, &among_others, &passing}}, among_others);
  }
}

TEST(MistakesWithNext, OnTheClientAreErrorsOfTheCall) {
  const CapturedLog log;
  for (const MistakeCase& each : kCases) {
    const ::testing::ScopedTrace trace{__FILE__, __LINE__, each.name};
    PassingClient passing;
    MistakenClient mistaken{each.mistake};
    expect_on(each, each.on_client, {.client_interceptors = {&mistaken}}, mistaken);
    MistakenClient among_others{each.mistake};
    expect_on(each, each.on_client, {.client_interceptors = {&passing, &among_others, &passing}}, among_others);
  }
}

TEST(MistakesWithNext, ASecondNextIsLoggedWithItsMethod) {
  const CapturedLog log;
  ProbeService service;
  MistakenServer mistaken{Mistake::kTwice};
  with_server(service,
              [](Channel& channel, Server& /*server*/) -> Task<void> {
                const Status status = co_await call(channel);
                EXPECT_EQ(status.details(), "an interceptor called next() twice: it can be called once");
              },
              {.server_interceptors = {&mistaken}});
  EXPECT_NE(log.text().find("/tern.test.v1.Probe/Unary: an interceptor called next() twice"), std::string::npos)
      << log.text();
}

/// The call is dropped while its interceptor, in a task that is left running, is inside of next().
TEST(MistakesWithNext, ADroppedCallLeavesNothingRunning) {
  ProbeService service;
  MistakenClient mistaken{Mistake::kLeavesItRunning};
  with_server(service,
              [&](Channel& channel, Server& /*server*/) -> Task<void> {
                ProbeStub stub{channel};
                Order order;
                order.set_wait_us(60'000'000);
                bool timed_out = false;
                try {
                  co_await with_timeout(1ns, stub.Unary(order).task());
                } catch (const TimedOut&) {
                  timed_out = true;
                } catch (const RpcError&) {  // NOLINT(bugprone-empty-catch): it had ended
                }
                static_cast<void>(timed_out);
                co_await mistaken.use_late();
              },
              {.client_interceptors = {&mistaken}});
}

}  // namespace
}  // namespace tern::test

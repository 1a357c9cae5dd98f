// The end of a server: grace, then cancellation, then the hard way; it always returns.
#include <grpc/health/v1/health.tern.h>
#include <grpc/reflection/v1/reflection.tern.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <condition_variable>
#include <csignal>
#include <mutex>
#include <string>
#include <vector>

#include "support/held_time.h"
#include "support/serve.h"
#include "tern/services/health.h"
#include "tern/services/reflection.h"

namespace tern::test {
namespace {

using namespace std::chrono_literals;

Task<StatusCode> code_of(UnaryCall<Payload> call) {
  const Result<Payload> result = co_await std::move(call).result();
  co_return result.status().code();
}

TEST(Shutdown, RunningCallsFinishWithinTheGrace) {
  ProbeService service;
  with_server(service, [&](Channel& channel, Server& server) -> Task<void> {
    ProbeStub stub{channel};
    Order order;
    order.set_wait_us(20'000);
    const auto stop_when_running = [](ProbeService& its_service, Server& its_server) -> Task<void> {
      co_await until(its_service.running, 1);
      co_await its_server.stop({.grace = 1h});
    };
    const auto [code, stopped] = co_await gather(code_of(stub.Unary(order)), stop_when_running(service, server));
    EXPECT_EQ(code, StatusCode::kOk);
  });
}

TEST(Shutdown, AfterTheGraceHandlersAreCancelled) {
  ProbeService service;
  with_server(service, [&](Channel& channel, Server& server) -> Task<void> {
    ProbeStub stub{channel};
    const auto stop_when_running = [](ProbeService& its_service, Server& its_server) -> Task<void> {
      co_await until(its_service.running, 1);
      co_await its_server.stop({.grace = 10ms});
    };
    const auto [code, stopped] = co_await gather(code_of(stub.Hang(Order{})), stop_when_running(service, server));
    EXPECT_EQ(code, StatusCode::kUnavailable);
    EXPECT_EQ(service.cancelled, 1);
    EXPECT_EQ(service.running, 0);
  });
}

using grpc::health::v1::HealthCheckRequest;
using grpc::health::v1::HealthCheckResponse;
using WatchCall = ServerStreamCall<HealthCheckResponse>;

/// The states that the rest of a watch tells; the last one is -1 when it ends with UNAVAILABLE.
Task<std::vector<int>> rest_of(WatchCall& watch) {
  std::vector<int> states;
  while (const std::optional<HealthCheckResponse> response = co_await watch.read())
    states.push_back(response->status());
  const Status status = co_await watch.status();
  if (status.code() == StatusCode::kUnavailable) states.push_back(-1);
  co_return states;
}

/// Stops a server, with a grace that nothing may use up, while watches are open on several loops.
void expect_of_watches(bool shut_down, const std::vector<int>& expected) {
  HealthService health;
  with_server(health,
              [&](Channel& channel, Server& server) -> Task<void> {
                std::vector<std::unique_ptr<Channel>> channels;
                std::vector<WatchCall> watches;
                for (int i = 0; i < 4; ++i) {
                  channels.push_back(std::make_unique<Channel>(channel.target()));
                  const grpc::health::v1::Health::Stub stub{*channels.back()};
                  watches.push_back(stub.Watch(HealthCheckRequest{}));
                  const std::optional<HealthCheckResponse> first = co_await watches.back().next();
                  EXPECT_EQ(first->status(), HealthCheckResponse::SERVING);
                }
                if (shut_down) health.shut_down();
                co_await server.stop({.grace = 1h});
                for (WatchCall& watch : watches) {
                  const std::vector<int> states = co_await rest_of(watch);
                  EXPECT_EQ(states, expected);
                }
              },
              {.threads = 2});
}

TEST(Shutdown, EndsHealthWatchesAtOnce) { expect_of_watches(false, {-1}); }

TEST(Shutdown, EndsHealthWatchesAfterTheirLastState) {
  expect_of_watches(true, {HealthCheckResponse::NOT_SERVING, -1});
}

TEST(Shutdown, EndsReflectionStreamsAtOnce) {
  namespace v1 = grpc::reflection::v1;
  const auto body = []() -> Task<void> {
    ProbeService service;
    Server server;
    server.add_service(service);
    const Reflection reflection{server};
    Channel channel{"127.0.0.1:" + std::to_string(server.listen("127.0.0.1:0"))};
    const v1::ServerReflection::Stub stub{channel};
    auto call = stub.ServerReflectionInfo();
    v1::ServerReflectionRequest list;
    list.set_list_services("");
    co_await call.write(list);
    const std::optional<v1::ServerReflectionResponse> services = co_await call.next();
    EXPECT_TRUE(services);
    co_await server.stop({.grace = 1h});
    const Status status = co_await call.status();
    EXPECT_EQ(status.code(), StatusCode::kUnavailable);
    co_await channel.close();
  };
  block_on(body());
}

/// A stream without end that asks to be ended, as a coroutine.
class Endless final : public tern::test::v1::Probe::AsyncService {
 public:
  std::atomic<int> running = 0;
  AsyncGenerator<Payload> Download(ServerContext& context, const Order& /*order*/) override {
    context.end_when_draining();
    const Running counted{running};
    Event never;
    co_yield Payload{};
    co_await never.wait();
  }
};

/// The same on a thread.
class SyncEndless final : public tern::test::v1::Probe::SyncService {
 public:
  std::atomic<int> running = 0;
  void Download(ServerContext& context, const Order& /*order*/, BlockingWriter<Payload>& payloads) override {
    context.end_when_draining();
    const Running counted{running};
    for (;;) payloads.write(Payload{});
  }
};

template <class EndlessService>
void expect_the_stop_to_end(EndlessService& service) {
  with_server(service, [&service](Channel& channel, Server& server) -> Task<void> {
    ProbeStub stub{channel};
    auto call = stub.Download(Order{});
    const std::optional<Payload> first = co_await call.next();
    EXPECT_TRUE(first);
    co_await server.stop({.grace = 1h});
    EXPECT_EQ(service.running, 0);
    const Status status = co_await call.status();
    EXPECT_EQ(status.code(), StatusCode::kUnavailable);
  });
}

TEST(Shutdown, EndsCallsThatAskForItAtOnce) {
  Endless endless;
  expect_the_stop_to_end(endless);
  SyncEndless on_a_thread;
  expect_the_stop_to_end(on_a_thread);
}

/// A handler that goes on after its cancellation: each await throws, and it tries again.
class StubbornService final : public tern::test::v1::Probe::AsyncService {
 public:
  std::atomic<int> running = 0;
  Task<Payload> Hang(ServerContext& /*context*/, const Order& /*order*/) override {
    const Running counted{running};
    Event never;
    for (;;) {
      try {
        co_await never.wait();
      } catch (const Cancelled&) {  // NOLINT(bugprone-empty-catch): it does not heed it
      }
      // A wait that cannot be cancelled, that only destruction ends.
      Deaf deaf;
      co_await deaf;
    }
  }

 private:
  struct Deaf final : Wait {
    [[nodiscard]] bool await_ready() const noexcept { return false; }
    template <HasJob Promise>
    void await_suspend(std::coroutine_handle<Promise> caller) {
      suspend_to_the_end(caller, *caller.promise().job());
    }
    void await_resume() const noexcept {}
  };
};

TEST(Shutdown, HandlersThatIgnoreTheirCancellationAreDestroyed) {
  StubbornService service;
  with_server_in_held_time(service, [&](Channel& channel, Server& server) -> Task<void> {
    ProbeStub stub{channel};
    const auto stop_when_running = [](StubbornService& its_service, Server& its_server) -> Task<void> {
      co_await until(its_service.running, 1);
      co_await its_server.stop();
    };
    const auto [code, stopped] = co_await gather(code_of(stub.Hang(Order{})), stop_when_running(service, server));
    EXPECT_EQ(code, StatusCode::kUnavailable);
    EXPECT_EQ(service.running, 0);
  });
}

TEST(Shutdown, TheDelayLeavesTheServerServing) {
  ProbeService service;
  with_server(service, [](Channel& channel, Server& server) -> Task<void> {
    TaskGroup stopping;
    stopping.spawn(server.stop({.grace = 1h, .delay = 1h}));
    for (int i = 0; i < 10; ++i) {
      Channel other{channel.target()};
      const Status status = co_await call(other);
      EXPECT_TRUE(status.ok()) << status.to_string();
    }
    co_await server.stop();  // brings the end nearer
    co_await stopping.join();
    const Status status = co_await call(channel);
    EXPECT_EQ(status.code(), StatusCode::kUnavailable);
  });
}

TEST(Shutdown, NewCallsAreRefusedWhileRunningOnesEnd) {
  ProbeService service;
  with_server(service, [&](Channel& channel, Server& server) -> Task<void> {
    ProbeStub stub{channel};
    TaskGroup group;
    const auto hang = [](ProbeStub its_stub) -> Task<void> {
      const StatusCode code = co_await code_of(its_stub.Hang(Order{}));
      EXPECT_EQ(code, StatusCode::kUnavailable);
    };
    const auto stop = [](Server& its_server) -> Task<void> { co_await its_server.stop({.grace = 50ms}); };
    group.spawn(hang(stub));
    co_await until(service.running, 1);
    group.spawn(stop(server));
    // Until the server has said so, calls still go through; then they are refused, and none hangs.
    for (;;) {
      const StatusCode code = co_await code_of(stub.Unary(Order{}));
      if (code == StatusCode::kOk) continue;
      EXPECT_EQ(code, StatusCode::kUnavailable);
      break;
    }
    co_await group.join();
  });
}

TEST(Shutdown, GoesOnWithoutWhoeverAskedForIt) {
  ProbeService service;
  with_server(service, [&](Channel& channel, Server& server) -> Task<void> {
    TaskGroup calls;
    const auto hang = [](ProbeStub stub) -> Task<void> {
      const StatusCode code = co_await code_of(stub.Hang(Order{}));
      EXPECT_EQ(code, StatusCode::kUnavailable);
    };
    calls.spawn(hang(ProbeStub{channel}));
    co_await until(service.running, 1);
    const auto stop = [](Server& its_server) -> Task<void> { co_await its_server.stop({.grace = 1h}); };
    {
      TaskGroup dropped;
      dropped.spawn(stop(server));
      co_await sleep(1ms);
    }
    TaskGroup cancelled;
    cancelled.spawn(stop(server));
    cancelled.cancel();
    co_await cancelled.join();
    EXPECT_EQ(service.running, 1);
    // A shorter grace brings the end nearer for those who still wait.
    TaskGroup patient;
    patient.spawn(stop(server));
    co_await server.stop({.grace = 1ms});
    co_await patient.join();
    co_await calls.join();
    EXPECT_EQ(service.cancelled, 1);
  });
}

TEST(Shutdown, TwiceIsOnce) {
  ProbeService service;
  with_server(service, [](Channel& channel, Server& server) -> Task<void> {
    ProbeStub stub{channel};
    co_await stub.Unary(Order{});
    co_await gather(server.stop(), server.stop(), server.wait_for_termination());
    co_await server.stop();
  });
}

TEST(Shutdown, WithConnectionsOnSeveralLoops) {
  ProbeService service;
  with_server(service,
              [&](Channel& channel, Server& server) -> Task<void> {
                std::vector<std::unique_ptr<Channel>> channels;
                TaskGroup group;
                const auto hang = [](ProbeStub stub) -> Task<void> {
                  const StatusCode code = co_await code_of(stub.Hang(Order{}));
                  EXPECT_EQ(code, StatusCode::kUnavailable);
                };
                for (int i = 0; i < 6; ++i) {
                  channels.push_back(std::make_unique<Channel>(channel.target()));
                  group.spawn(hang(ProbeStub{*channels.back()}));
                }
                co_await until(service.running, 6);
                co_await server.stop({.grace = 10ms});
                co_await group.join();
                EXPECT_EQ(service.cancelled, 6);
              },
              {.threads = 3});
}

TEST(Shutdown, AServerThatIsDestroyedEndsItsCalls) {
  ProbeService service;
  const auto body = [](ProbeService& its_service) -> Task<void> {
    TaskGroup group;
    std::optional<Channel> channel;
    {
      Server server;
      server.add_service(its_service);
      channel.emplace("127.0.0.1:" + std::to_string(server.listen("127.0.0.1:0")));
      const auto hang = [](ProbeStub stub) -> Task<void> {
        const StatusCode code = co_await code_of(stub.Hang(Order{}));
        EXPECT_EQ(code, StatusCode::kUnavailable);
      };
      group.spawn(hang(ProbeStub{*channel}));
      co_await until(its_service.running, 1);
    }
    EXPECT_EQ(its_service.running, 0);
    co_await group.join();
  };
  block_on(body(service), {.threads = 2});
}

TEST(Shutdown, OfSynchronousHandlersThatWriteForEver) {
  SyncProbeService service;
  with_server(service, [&](Channel& channel, Server& server) -> Task<void> {
    ProbeStub stub{channel};
    auto call = stub.Ignore();
    const std::optional<Payload> first = co_await call.next();
    EXPECT_TRUE(first);
    co_await server.stop({.grace = 10ms});
    EXPECT_EQ(service.running, 0);
  });
}

/// Handlers that block their threads and heed nothing, until they are released; a "pair" for ever.
class BlockingService final : public tern::test::v1::Probe::SyncService {
 public:
  std::atomic<int> running = 0;  // on threads, not only begun

  Payload Unary(ServerContext& /*context*/, const Order& order) override {
    const Running counted{running};
    std::unique_lock lock{mutex_};
    if (order.text() == "pair") {
      changed_.wait(lock, [] { return false; });  // for what the other one would do, which waits as well
    }
    changed_.wait(lock, [this] { return released_; });
    return Payload{};
  }
  void release() {
    const std::lock_guard lock{mutex_};
    released_ = true;
    changed_.notify_all();
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  bool released_ = false;
};

TEST(Shutdown, WaitsForHandlersThatBlockTheirThreads) {
  BlockingService service;
  with_server(service, [&](Channel& channel, Server& server) -> Task<void> {
    ProbeStub stub{channel};
    const auto stop_when_running = [](BlockingService& its_service, Server& its_server) -> Task<void> {
      co_await until(its_service.running, 1);
      co_await its_server.stop();
    };
    const auto [code, stopped] = co_await gather(code_of(stub.Unary(Order{})), stop_when_running(service, server));
    EXPECT_EQ(code, StatusCode::kUnavailable);
    EXPECT_EQ(server.calls_in_flight(), 1U) << "its thread is not to be had";
    service.release();  // or the server's destructor would wait for it
  });
}

Task<void> serve_for_ever(BlockingService& service, int port_pipe) {
  Server server{{.blocked_handlers_timeout = 20ms}};
  server.add_service(service);
  const std::uint16_t port = server.listen("127.0.0.1:0");
  CaughtSignals stop_signal = signals(SIGTERM);
  EXPECT_EQ(::write(port_pipe, &port, sizeof port), static_cast<ssize_t>(sizeof port));
  co_await server.serve_until(std::move(stop_signal), {.grace = 10ms});
}

TEST(Shutdown, EndsAProcessWhoseHandlersBlockForEverOrWaitForEachOther) {
  int port_pipe[2];
  ASSERT_EQ(::pipe(port_pipe), 0);
  const pid_t child = ::fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    auto* service = new BlockingService;  // stays, as the handlers do
    ::_exit(run(serve_for_ever(*service, port_pipe[1]), {.threads = 2}));
  }
  std::uint16_t port = 0;
  ASSERT_EQ(::read(port_pipe[0], &port, sizeof port), static_cast<ssize_t>(sizeof port));
  const auto call_and_kill = [](const std::string& target, pid_t process) -> Task<void> {
    Channel channel{target};
    ProbeStub stub{channel};
    std::vector<Task<StatusCode>> calls;
    for (const char* text : {"alone", "pair", "pair"}) {
      Order order;
      order.set_text(text);
      calls.push_back(code_of(stub.Unary(order)));
    }
    const auto kill_soon = [](pid_t its_process) -> Task<void> {
      co_await sleep(20ms);
      ::kill(its_process, SIGTERM);
    };
    TaskGroup group;
    group.spawn(kill_soon(process));
    const std::vector<StatusCode> codes = co_await gather(std::move(calls));
    for (const StatusCode code : codes) EXPECT_EQ(code, StatusCode::kUnavailable);
    co_await group.join();
    co_await channel.close();
  };
  block_on(call_and_kill("127.0.0.1:" + std::to_string(port), child));
  int status = 0;
  EXPECT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0) << status;
  ::close(port_pipe[0]);
  ::close(port_pipe[1]);
}

/// Two handlers, each of which waits for the other one's end.
class WaitingService final : public tern::test::v1::Probe::AsyncService {
 public:
  std::atomic<int> running = 0;
  Task<Payload> Unary(ServerContext& /*context*/, const Order& order) override {
    const Running counted{running};
    const auto mine = static_cast<std::size_t>(order.number());
    co_await ended_[1 - mine].wait();
    ended_[mine].set();
    co_return Payload{};
  }

 private:
  std::array<Event, 2> ended_;
};

TEST(Shutdown, EndsHandlersThatWaitForEachOther) {
  WaitingService service;
  with_server(service, [&](Channel& channel, Server& server) -> Task<void> {
    ProbeStub stub{channel};
    const auto stop_when_running = [](WaitingService& its_service, Server& its_server) -> Task<void> {
      co_await until(its_service.running, 2);
      co_await its_server.stop({.grace = 10ms});
    };
    Order other;
    other.set_number(1);
    const auto [one, two, stopped] =
        co_await gather(code_of(stub.Unary(Order{})), code_of(stub.Unary(other)), stop_when_running(service, server));
    EXPECT_EQ(one, StatusCode::kUnavailable);
    EXPECT_EQ(two, StatusCode::kUnavailable);
    EXPECT_EQ(service.running, 0);
  });
}

TEST(Shutdown, ADestroyedServerReleasesItsSynchronousHandlers) {
  SyncProbeService service;
  const auto body = [](SyncProbeService& its_service) -> Task<void> {
    std::optional<Channel> channel;
    std::optional<BidiStreamCall<Payload, Payload>> call;
    {
      Server server;
      server.add_service(its_service);
      channel.emplace("127.0.0.1:" + std::to_string(server.listen("127.0.0.1:0")));
      ProbeStub stub{*channel};
      call.emplace(stub.Echo());
      co_await call->write(Payload{});
      const std::optional<Payload> first = co_await call->next();
      EXPECT_TRUE(first);
    }
    EXPECT_EQ(its_service.running, 0);
    const Status status = co_await call->status();
    EXPECT_EQ(status.code(), StatusCode::kUnavailable);
  };
  block_on(body(service));
}

}  // namespace
}  // namespace tern::test

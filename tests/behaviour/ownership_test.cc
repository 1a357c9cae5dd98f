// Ownership across loops: servers and channels that are made, used, closed and destroyed on three loops and on
// plain threads, in every order that is allowed. The sanitizers' builds look on.
#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <functional>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "async/on_loop.h"
#include "support/elsewhere.h"
#include "support/probe_service.h"
#include "support/serve.h"
#include "tern/async/per_loop.h"
#include "tern/async/sleep.h"
#include "tern/async/task_group.h"
#include "tern/client/call_credentials.h"
#include "tern/client/generic_stub.h"
#include "tern/client/interceptor.h"
#include "tern/client/observer.h"
#include "tern/detail/shared_or_borrowed.h"
#include "tern/services/channelz.h"

namespace tern::test {
namespace {

using namespace std::chrono_literals;

constexpr int kThread = 3;  // in place of a loop: a thread without one
constexpr int kNowhere = 4;

/// The three loops of a test; it runs on the first.
struct Loops {
  Loops() {
    std::size_t i = 0;
    for (Loop* loop : Loop::require_current("a test").siblings()) {
      if (loop != Loop::current()) all.at(++i) = loop;
    }
    all[0] = Loop::current();
  }
  Task<void> on(int where, std::function<void()> work) const {
    if (where == 0) {
      work();
    } else if (where == kThread) {
      co_await run_on_thread(std::move(work));
    } else {
      std::function<Task<void>()> body = [work = std::move(work)]() -> Task<void> {
        work();
        return nothing();
      };
      co_await run_on(*all.at(static_cast<std::size_t>(where)), std::move(body));
    }
  }
  static Task<void> nothing() { co_return; }
  std::array<Loop*, 3> all{};
};

struct EndOrder {
  int made;
  std::vector<int> used;
  int closed;
  int destroyed;
  bool call_under_way;
  /// The server's end: after the channel's, before it by stop(), before it without.
  enum class ServerEnds { kAfter, kStopped, kDestroyed } server;

  [[nodiscard]] std::string name() const {
    std::string all = "made on " + std::to_string(made) + ", used on";
    for (const int where : used) all += " " + std::to_string(where);
    return all + ", closed on " + std::to_string(closed) + ", destroyed on " + std::to_string(destroyed) +
           (call_under_way ? ", a call under way" : "") + ", server " + std::to_string(static_cast<int>(server));
  }
};

Task<void> use(Channel& channel) {
  const Status status = co_await call(channel, {.timeout = 30s});
  EXPECT_TRUE(status.ok()) << status.to_string();
}

Task<void> hang(std::shared_ptr<Channel> channel, std::shared_ptr<Status> status, std::function<void()> begun) {
  ProbeStub stub{*channel};
  channel.reset();
  auto hanging = stub.Hang(tern::test::v1::Order{}, {.timeout = 60s}).result();
  begun();
  const Result<Payload> result = co_await std::move(hanging);
  *status = result.status();
}

Task<void> play(const Loops& loops, ProbeService& service, const EndOrder& order) {
  auto server = std::make_unique<Server>();
  server->add_service(service);
  const std::string target = "127.0.0.1:" + std::to_string(server->listen("127.0.0.1:0"));
  std::shared_ptr<Channel> channel;
  const ChannelOptions options{.keepalive_time = 50ms, .keepalive_without_calls = true};
  co_await loops.on(order.made, [&] { channel = std::make_shared<Channel>(target, options); });
  for (const int where : order.used) {
    std::function<Task<void>()> body = [&channel] { return use(*channel); };
    co_await run_on(*loops.all.at(static_cast<std::size_t>(where)), std::move(body));
  }
  const auto status = std::make_shared<Status>();
  std::optional<Elsewhere> hanging;
  if (order.call_under_way) {
    Event begun;
    Loop* home = Loop::current();
    std::function<Task<void>()> body = [weak = std::weak_ptr{channel}, status, home, &begun] {
      return hang(weak.lock(), status, [home, &begun] { home->post([&begun] { begun.set(); }); });
    };
    hanging.emplace(*loops.all.at(static_cast<std::size_t>(order.used.back())), std::move(body));
    co_await begun.wait();
  }
  if (order.server == EndOrder::ServerEnds::kStopped) co_await server->stop();
  if (order.server != EndOrder::ServerEnds::kAfter) server.reset();
  if (order.closed != kNowhere) {
    std::function<Task<void>()> body = [&channel] { return channel->close(); };
    co_await run_on(*loops.all.at(static_cast<std::size_t>(order.closed)), std::move(body));
  }
  co_await loops.on(order.destroyed, [&channel] { channel.reset(); });
  if (hanging) {
    co_await hanging->ended();
    EXPECT_FALSE(status->ok()) << order.name();
  }
  if (server) co_await server->stop();
}

Task<void> play_all(ProbeService& service) {
  const Loops loops;
  const std::vector<std::vector<int>> uses{{0}, {1}, {0, 1}, {1, 2}, {0, 1, 2}};
  for (const int made : {0, 1, kThread}) {
    for (const std::vector<int>& used : uses) {
      for (const int closed : {kNowhere, 0, 2}) {
        for (const int destroyed : {0, 1, kThread}) {
          for (const bool call_under_way : {false, true}) {
            for (const auto server :
                 {EndOrder::ServerEnds::kAfter, EndOrder::ServerEnds::kStopped, EndOrder::ServerEnds::kDestroyed}) {
              const EndOrder order{made, used, closed, destroyed, call_under_way, server};
              SCOPED_TRACE(order.name());
              co_await play(loops, service, order);
            }
          }
        }
      }
    }
  }
}

TEST(Ownership, EveryOrderOfMakingUsingClosingAndDestroyingIsSafe) {
  ProbeService service;
  block_on(play_all(service), {.threads = 3});
}

TEST(Ownership, AChannelMayOutliveItsLoops) {
  std::unique_ptr<Channel> channel;
  ProbeService service;
  for (int run = 0; run < 3; ++run) {
    const auto body = [](std::unique_ptr<Channel>& kept, ProbeService& probe) -> Task<void> {
      const Loops loops;
      Server server;
      server.add_service(probe);
      const std::uint16_t port = server.listen("127.0.0.1:0");
      if (kept == nullptr) kept = std::make_unique<Channel>("127.0.0.1:" + std::to_string(port));
      for (Loop* loop : loops.all) {
        std::function<Task<void>()> connects = [&kept]() -> Task<void> {
          return [](Channel& used) -> Task<void> {
            const Status status = co_await call(used, {.timeout = 10s});
            // A later run's server has another port.
            EXPECT_TRUE(status.ok() || status.code() == StatusCode::kUnavailable) << status.to_string();
          }(*kept);
        };
        co_await run_on(*loop, std::move(connects));
      }
      co_await server.stop();
    };
    block_on(body(channel, service), {.threads = 3});
  }
}

TEST(Ownership, EverythingEndsAtOnce) {
  ProbeService service;
  for (int run = 0; run < 20; ++run) {
    const auto body = [](ProbeService& probe) -> Task<void> {
      const Loops loops;
      Server server;
      server.add_service(probe);
      const std::string target = "127.0.0.1:" + std::to_string(server.listen("127.0.0.1:0"));
      const ChannelOptions options{.keepalive_time = 50ms, .keepalive_without_calls = true};
      const auto channel = std::make_shared<Channel>(target, options);
      for (Loop* loop : loops.all) {
        std::function<Task<void>()> uses = [&channel] { return use(*channel); };
        co_await run_on(*loop, std::move(uses));
      }
    };
    block_on(body(service), {.threads = 3});
  }
}

TEST(Ownership, WaitingForAChangeEndsWhenTheChannelIsDestroyed) {
  block_on([]() -> Task<void> {
    auto channel = std::make_unique<Channel>("unix:/nowhere/at/all");
    const ChannelOptions waiting{.backoff = {.initial = 1h}};
    channel = std::make_unique<Channel>("unix:/nowhere/at/all", waiting);
    TaskGroup group;
    ConnectivityState seen = ConnectivityState::kIdle;
    group.spawn([](Channel& its, ConnectivityState& state) -> Task<void> {
      state = co_await its.wait_for_state_change(ConnectivityState::kIdle);
    }(*channel, seen));
    co_await sleep(0ms);
    channel.reset();
    co_await group.join();
    EXPECT_EQ(seen, ConnectivityState::kShutdown);
  }());
}

Task<void> ask(Channel& channel, bool& over, int& asked) {
  while (!over) {
    const RawMessage nothing{std::string{}};
    GenericStub stub{channel};
    const Result<RawMessage> servers = co_await stub.unary("/grpc.channelz.v1.Channelz/GetServers", nothing).result();
    const Result<RawMessage> channels =
        co_await stub.unary("/grpc.channelz.v1.Channelz/GetTopChannels", nothing).result();
    EXPECT_TRUE(servers.ok()) << servers.status().to_string();
    EXPECT_TRUE(channels.ok()) << channels.status().to_string();
    ++asked;
  }
}

TEST(Ownership, ChannelzMayLookAtWhatGoesAwayMeanwhile) {
  const auto body = []() -> Task<void> {
    Channelz channelz;
    Server shown;
    shown.add_service(channelz);
    channelz.add(shown);
    Channel channel{"127.0.0.1:" + std::to_string(shown.listen("127.0.0.1:0"))};
    bool over = false;
    int asked = 0;
    TaskGroup group;
    for (int i = 0; i < 4; ++i) group.spawn(ask(channel, over, asked));
    // Some are removed in time, some stay shown when they are gone.
    for (int round = 0; round < 200 || asked < 200; ++round) {
      std::vector<std::unique_ptr<Server>> servers;
      std::vector<std::unique_ptr<Channel>> channels;
      for (int i = 0; i < 3; ++i) {
        channelz.add(*servers.emplace_back(std::make_unique<Server>()));
        channelz.add(*channels.emplace_back(std::make_unique<Channel>("127.0.0.1:1")));
      }
      co_await sleep(std::chrono::microseconds{round % 7 * 30});
      for (int i = round % 2; i < 3; ++i) {
        channelz.remove(*servers[static_cast<std::size_t>(i)]);
        channelz.remove(*channels[static_cast<std::size_t>(i)]);
      }
    }
    over = true;
    co_await group.join();
    co_await channel.close();
    co_await shown.stop();
  };
  block_on(body(), {.threads = 2});
}

/// Adds metadata all the time, until its call has long ended.
class Adding final : public tern::test::v1::Probe::SyncService {
  Payload Unary(ServerContext& context, const tern::test::v1::Order& order) override {
    for (int i = 0; !context.cancelled(); ++i) {
      Metadata& metadata = order.number() % 2 == 0 ? context.trailing_metadata() : context.initial_metadata();
      if (i < 60) metadata.add("x-step-" + std::to_string(i), std::string(40, 'v'));
    }
    context.trailing_metadata().add("x-last", "1");
    return Payload{};
  }
};

TEST(Ownership, ASynchronousHandlersMetadataIsItsOwnUntilItReturns) {
  Adding service;
  with_server(service, [](Channel& channel, Server&) -> Task<void> {
    ProbeStub stub{channel};
    for (int i = 0; i < 100; ++i) {
      tern::test::v1::Order order;
      order.set_number(i);
      const auto timeout = std::chrono::microseconds{2000 + i * 20};
      const Result<Payload> result = co_await stub.Unary(order, {.timeout = timeout}).result();
      EXPECT_EQ(result.status().code(), StatusCode::kDeadlineExceeded);
    }
  });
}

/// Knows whether it was destroyed where it was made.
class Part {
 public:
  explicit Part(std::atomic<int>& wrong) : wrong_(wrong), thread_(std::this_thread::get_id()) {}
  Part(const Part&) = delete;
  Part& operator=(const Part&) = delete;
  ~Part() {
    if (std::this_thread::get_id() != thread_) ++wrong_;
  }

 private:
  std::atomic<int>& wrong_;
  std::thread::id thread_;
};

TEST(OnLoop, IsMadeUsedAndDestroyedOnItsLoop) {
  std::atomic<int> wrong = 0;
  const auto body = [](std::atomic<int>& errors) -> Task<void> {
    const Loops loops;
    for (Loop* loop : loops.all) {
      std::optional<OnLoop<Part>> part;
      part.emplace(*loop, [&errors] { return std::make_unique<Part>(errors); });
      Event used;
      Loop* home = Loop::current();
      const bool there = part->post([home, &used, loop](Part& /*part*/) {
        EXPECT_EQ(Loop::current(), loop);
        home->post([&used] { used.set(); });
      });
      EXPECT_TRUE(there);
      co_await used.wait();
      co_await run_on_thread([&part] { part.reset(); });
      // Posted after its end.
      std::function<Task<void>()> nothing = [] { return Loops::nothing(); };
      co_await run_on(*loop, std::move(nothing));
    }
  };
  block_on(body(wrong), {.threads = 3});
  EXPECT_EQ(wrong, 0);
}

TEST(OnLoop, EndsWithItsLoop) {
  std::atomic<int> destroyed = 0;
  struct Counts {
    explicit Counts(std::atomic<int>& its_count) : count(its_count) {}
    Counts(const Counts&) = delete;
    Counts& operator=(const Counts&) = delete;
    ~Counts() { ++count; }
    std::atomic<int>& count;
  };
  std::optional<OnLoop<Counts>> part;
  const auto body = [](std::optional<OnLoop<Counts>>& made, std::atomic<int>& count) -> Task<void> {
    made.emplace(*Loop::current(), [&count] { return std::make_unique<Counts>(count); });
    co_return;
  };
  block_on(body(part, destroyed));
  EXPECT_EQ(destroyed, 1);
  EXPECT_EQ(part->loop(), nullptr);
  EXPECT_EQ(part->get(), nullptr);
  EXPECT_FALSE(part->post([](Counts&) { ADD_FAILURE() << "its loop has ended"; }));
  EXPECT_FALSE(part->run([](Counts&) { ADD_FAILURE() << "its loop has ended"; }));
}

TEST(PerLoop, HasAPartForALoopThatItDoesNotKnow) {
  block_on([]() -> Task<void> {
    PerLoop<int> numbers;
    numbers.here() = 1;
    const LoopThread stranger;
    int* its = nullptr;
    std::function<Task<void>()> body = [&]() -> Task<void> {
      its = &numbers.here();
      *its = 2;
      return Loops::nothing();
    };
    co_await run_on(stranger.loop(), std::move(body));
    EXPECT_NE(its, &numbers.here());
    EXPECT_EQ(numbers.here(), 1);
    EXPECT_EQ(numbers.all().size(), 2U);
    co_await run_on_thread([&numbers] { EXPECT_THROW(static_cast<void>(numbers.here()), std::logic_error); });
  }());
}

// Objects that a server or a channel is given as std::shared_ptr.

class QuietServerObserver final : public ServerObserver {
 public:
  void on_call_begun(ServerContext& /*context*/) override { ++calls; }
  void on_call_ended(const EndedCall& /*call*/) override {}
  std::atomic<int> calls = 0;
};

class QuietClientObserver final : public ClientObserver {
 public:
  void on_call_begun(ClientContext& /*context*/) override { ++calls; }
  void on_call_ended(const EndedClientCall& /*call*/) override {}
  std::atomic<int> calls = 0;
};

class NoMetadata final : public CallCredentials {
 public:
  Task<Metadata> metadata(CallTarget /*target*/) override { co_return Metadata{}; }
  [[nodiscard]] bool allowed_on_plaintext() const noexcept override { return true; }
};

TEST(SharedObjects, AreKeptByTheServerAndTheChannelAndReleasedWithThem) {
  std::weak_ptr<Service> service;
  std::weak_ptr<QuietServerObserver> server_observer;
  std::weak_ptr<QuietClientObserver> client_observer;
  std::weak_ptr<CallCredentials> credentials;
  std::weak_ptr<InProcess> in_process;
  const auto body = [&]() -> Task<void> {
    auto probe = std::make_shared<ProbeService>();
    auto seen_by_server = std::make_shared<QuietServerObserver>();
    auto seen_by_client = std::make_shared<QuietClientObserver>();
    auto no_metadata = std::make_shared<NoMetadata>();
    auto pipe = std::make_shared<InProcess>();
    service = probe;
    server_observer = seen_by_server;
    client_observer = seen_by_client;
    credentials = no_metadata;
    in_process = pipe;
    Server server;
    server.add_service(std::shared_ptr<Service>{std::move(probe)});
    server.add_observer(std::move(seen_by_server));
    server.listen(*pipe);
    {
      Channel channel{"shared", {.call_credentials = std::move(no_metadata), .in_process = std::move(pipe)}};
      channel.add_observer(std::move(seen_by_client));
      const ProbeStub stub{channel};
      const Payload reply = co_await stub.Unary(v1::Order{});
      static_cast<void>(reply);
      EXPECT_EQ(server_observer.lock()->calls, 1);
      EXPECT_EQ(client_observer.lock()->calls, 1);
      EXPECT_FALSE(credentials.expired() || in_process.expired());
      co_await channel.close();
      co_await server.stop();
      EXPECT_FALSE(service.expired() || server_observer.expired());
    }
  };
  block_on(body());
  EXPECT_TRUE(service.expired() && server_observer.expired());
  EXPECT_TRUE(client_observer.expired() && credentials.expired() && in_process.expired());
}

TEST(SharedObjects, AreRejectedWhenTheyAreNull) {
  const auto body = []() -> Task<void> {
    Server server;
    EXPECT_THROW(server.add_observer(std::shared_ptr<ServerObserver>{}), std::invalid_argument);
    EXPECT_THROW(server.add_interceptor(std::shared_ptr<ServerInterceptor>{}), std::invalid_argument);
    EXPECT_THROW(server.add_service(std::shared_ptr<Service>{}), std::invalid_argument);
    Channel channel{"127.0.0.1:1"};
    EXPECT_THROW(channel.add_observer(std::shared_ptr<ClientObserver>{}), std::invalid_argument);
    EXPECT_THROW(channel.add_interceptor(std::shared_ptr<ClientInterceptor>{}), std::invalid_argument);
    co_return;
  };
  block_on(body());
}

TEST(SharedObjects, MayBeBorrowed) {
  int number = 7;
  const detail::SharedOrBorrowed<int> borrowed = &number;
  EXPECT_EQ(borrowed.get(), &number);
  EXPECT_EQ(borrowed.shared().use_count(), 0) << "it owns nothing";
  const auto kept = std::make_shared<int>(8);
  const detail::SharedOrBorrowed<const int> shared = kept;
  EXPECT_EQ(*shared, 8);
  EXPECT_EQ(kept.use_count(), 2);
  EXPECT_TRUE(detail::SharedOrBorrowed<int>{} == nullptr);
}

}  // namespace
}  // namespace tern::test

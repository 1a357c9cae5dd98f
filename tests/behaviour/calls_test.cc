// Every kind of call, on both ends, over a real socket.
#include <gtest/gtest.h>
#include <unistd.h>

#include <future>
#include <memory>
#include <set>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include "support/serve.h"
#include "support/tracker.h"

namespace tern::test {
namespace {

using namespace std::chrono_literals;

class Calls : public ::testing::Test {
 protected:
  ProbeService service;
};

TEST_F(Calls, Unary) {
  with_server(service, [](Channel& channel, Server&) -> Task<void> {
    ProbeStub stub{channel};
    Order order;
    order.set_number(42);
    order.set_text("안녕");
    const Payload payload = co_await stub.Unary(order);
    EXPECT_EQ(payload.number(), 42);
    EXPECT_EQ(payload.text(), "안녕");
  });
}

TEST_F(Calls, UnaryErrorAsExceptionAndAsValue) {
  with_server(service, [](Channel& channel, Server&) -> Task<void> {
    ProbeStub stub{channel};
    Order order;
    order.set_status(static_cast<int>(StatusCode::kNotFound));
    order.set_details("사용자 9 — 100% gone\n");
    std::string caught;
    try {
      co_await stub.Unary(order);
    } catch (const RpcError& error) {
      caught = error.what();
      EXPECT_EQ(error.code(), StatusCode::kNotFound);
      EXPECT_EQ(error.details(), "사용자 9 — 100% gone\n");
    }
    EXPECT_EQ(caught, "NOT_FOUND - 사용자 9 — 100% gone\n");
    const Result<Payload> result = co_await stub.Unary(order).result();
    EXPECT_FALSE(result.ok());
    EXPECT_EQ(result.status().code(), StatusCode::kNotFound);
  });
}

TEST_F(Calls, AnExceptionInTheHandlerIsUnknownAndTellsNoSecrets) {
  with_server(service, [](Channel& channel, Server&) -> Task<void> {
    ProbeStub stub{channel};
    Order order;
    order.set_fail(true);
    const Result<Payload> result = co_await stub.Unary(order).result();
    EXPECT_EQ(result.status().code(), StatusCode::kUnknown);
    EXPECT_EQ(result.status().details().find("secret"), std::string::npos);
  });
}

TEST_F(Calls, UnwrittenMethodsAreUnimplemented) {
  with_server(service, [](Channel& channel, Server&) -> Task<void> {
    ProbeStub stub{channel};
    const Result<Payload> result = co_await stub.Unwritten(Order{}).result();
    EXPECT_EQ(result.status().code(), StatusCode::kUnimplemented);
  });
}

TEST_F(Calls, ServerStream) {
  with_server(service, [](Channel& channel, Server&) -> Task<void> {
    ProbeStub stub{channel};
    Order order;
    order.set_count(1000);
    order.set_size(100);
    auto payloads = stub.Download(order);
    int seen = 0;
    while (const std::optional<Payload> payload = co_await payloads.next()) EXPECT_EQ(payload->number(), seen++);
    EXPECT_EQ(seen, 1000);
    const Status status = co_await payloads.status();
    EXPECT_TRUE(status.ok());
  });
}

TEST_F(Calls, ServerStreamThatEndsBadlyGivesItsMessagesFirst) {
  with_server(service, [](Channel& channel, Server&) -> Task<void> {
    ProbeStub stub{channel};
    Order order;
    order.set_count(3);
    order.set_status(static_cast<int>(StatusCode::kDataLoss));
    auto payloads = stub.Download(order);
    int seen = 0;
    StatusCode code = StatusCode::kOk;
    try {
      while (const std::optional<Payload> payload = co_await payloads.next()) ++seen;
    } catch (const RpcError& error) {
      code = error.code();
    }
    EXPECT_EQ(seen, 3);
    EXPECT_EQ(code, StatusCode::kDataLoss);
  });
}

TEST_F(Calls, ClientStream) {
  with_server(service, [](Channel& channel, Server&) -> Task<void> {
    ProbeStub stub{channel};
    auto call = stub.Upload();
    Payload payload;
    payload.set_data(std::string(1000, 'y'));
    for (int i = 0; i < 500; ++i) {
      const bool sent = co_await call.write(payload);
      EXPECT_TRUE(sent);
    }
    const Payload sum = co_await call.finish();
    EXPECT_EQ(sum.number(), 500);
    EXPECT_EQ(sum.text(), "500000");
  });
}

TEST_F(Calls, BidiStreamOneAfterTheOther) {
  with_server(service, [](Channel& channel, Server&) -> Task<void> {
    ProbeStub stub{channel};
    auto call = stub.Echo();
    for (int i = 0; i < 100; ++i) {
      Payload payload;
      payload.set_number(i);
      co_await call.write(payload);
      const std::optional<Payload> back = co_await call.next();
      EXPECT_TRUE(back && back->number() == i);
    }
    co_await call.done_writing();
    const std::optional<Payload> after = co_await call.next();
    EXPECT_FALSE(after);
  });
}

AsyncGenerator<Payload> numbers(int count) {
  for (int i = 0; i < count; ++i) {
    Payload payload;
    payload.set_number(i);
    co_yield payload;
  }
}

TEST_F(Calls, BidiStreamFromAGenerator) {
  with_server(service, [](Channel& channel, Server&) -> Task<void> {
    ProbeStub stub{channel};
    auto call = stub.Echo(numbers(1000));
    int seen = 0;
    while (const std::optional<Payload> payload = co_await call.next()) EXPECT_EQ(payload->number(), seen++);
    EXPECT_EQ(seen, 1000);
  });
}

TEST_F(Calls, BidiStreamReadAndWrittenByTwoTasks) {
  with_server(service, [](Channel& channel, Server&) -> Task<void> {
    ProbeStub stub{channel};
    auto call = stub.Echo();
    const auto write = [](auto& its_call) -> Task<void> {
      Payload payload;
      payload.set_data(std::string(10'000, 'z'));
      for (int i = 0; i < 1000; ++i) co_await its_call.write(payload);
      co_await its_call.done_writing();
    };
    const auto read = [](auto& its_call) -> Task<int> {
      int seen = 0;
      while (const std::optional<Payload> payload = co_await its_call.next()) ++seen;
      co_return seen;
    };
    const auto [nothing, seen] = co_await gather(write(call), read(call));
    EXPECT_EQ(seen, 1000);
  });
}

TEST_F(Calls, MetadataBothWays) {
  with_server(service, [](Channel& channel, Server&) -> Task<void> {
    ProbeStub stub{channel};
    const std::string bytes{"\x00\xff\x80 raw", 7};
    CallInfo context;
    const Metadata metadata{{"echo-initial", "first"},
                            {"echo-initial-bin", bytes},
                            {"echo-trailing", "last"},
                            {"echo-trailing-bin", bytes}};
    co_await stub.Unary(Order{}, {.metadata = &metadata, .info = &context});
    EXPECT_EQ(context.initial_metadata.get("echo-initial"), "first");
    EXPECT_EQ(context.initial_metadata.get("echo-initial-bin"), bytes);
    EXPECT_EQ(context.trailing_metadata.get("echo-trailing"), "last");
    EXPECT_EQ(context.trailing_metadata.get("echo-trailing-bin"), bytes);
    EXPECT_TRUE(context.status.ok());
    EXPECT_TRUE(context.peer.starts_with("ipv4:127.0.0.1:"));
  });
}

TEST_F(Calls, MetadataComesWithErrorsToo) {
  with_server(service, [](Channel& channel, Server&) -> Task<void> {
    ProbeStub stub{channel};
    CallInfo context;
    const Metadata metadata{{"echo-initial", "first"}, {"echo-trailing", "last"}};
    Order order;
    order.set_status(5);
    const Result<Payload> result = co_await stub.Unary(order, {.metadata = &metadata, .info = &context}).result();
    EXPECT_FALSE(result.ok());
    EXPECT_EQ(context.initial_metadata.get("echo-initial"), "first");
    EXPECT_EQ(context.trailing_metadata.get("echo-trailing"), "last");
  });
}

TEST_F(Calls, EightMebibytesEachWay) {
  const Served served{.server_options = {.max_receive_message_length = 50 << 20},
                      .channel_options = {.max_receive_message_length = 50 << 20}};
  with_server(
      service,
      [](Channel& channel, Server&) -> Task<void> {
        ProbeStub stub{channel};
        auto call = stub.Echo();
        Payload payload;
        payload.set_data(std::string(std::size_t{8} << 20, 'm'));
        const bool sent = co_await call.write(payload);
        EXPECT_TRUE(sent);
        const std::optional<Payload> back = co_await call.next();
        EXPECT_TRUE(back && back->data() == payload.data());
      },
      served);
}

TEST_F(Calls, MessagesOverTheLimitAreResourceExhausted) {
  with_server(service, [](Channel& channel, Server&) -> Task<void> {
    ProbeStub stub{channel};
    Order order;
    order.set_text(std::string(std::size_t{5} << 20, 't'));
    const Result<Payload> too_long_for_server = co_await stub.Unary(order).result();
    EXPECT_EQ(too_long_for_server.status().code(), StatusCode::kResourceExhausted);
    order.set_text("");
    order.set_size(5 << 20);
    const Result<Payload> too_long_for_client = co_await stub.Unary(order).result();
    EXPECT_EQ(too_long_for_client.status().code(), StatusCode::kResourceExhausted);
  });
  const Served short_sends{.server_options = {.max_send_message_length = 100},
                           .channel_options = {.max_send_message_length = 50}};
  with_server(
      service,
      [](Channel& channel, Server&) -> Task<void> {
        ProbeStub stub{channel};
        Order order;
        order.set_size(200);
        const Result<Payload> by_server = co_await stub.Unary(order).result();
        EXPECT_EQ(by_server.status().code(), StatusCode::kResourceExhausted);
        order.set_text(std::string(60, 't'));
        const Result<Payload> by_client = co_await stub.Unary(order).result();
        EXPECT_EQ(by_client.status().code(), StatusCode::kResourceExhausted);
      },
      short_sends);
}

TEST_F(Calls, ManyOnOneConnection) {
  with_server(service, [](Channel& channel, Server&) -> Task<void> {
    ProbeStub stub{channel};
    std::vector<UnaryCall<Payload>> calls;
    for (int i = 0; i < 1000; ++i) {
      Order order;
      order.set_number(i);
      calls.push_back(stub.Unary(order));
    }
    const std::vector<Payload> all = co_await gather(std::move(calls));
    for (int i = 0; i < 1000; ++i) EXPECT_EQ(all[static_cast<std::size_t>(i)].number(), i);
  });
}

TEST_F(Calls, AreTakenByEveryCombinator) {
  with_server(service, [](Channel& channel, Server&) -> Task<void> {
    ProbeStub stub{channel};
    Order order;
    order.set_number(1);
    const Payload limited = co_await with_timeout(10s, stub.Unary(order));
    EXPECT_EQ(limited.number(), 1);
    const std::optional<Payload> in_time = co_await move_on_after(10s, stub.Unary(order));
    EXPECT_TRUE(in_time);
    const auto [reply, slept] = co_await gather(stub.Unary(order), sleep(1ms));
    EXPECT_EQ(reply.number(), 1);
    const std::optional<Payload> late = co_await move_on_after(1ms, stub.Hang(order));
    EXPECT_FALSE(late);
    auto first = co_await when_any(stub.Unary(order), stub.Hang(order));
    EXPECT_EQ(first.index, 0U);
    Order bad;
    bad.set_status(static_cast<int>(StatusCode::kNotFound));
    const auto [good, failed] = co_await gather_results(stub.Unary(order), stub.Unary(bad));
    EXPECT_TRUE(good.ok());
    EXPECT_THROW(static_cast<void>(failed.value()), RpcError);
    std::vector<UnaryCall<Payload>> calls;
    for (int i = 0; i < 20; ++i) calls.push_back(stub.Unary(order));
    auto done = as_completed(std::move(calls), {.at_once = 4});
    int ended = 0;
    while (const auto one = co_await done.next()) ended += one->outcome.ok() ? 1 : 0;
    EXPECT_EQ(ended, 20);
    order.set_count(1);
    auto download = stub.Download(order);
    const std::optional<Payload> piece = co_await with_timeout(10s, download.next());
    EXPECT_TRUE(piece);
    TaskGroup group;
    auto member = group.spawn(stub.Unary(order));
    const Payload& spawned = co_await member;
    EXPECT_EQ(spawned.number(), 1);
    co_await group.join();
    const SharedTask<Payload> shared = share(stub.Unary(order));
    const Payload& of_all = co_await shared;
    EXPECT_EQ(of_all.number(), 1);
  });
}

TEST_F(Calls, OverAUnixSocket) {
  const std::string path = ::testing::TempDir() + "tern_calls_" + std::to_string(getpid()) + ".sock";
  const Served served{.listen = "unix:" + path};
  with_server(
      service,
      [](Channel& channel, Server&) -> Task<void> {
        ProbeStub stub{channel};
        co_await stub.Unary(Order{});
      },
      served);
  EXPECT_NE(access(path.c_str(), F_OK), 0) << "the socket's file is gone with the server";
}

/// Answers with the thread that it runs on.
class WhichThread final : public tern::test::v1::Probe::AsyncService {
 public:
  Task<Payload> Unary(ServerContext& /*context*/, const Order& /*order*/) override {
    std::ostringstream thread;
    thread << std::this_thread::get_id();
    Payload payload;
    payload.set_text(thread.str());
    co_return payload;
  }
};

TEST(Loops, ConnectionsAreSpreadOverThemAndStay) {
  WhichThread which;
  with_server(which,
              [](Channel& channel, Server&) -> Task<void> {
                std::vector<std::unique_ptr<Channel>> channels;
                std::set<std::string> threads;
                for (int i = 0; i < 6; ++i) {
                  channels.push_back(std::make_unique<Channel>(channel.target()));
                  ProbeStub stub{*channels.back()};
                  const Payload first = co_await stub.Unary(Order{});
                  for (int j = 0; j < 20; ++j) {
                    const Payload again = co_await stub.Unary(Order{});
                    EXPECT_EQ(again.text(), first.text());
                  }
                  threads.insert(first.text());
                }
                EXPECT_EQ(threads.size(), 3U);
              },
              {.threads = 3});
}

class SyncCalls : public ::testing::Test {
 protected:
  SyncProbeService service;
};

TEST_F(SyncCalls, EveryKind) {
  with_server(service, [](Channel& channel, Server&) -> Task<void> {
    ProbeStub stub{channel};
    Order order;
    order.set_number(7);
    order.set_count(100);
    const Payload payload = co_await stub.Unary(order);
    EXPECT_EQ(payload.number(), 7);
    auto download = stub.Download(order);
    int seen = 0;
    while (const std::optional<Payload> one = co_await download.next()) ++seen;
    EXPECT_EQ(seen, 100);
    auto upload = stub.Upload();
    for (int i = 0; i < 100; ++i) co_await upload.write(payload);
    const Payload sum = co_await upload.finish();
    EXPECT_EQ(sum.number(), 100);
    auto echo = stub.Echo(numbers(100));
    seen = 0;
    while (const std::optional<Payload> one = co_await echo.next()) ++seen;
    EXPECT_EQ(seen, 100);
    order.set_status(9);
    const Result<Payload> failed = co_await stub.Unary(order).result();
    EXPECT_EQ(failed.status().code(), StatusCode::kFailedPrecondition);
  });
}

TEST_F(SyncCalls, OverTheNumberOfWorkersTheyWaitTheirTurn) {
  const Served served{.server_options = {.max_workers = 3}};
  with_server(
      service,
      [](Channel& channel, Server&) -> Task<void> {
        ProbeStub stub{channel};
        Order order;
        order.set_wait_us(1000);
        std::vector<UnaryCall<Payload>> calls;
        for (int i = 0; i < 60; ++i) calls.push_back(stub.Unary(order));
        co_await gather(std::move(calls));
      },
      served);
  EXPECT_LE(service.most_running, 3);
}

TEST_F(SyncCalls, ADeadlineCountsWhileACallWaitsItsTurn) {
  const Served served{.server_options = {.max_workers = 1}};
  with_server(
      service,
      [this](Channel& channel, Server&) -> Task<void> {
        ProbeStub stub{channel};
        Order slow;
        slow.set_wait_us(50'000);
        TaskGroup group;
        const auto call = [](ProbeStub its_stub, Order order) -> Task<void> { co_await its_stub.Unary(order); };
        group.spawn(call(stub, slow));
        co_await until(service.running, 1);
        const Result<Payload> waited = co_await stub.Unary(Order{}, {.timeout = 5ms}).result();
        EXPECT_EQ(waited.status().code(), StatusCode::kDeadlineExceeded);
        co_await group.join();
      },
      served);
}

TEST_F(SyncCalls, ACancelledWriterEnds) {
  with_server(service, [this](Channel& channel, Server&) -> Task<void> {
    ProbeStub stub{channel};
    {
      auto call = stub.Ignore();
      const std::optional<Payload> first = co_await call.next();
      EXPECT_TRUE(first.has_value());
    }
    co_await until(service.running, 0);
  });
}

TEST(BlockingStub, EveryKind) {
  ProbeService service;
  std::promise<std::uint16_t> port;
  std::promise<void> done;
  std::jthread thread{[&] {
    const auto serve = [](ProbeService& its_service, std::promise<std::uint16_t>& its_port,
                          std::future<void> its_end) -> Task<void> {
      Server server;
      server.add_service(its_service);
      its_port.set_value(server.listen("127.0.0.1:0"));
      co_await run_in_executor([&its_end] { its_end.get(); });
      co_await server.stop();
    };
    block_on(serve(service, port, done.get_future()));
  }};
  {
    Channel channel{"127.0.0.1:" + std::to_string(port.get_future().get())};
    const tern::test::v1::Probe::BlockingStub stub{channel};
    Order order;
    order.set_number(3);
    order.set_count(5);
    EXPECT_EQ(stub.Unary(order).number(), 3);
    auto download = stub.Download(order);
    int seen = 0;
    while (const std::optional<Payload> payload = download.next()) EXPECT_EQ(payload->number(), seen++);
    EXPECT_EQ(seen, 5);
    auto upload = stub.Upload();
    EXPECT_TRUE(upload.write(Payload{}));
    EXPECT_EQ(upload.finish().number(), 1);
    auto echo = stub.Echo();
    EXPECT_TRUE(echo.write(Payload{}));
    EXPECT_TRUE(echo.next());
    echo.done_writing();
    EXPECT_FALSE(echo.next());
    order.set_status(5);
    EXPECT_THROW(stub.Unary(order), RpcError);
  }
  done.set_value();
}

TEST(BlockingStub, IsRefusedOnALoopsThread) {
  ProbeService service;
  with_server(service, [](Channel& channel, Server&) -> Task<void> {
    const tern::test::v1::Probe::BlockingStub stub{channel};
    const Order order;
    EXPECT_THROW(static_cast<void>(stub.Unary(order)), std::logic_error);
    EXPECT_THROW(static_cast<void>(stub.Download(order)), std::logic_error);
    EXPECT_THROW(static_cast<void>(stub.Upload()), std::logic_error);
    EXPECT_THROW(static_cast<void>(stub.Echo()), std::logic_error);
    co_return;
  });
}

AsyncGenerator<Payload> payloads_without_end(int& alive) {
  const Tracker tracker{alive};
  for (;;) {
    co_yield Payload{};
    co_await sleep(0ms);
  }
}

TEST(StreamCalls, MayBeAssignedWhileTheySend) {
  ProbeService service;
  with_server(service, [](Channel& channel, Server&) -> Task<void> {
    ProbeStub stub{channel};
    int alive = 0;
    {
      auto echo = stub.Echo(payloads_without_end(alive));
      for (int i = 0; i < 5; ++i) {
        const std::optional<Payload> back = co_await echo.next();
        EXPECT_TRUE(back);
        echo = stub.Echo(payloads_without_end(alive));
      }
      auto moved = std::move(echo);
      const std::optional<Payload> back = co_await moved.next();
      EXPECT_TRUE(back);
      EXPECT_THROW(static_cast<void>(echo.next()), std::logic_error);  // NOLINT(bugprone-use-after-move): is tested
    }
    EXPECT_EQ(alive, 0);
  });
}

TEST(UnaryCalls, AreAwaitedOnce) {
  ProbeService service;
  with_server(service, [](Channel& channel, Server&) -> Task<void> {
    ProbeStub stub{channel};
    auto first = stub.Unary(Order{});
    auto second = std::move(first);
    const Result<Payload> good = co_await std::move(second).result();
    EXPECT_TRUE(good.ok());
    bool refused = false;
    try {
      static_cast<void>(co_await std::move(first).result());  // NOLINT(bugprone-use-after-move): is tested
    } catch (const std::logic_error&) {
      refused = true;
    }
    EXPECT_TRUE(refused);
  });
}

/// Two methods on their calls' arenas, the others as ever.
class ArenaProbeService final : public tern::test::v1::Probe::AsyncService {
 public:
  ArenaProbeService() {
    on_arena("Unary", *this, &ArenaProbeService::unary);
    on_arena("Download", *this, &ArenaProbeService::download);
  }

  Task<Payload*> unary(ServerContext& context, const Order& order) {
    if (order.fail()) co_return nullptr;
    if (order.wait_us() > 0) co_await sleep(1h);
    auto* payload = context.make<Payload>();
    EXPECT_EQ(payload->GetArena(), &context.arena());
    EXPECT_EQ(order.GetArena(), &context.arena());
    *payload = answer(order, order.number());
    co_return payload;
  }

  AsyncGenerator<Payload*> download(ServerContext& context, const Order& order) {
    auto* payload = context.make<Payload>();
    for (int i = 0; i < order.count(); ++i) {
      *payload = answer(order, i);
      co_yield payload;
    }
  }
};

TEST(ArenaMessages, ServeTheMethodsThatAskForThem) {
  ArenaProbeService service;
  with_server(service, [](Channel& channel, Server&) -> Task<void> {
    ProbeStub stub{channel};
    Order order;
    order.set_number(7);
    order.set_text("on an arena");
    order.set_size(50'000);
    order.set_count(10);
    for (int i = 0; i < 3; ++i) {
      const Payload payload = co_await stub.Unary(order);
      EXPECT_EQ(payload.number(), 7);
      EXPECT_EQ(payload.text(), "on an arena");
      EXPECT_EQ(payload.data().size(), 50'000U);
    }
    auto download = stub.Download(order);
    int seen = 0;
    while (const std::optional<Payload> payload = co_await download.next()) EXPECT_EQ(payload->number(), seen++);
    EXPECT_EQ(seen, 10);
    const Result<Payload> plain = co_await stub.Hang(order).result();
    EXPECT_EQ(plain.status().code(), StatusCode::kUnimplemented);
    order.set_wait_us(1);
    const Result<Payload> late = co_await stub.Unary(order, {.timeout = 5ms}).result();
    EXPECT_EQ(late.status().code(), StatusCode::kDeadlineExceeded);
    order.set_fail(true);
    const Result<Payload> nothing = co_await stub.Unary(order).result();
    EXPECT_EQ(nothing.status().code(), StatusCode::kInternal);
  });
}

/// Asks for what is not there.
class WrongArenaService final : public tern::test::v1::Probe::AsyncService {
 public:
  explicit WrongArenaService(std::string_view method) { on_arena(method, *this, &WrongArenaService::handler); }
  Task<Payload*> handler(ServerContext& context, const Order& /*order*/) { co_return context.make<Payload>(); }
};

TEST(ArenaMessages, OfAMethodThatDoesNotMatchAreRefused) {
  EXPECT_THROW(WrongArenaService{"Nothing"}, std::invalid_argument);
  EXPECT_THROW(WrongArenaService{"Upload"}, std::invalid_argument) << "the client streams";
  EXPECT_THROW(WrongArenaService{"Download"}, std::invalid_argument) << "the server streams";
  EXPECT_NO_THROW(WrongArenaService{"Hang"});
}

}  // namespace
}  // namespace tern::test

// A server and a channel on io_contexts that the program has already.
#include <gtest/gtest.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/use_future.hpp>
#include <future>
#include <memory>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "support/captured_log.h"
#include "support/probe_service.h"
#include "tern/async/co_spawn.h"
#include "tern/async/context_group.h"

namespace tern::test {
namespace {

namespace asio = boost::asio;
using namespace std::chrono_literals;

Order order_of_number(std::int64_t number) {
  Order order;
  order.set_number(number);
  return order;
}

asio::awaitable<std::int64_t> call_in_awaitables(asio::io_context& context, Channel& channel, Server& server) {
  ProbeStub stub{channel};
  std::int64_t sum = 0;
  for (int number = 1; number <= 3; ++number) {
    const Payload reply = co_await co_spawn(context, stub.Unary(order_of_number(number)), asio::use_awaitable);
    sum += reply.number();
  }
  Order failing;
  failing.set_status(static_cast<int>(StatusCode::kNotFound));
  try {
    co_await co_spawn(context, stub.Unary(failing), asio::use_awaitable);
    ADD_FAILURE() << "the call did not fail";
  } catch (const RpcError& error) {
    EXPECT_EQ(error.code(), StatusCode::kNotFound);
  }
  co_await co_spawn(context, channel.close(), asio::use_awaitable);
  co_await co_spawn(context, server.stop(), asio::use_awaitable);
  co_return sum;
}

TEST(Embedding, AServerAndAChannelOnTheProgramsOwnContext) {
  asio::io_context context;
  ProbeService service;
  Server server{context};
  server.add_service(service);
  Channel channel{context, "127.0.0.1:" + std::to_string(server.listen("127.0.0.1:0"))};
  std::future<std::int64_t> sum =
      asio::co_spawn(context, call_in_awaitables(context, channel, server), asio::use_future);
  context.run();
  EXPECT_EQ(sum.get(), 6);
}

TEST(Embedding, AServerIsDestroyedAfterItsContextHasStopped) {
  asio::io_context context;
  ProbeService service;
  auto server = std::make_unique<Server>(context);
  server->add_service(service);
  Channel channel{context, "127.0.0.1:" + std::to_string(server->listen("127.0.0.1:0"))};
  ProbeStub stub{channel};
  // Under way when everything goes.
  co_spawn(context, stub.Hang(Order{}), asio::detached);
  while (service.running == 0) context.run_one();
  server.reset();
  EXPECT_EQ(service.running, 0);
}

TEST(Embedding, ATaskServesOnTheProgramsOwnContext) {
  asio::io_context context;
  ProbeService service;
  const auto serve = [](ProbeService& its_service) -> Task<std::int64_t> {
    Server server;
    server.add_service(its_service);
    Channel channel{"127.0.0.1:" + std::to_string(server.listen("127.0.0.1:0"))};
    ProbeStub stub{channel};
    const Payload reply = co_await stub.Unary(order_of_number(4));
    co_await channel.close();
    co_await server.stop();
    co_return reply.number();
  };
  std::future<std::int64_t> number = co_spawn(context, serve(service), asio::use_future);
  context.run();
  EXPECT_EQ(number.get(), 4);
}

TEST(Embedding, AContextThatIsDestroyedTakesAServingTaskAlong) {
  ProbeService service;
  {
    asio::io_context context;
    const auto serve = [](ProbeService& its_service) -> Task<void> {
      Server server;
      server.add_service(its_service);
      Channel channel{"127.0.0.1:" + std::to_string(server.listen("127.0.0.1:0"))};
      ProbeStub stub{channel};
      co_await stub.Hang(Order{});
    };
    co_spawn(context, serve(service), asio::detached);
    while (service.running == 0) context.run_one();
  }
  EXPECT_EQ(service.running, 0);
}

/// Answers with its thread.
class ThreadService final : public v1::Probe::AsyncService {
  Task<Payload> Unary(ServerContext& /*context*/, const Order& /*order*/) override {
    Payload payload;
    payload.set_text(std::to_string(std::hash<std::thread::id>{}(std::this_thread::get_id())));
    co_return payload;
  }
};

/// The io_contexts of a program, each with a thread.
class Threads {
 public:
  explicit Threads(std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) contexts.push_back(std::make_unique<asio::io_context>());
    for (const auto& context : contexts) work_.push_back(asio::make_work_guard(*context));
  }
  Threads(const Threads&) = delete;
  Threads& operator=(const Threads&) = delete;
  ~Threads() { stop(); }
  void start() {
    for (const auto& context : contexts) threads_.emplace_back([&context] { context->run(); });
  }
  /// No thread runs a context any more.
  void stop() {
    for (const auto& context : contexts) context->stop();
    for (std::thread& thread : threads_) thread.join();
    threads_.clear();
  }

  std::vector<std::unique_ptr<asio::io_context>> contexts;

 private:
  std::vector<asio::executor_work_guard<asio::io_context::executor_type>> work_;
  std::vector<std::thread> threads_;
};

Task<std::string> ask_on_a_new_connection(std::string target) {
  Channel channel{std::move(target)};
  ProbeStub stub{channel};
  const Payload reply = co_await stub.Unary(Order{});
  co_await channel.close();
  co_return reply.text();
}

TEST(Embedding, AServerServesOnAllContextsOfItsGroup) {
  ThreadService service;
  Threads threads{3};
  {
    const ContextGroup group{threads.contexts};
    Server server{*threads.contexts.front()};
    server.add_service(service);
    const std::string target = "127.0.0.1:" + std::to_string(server.listen("127.0.0.1:0"));
    threads.start();
    std::set<std::string> answered_on;
    for (int i = 0; i < 200 && answered_on.size() < 3; ++i) {
      answered_on.insert(co_spawn(*threads.contexts[i % 3], ask_on_a_new_connection(target), asio::use_future).get());
    }
    EXPECT_EQ(answered_on.size(), 3U);
    co_spawn(*threads.contexts.front(), server.stop(), asio::use_future).get();
    threads.stop();
  }
}

TEST(Embedding, ABlockedContextOfAGroupIsReported) {
  const CapturedLog log;
  Threads threads{1};
  const ContextGroup group{threads.contexts, {.blocked_after = 20ms}};
  threads.start();
  const auto block = [](const CapturedLog& its_log) -> Task<void> {
    for (const auto limit = Clock::now() + 30s;
         its_log.count("an event loop has been blocked for ") == 0 && Clock::now() < limit;) {
      std::this_thread::sleep_for(1ms);
    }
    co_return;
  };
  co_spawn(*threads.contexts.front(), block(log), asio::use_future).get();
  threads.stop();
  EXPECT_EQ(log.count("an event loop has been blocked for "), 1) << log.text();
}

}  // namespace
}  // namespace tern::test

// tern in a program with threads of its own: an io_context for each thread, one server on all of them, and a call from
// a thread that has none.
#include <boost/asio/detached.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_future.hpp>
#include <cstdio>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "example/v1/greeter.tern.h"
#include "tern/async/co_spawn.h"
#include "tern/tern.h"

namespace asio = boost::asio;
using example::v1::Greeter;
using example::v1::Greeting;
using example::v1::Name;

class GreeterService final : public Greeter::AsyncService {
  tern::Task<Greeting> Greet(tern::ServerContext& /*context*/, const Name& request) override {
    Greeting greeting;
    greeting.set_text("Hello, " + request.name());
    co_return greeting;
  }
};

int main() {
  std::vector<std::unique_ptr<asio::io_context>> contexts;
  for (int i = 0; i < 2; ++i) contexts.push_back(std::make_unique<asio::io_context>());
  const tern::ContextGroup group{contexts};

  GreeterService service;
  tern::Server server{*contexts.front()};
  server.add_service(service);
  tern::Channel channel{*contexts.back(), "127.0.0.1:" + std::to_string(server.listen("127.0.0.1:0"))};

  std::vector<asio::executor_work_guard<asio::io_context::executor_type>> work;
  for (const auto& context : contexts) work.push_back(asio::make_work_guard(*context));
  std::vector<std::thread> threads;
  for (const auto& context : contexts) threads.emplace_back([&context] { context->run(); });

  Greeter::Stub stub{channel};
  Name name;
  name.set_name("threads");
  std::printf("%s\n", tern::co_spawn(*contexts.back(), stub.Greet(name), asio::use_future).get().text().c_str());

  // The server's tasks end on its loops, which must still run.
  tern::co_spawn(*contexts.back(), channel.close(), asio::use_future).get();
  tern::co_spawn(*contexts.front(), server.stop(), asio::use_future).get();
  work.clear();
  for (const auto& context : contexts) context->stop();
  for (std::thread& thread : threads) thread.join();
}

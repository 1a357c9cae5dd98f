// A signal ends the server; the call that runs may finish within the grace.
#include <fmt/core.h>

#include <csignal>

#include "example/v1/greeter.tern.h"
#include "tern/tern.h"

using namespace example::v1;
using namespace std::chrono_literals;

class GreeterService final : public Greeter::AsyncService {
 public:
  tern::Event entered;

 private:
  tern::Task<Greeting> Greet(tern::ServerContext& /*context*/, const Name& request) override {
    entered.set();
    co_await tern::sleep(300ms);
    co_return tern::make<Greeting>([&](auto& greeting) { greeting.set_text("Hello, " + request.name()); });
  }
};

tern::Task<void> serve(tern::Server& server) {
  co_await tern::signals(SIGTERM);
  fmt::print("Shutting down...\n");
  co_await server.stop({.grace = 5s});
}

tern::Task<void> greet(int port) {
  tern::Channel channel{fmt::format("127.0.0.1:{}", port)};
  const Greeter::Stub stub{channel};
  const Greeting reply = co_await stub.Greet(tern::make<Name>([](auto& name) { name.set_name("박지민"); }));
  fmt::print("{}\n", reply.text());
}

tern::Task<void> run() {
  GreeterService service;
  tern::Server server;
  server.add_service(service);
  const int port = server.listen("127.0.0.1:0");

  tern::TaskGroup group;
  group.spawn(serve(server));
  group.spawn(greet(port));
  co_await service.entered.wait();
  std::raise(SIGTERM);
  co_await group.join();
}

int main() { return tern::run(run()); }

// A server and a client with one call, on the module. scripts/check-module builds and runs it.
#include <cstdio>
#include <string>

#include "example/v1/greeter.tern.h"

import tern;

using example::v1::Greeter;
using example::v1::Greeting;
using example::v1::Name;
using namespace std::chrono_literals;

class GreeterService final : public Greeter::AsyncService {
  tern::Task<Greeting> Greet(tern::ServerContext& /*context*/, const Name& request) override {
    co_await tern::sleep(1ms);
    Greeting greeting;
    greeting.set_text("Hello, " + request.name());
    co_return greeting;
  }
};

tern::Task<void> run() {
  GreeterService service;
  tern::Server server;
  server.add_service(service);
  tern::Channel channel{"127.0.0.1:" + std::to_string(server.listen("127.0.0.1:0"))};
  Greeter::Stub stub{channel};
  Name name;
  name.set_name("module");
  const Greeting greeting = co_await stub.Greet(name, {.timeout = 5s});
  std::printf("%s\n", greeting.text().c_str());
  co_await channel.close();
  co_await server.stop();
}

int main() { return tern::run(run()); }

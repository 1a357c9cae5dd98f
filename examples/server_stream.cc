// One request, a stream of responses: the handler is a generator, the client reads in a loop.
#include <cstdio>
#include <optional>
#include <string>

#include "example/v1/greeter.tern.h"
#include "tern/tern.h"

using example::v1::Greeter;
using example::v1::Number;
using namespace std::chrono_literals;

class GreeterService final : public Greeter::AsyncService {
  tern::AsyncGenerator<Number> CountDown(tern::ServerContext& /*context*/, const Number& from) override {
    for (auto value = from.value(); value > 0; --value) {
      co_await tern::sleep(1ms);
      Number number;
      number.set_value(value);
      co_yield number;  // waits here while the client is behind
    }
  }
};

tern::Task<void> run() {
  GreeterService service;
  tern::Server server;
  server.add_service(service);
  tern::Channel channel{"127.0.0.1:" + std::to_string(server.listen("127.0.0.1:0"))};
  Greeter::Stub stub{channel};

  Number from;
  from.set_value(3);
  auto numbers = stub.CountDown(from);
  while (const std::optional<Number> number = co_await numbers.next()) {
    std::printf("%d\n", static_cast<int>(number->value()));
  }

  co_await channel.close();
  co_await server.stop();
}

int main() { return tern::run(run()); }

// A stream of requests, one response.
#include <cstdio>
#include <optional>
#include <string>

#include "example/v1/greeter.tern.h"
#include "tern/tern.h"

using example::v1::Greeter;
using example::v1::Number;

class GreeterService final : public Greeter::AsyncService {
  tern::Task<Number> Sum(tern::ServerContext& /*context*/, tern::Reader<Number>& numbers) override {
    Number sum;
    while (const std::optional<Number> number = co_await numbers.next()) sum.set_value(sum.value() + number->value());
    co_return sum;
  }
};

tern::Task<void> run() {
  GreeterService service;
  tern::Server server;
  server.add_service(service);
  tern::Channel channel{"127.0.0.1:" + std::to_string(server.listen("127.0.0.1:0"))};
  Greeter::Stub stub{channel};

  auto call = stub.Sum();
  for (int value = 1; value <= 100; ++value) {
    Number number;
    number.set_value(value);
    if (!co_await call.write(number)) break;  // the call has ended; finish() says why
  }
  const Number sum = co_await call.finish();
  std::printf("%d\n", static_cast<int>(sum.value()));

  co_await channel.close();
  co_await server.stop();
}

int main() { return tern::run(run()); }

// A stream of requests, one response.
#include <fmt/core.h>

#include "example/v1/greeter.tern.h"
#include "tern/tern.h"

using namespace example::v1;

class GreeterService final : public Greeter::AsyncService {
  tern::Task<Number> Sum(tern::ServerContext& /*context*/, tern::Reader<Number>& numbers) override {
    Number sum;
    while (const auto number = co_await numbers.next()) sum.set_value(sum.value() + number->value());
    co_return sum;
  }
};

Number number_of(int value) {
  Number number;
  number.set_value(value);
  return number;
}

tern::AsyncGenerator<Number> numbers() {
  for (int value = 1; value <= 100; ++value) co_yield number_of(value);
}

tern::Task<void> run() {
  GreeterService service;
  tern::Server server;
  server.add_service(service);
  tern::Channel channel{fmt::format("127.0.0.1:{}", server.listen("127.0.0.1:0"))};

  const Greeter::Stub stub{channel};
  auto first = stub.Sum();
  auto source = numbers();
  while (const auto number = co_await source.next()) co_await first.write(*number);
  Number sum = co_await first.finish();
  fmt::print("From an iterator: {}\n", sum.value());

  auto call = stub.Sum();
  for (const int value : {1, 2, 3}) co_await call.write(number_of(value));
  sum = co_await call.finish();
  fmt::print("One by one: {}\n", sum.value());

  co_await server.stop();
}

int main() { return tern::run(run()); }

// Work that computes goes to a pool of threads, and the loop goes on meanwhile.
#include <fmt/core.h>

#include "example/v1/greeter.tern.h"
#include "tern/tern.h"

using namespace example::v1;

std::int64_t sum_of_squares(std::int64_t limit) {
  std::int64_t sum = 0;
  for (std::int64_t value = 0; value < limit; ++value) sum += value * value;
  return sum;
}

class GreeterService final : public Greeter::AsyncService {
  tern::Task<Number> Sum(tern::ServerContext& /*context*/, tern::Reader<Number>& numbers) override {
    Number total;
    while (const auto number = co_await numbers.next()) {
      const auto work = [number] { return sum_of_squares(number->value()); };
      const std::int64_t first = co_await tern::run_in_executor(work);
      const std::int64_t second = co_await tern::run_in_executor(pool_, work);
      total.set_value(total.value() + first + second);
    }
    co_return total;
  }

  tern::Executor pool_{2};
};

tern::Task<void> run() {
  GreeterService service;
  tern::Server server;
  server.add_service(service);
  tern::Channel channel{fmt::format("127.0.0.1:{}", server.listen("127.0.0.1:0"))};

  const Greeter::Stub stub{channel};
  auto call = stub.Sum();
  for (const int value : {1000, 2000}) {
    co_await call.write(tern::make<Number>([value](auto& number) { number.set_value(value); }));
  }
  const Number total = co_await call.finish();
  fmt::print("sum of squares: {}\n", total.value());

  co_await server.stop();
}

int main() { return tern::run(run()); }

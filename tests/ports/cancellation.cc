// A client that leaves in the middle of a stream; the handler notices and cleans up.
#include <fmt/core.h>

#include "example/v1/greeter.tern.h"
#include "tern/tern.h"

using namespace example::v1;
using namespace std::chrono_literals;

struct CleanUp {
  ~CleanUp() {
    fmt::print("the handler cleans up\n");
    ended.set();
  }
  tern::Event& ended;
};

class GreeterService final : public Greeter::AsyncService {
 public:
  tern::Event ended;

 private:
  tern::AsyncGenerator<Number> CountDown(tern::ServerContext& /*context*/, const Number& from) override {
    const CleanUp clean_up{ended};
    for (Number number = from; number.value() > 0; number.set_value(number.value() - 1)) {
      co_yield number;
      co_await tern::sleep(10ms);
    }
  }
};

tern::Task<void> count(std::string name, tern::Clock::duration time) {
  try {
    co_await tern::sleep(time);
    fmt::print("{} is done\n", name);
  } catch (const tern::Cancelled&) {
    fmt::print("{} was cancelled\n", name);
    throw;
  }
}

tern::Task<void> run() {
  GreeterService service;
  tern::Server server;
  server.add_service(service);
  tern::Channel channel{fmt::format("127.0.0.1:{}", server.listen("127.0.0.1:0"))};

  const Greeter::Stub stub{channel};
  auto call = stub.CountDown(tern::make<Number>([](auto& from) { from.set_value(1'000'000); }));
  for (int i = 0; i < 3; ++i) {
    const auto number = co_await call.next();
    fmt::print("{}\n", number->value());
  }
  call.cancel();
  co_await service.ended.wait();
  const tern::Status status = co_await call.status();
  if (status.code() == tern::StatusCode::kCancelled) fmt::print("the call was cancelled\n");

  tern::TaskGroup group;
  auto quick = group.spawn(count("quick", 100ms));
  auto slow = group.spawn(count("slow", 60s));
  co_await quick;
  slow.cancel();
  co_await group.join();

  co_await server.stop();
}

int main() { return tern::run(run()); }

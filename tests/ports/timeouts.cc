// A call's deadline, which the server sees; and limits of time for anything else.
#include <fmt/core.h>

#include "example/v1/greeter.tern.h"
#include "tern/tern.h"

using namespace example::v1;
using namespace std::chrono_literals;

class GreeterService final : public Greeter::AsyncService {
  tern::Task<Greeting> Greet(tern::ServerContext& context, const Name& request) override {
    const auto remaining = context.time_remaining();
    fmt::print("{}\n", remaining < 60s ? "a deadline came along" : "no deadline came along");
    co_await tern::sleep(request.name() == "quick" ? 100ms : 60s);
    co_return tern::make<Greeting>([](auto& greeting) { greeting.set_text("Hello"); });
  }
};

tern::Task<void> run() {
  GreeterService service;
  tern::Server server;
  server.add_service(service);
  tern::Channel channel{fmt::format("127.0.0.1:{}", server.listen("127.0.0.1:0"))};

  const Greeter::Stub stub{channel};
  const auto quick = tern::make<Name>([](auto& name) { name.set_name("quick"); });
  const Greeting reply = co_await stub.Greet(quick, {.timeout = 30s});
  fmt::print("{}\n", reply.text());
  try {
    const auto slow = tern::make<Name>([](auto& name) { name.set_name("slow"); });
    co_await stub.Greet(slow, {.timeout = 200ms});
  } catch (const tern::RpcError& error) {
    fmt::print("{}\n", tern::name_of(error.code()));
  }

  try {
    co_await tern::with_timeout(100ms, tern::sleep(60s));
  } catch (const tern::TimedOut&) {
    fmt::print("the sleep timed out\n");
  }

  tern::Event event;
  const bool came = co_await tern::move_on_after(100ms, event.wait()) == true;
  if (!came) fmt::print("the event did not come\n");

  co_await server.stop();
}

int main() { return tern::run(run()); }

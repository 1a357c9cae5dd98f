// A synchronous service: plain handlers that may block, on worker threads. And a client without a loop.
#include <cstdio>
#include <future>
#include <optional>
#include <string>
#include <thread>

#include "example/v1/greeter.tern.h"
#include "tern/tern.h"

using example::v1::Greeter;
using example::v1::Greeting;
using example::v1::Name;
using example::v1::Number;

class GreeterService final : public Greeter::SyncService {
  Greeting Greet(tern::ServerContext& context, const Name& request) override {
    if (request.name().empty()) context.abort(tern::StatusCode::kInvalidArgument, "a name is required");
    std::this_thread::sleep_for(std::chrono::milliseconds{1});  // a blocking library, say
    Greeting greeting;
    greeting.set_text("Hello, " + request.name());
    return greeting;
  }

  void CountDown(tern::ServerContext& /*context*/, const Number& from, tern::BlockingWriter<Number>& numbers) override {
    for (auto value = from.value(); value > 0; --value) {
      Number number;
      number.set_value(value);
      numbers.write(number);
    }
  }
};

/// Serves until `done`.
tern::Task<void> serve(std::promise<int>& port, std::future<void>& done) {
  GreeterService service;
  tern::Server server{{.max_workers = 10}};
  server.add_service(service);
  port.set_value(server.listen("127.0.0.1:0"));
  co_await tern::run_in_executor([&done] { done.wait(); });
  co_await server.stop();
}

int main() {
  std::promise<int> port;
  std::promise<void> client_is_done;
  std::future<void> done = client_is_done.get_future();
  std::jthread server{[&] { tern::block_on(serve(port, done)); }};
  {
    tern::Channel channel{"127.0.0.1:" + std::to_string(port.get_future().get())};
    const Greeter::BlockingStub stub{channel};
    Name name;
    name.set_name("김철수");
    std::printf("%s\n", stub.Greet(name).text().c_str());
    try {
      stub.Greet(Name{});
    } catch (const tern::RpcError& error) {
      std::printf("Error: %s\n", error.what());
    }
    Number from;
    from.set_value(3);
    auto numbers = stub.CountDown(from);
    while (const std::optional<Number> number = numbers.next()) {
      std::printf("%d\n", static_cast<int>(number->value()));
    }
  }
  client_is_done.set_value();
}

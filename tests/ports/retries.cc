// Calls that fail are made again, as the service config says; and a call that waits for its server.
#include <fmt/core.h>

#include "example/v1/greeter.tern.h"
#include "tern/tern.h"

using namespace example::v1;
using namespace std::chrono_literals;

constexpr std::string_view kRetries = R"({
  "methodConfig": [
    {
      "name": [{"service": "example.v1.Greeter"}],
      "retryPolicy": {
        "maxAttempts": 4,
        "initialBackoff": "0.01s",
        "maxBackoff": "0.1s",
        "backoffMultiplier": 2,
        "retryableStatusCodes": ["UNAVAILABLE"]
      }
    }
  ]
})";

class GreeterService final : public Greeter::AsyncService {
 public:
  int attempts = 0;

 private:
  tern::Task<Greeting> Greet(tern::ServerContext& context, const Name& request) override {
    ++attempts;
    if (attempts < 3) context.abort(tern::StatusCode::kUnavailable, "try again");
    co_return tern::make<Greeting>([&](auto& greeting) { greeting.set_text("Hello, " + request.name()); });
  }
};

tern::Task<void> run() {
  GreeterService service;
  tern::Server server;
  server.add_service(service);
  const int port = server.listen("127.0.0.1:0");

  tern::Channel channel{fmt::format("127.0.0.1:{}", port), {.service_config = kRetries}};
  const Greeter::Stub stub{channel};
  const auto request = tern::make<Name>([](auto& name) { name.set_name("홍길동"); });
  const Greeting reply = co_await stub.Greet(request, {.timeout = 5s, .wait_for_ready = true});
  fmt::print("{}, after {} attempts\n", reply.text(), service.attempts);

  co_await server.stop();
}

int main() { return tern::run(run()); }

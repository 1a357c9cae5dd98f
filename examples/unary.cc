// One request, one response; and how a call fails.
#include <cstdio>
#include <string>

#include "example/v1/greeter.tern.h"
#include "tern/tern.h"

using example::v1::Greeter;
using example::v1::Greeting;
using example::v1::Name;
using namespace std::chrono_literals;

class GreeterService final : public Greeter::AsyncService {
  tern::Task<Greeting> Greet(tern::ServerContext& context, const Name& request) override {
    if (request.name().empty()) context.abort(tern::StatusCode::kInvalidArgument, "a name is required");
    co_await tern::sleep(1ms);  // waiting costs no thread
    Greeting greeting;
    greeting.set_text("Hello, " + request.name());
    co_return greeting;
  }
};

tern::Task<void> talk(std::string target) {
  tern::Channel channel{target};
  Greeter::Stub stub{channel};

  Name name;
  name.set_name("홍길동");
  const Greeting greeting = co_await stub.Greet(name, {.timeout = 5s});
  std::printf("%s\n", greeting.text().c_str());

  try {
    co_await stub.Greet(Name{});
  } catch (const tern::RpcError& error) {
    std::printf("Error: %s\n", error.what());
  }

  // The same error as a value.
  const tern::Result<Greeting> result = co_await stub.Greet(Name{}).result();
  std::printf("ok: %d, %s\n", result.ok(), result.status().details().c_str());
}

tern::Task<void> run() {
  GreeterService service;
  tern::Server server;
  server.add_service(service);
  const int port = server.listen("127.0.0.1:0");
  co_await talk("127.0.0.1:" + std::to_string(port));
  co_await server.stop();
}

int main() { return tern::run(run()); }

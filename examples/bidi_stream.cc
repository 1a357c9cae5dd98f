// A stream each way: the client's requests come out of a generator, or are written one by one.
#include <cstdio>
#include <optional>
#include <string>

#include "example/v1/greeter.tern.h"
#include "tern/tern.h"

using example::v1::Greeter;
using example::v1::Greeting;
using example::v1::Name;
using namespace std::chrono_literals;

class GreeterService final : public Greeter::AsyncService {
  tern::AsyncGenerator<Greeting> Converse(tern::ServerContext& /*context*/, tern::Reader<Name>& names) override {
    while (const std::optional<Name> name = co_await names.next()) {
      Greeting greeting;
      greeting.set_text("Hello, " + name->name());
      co_yield greeting;
    }
  }
};

tern::AsyncGenerator<Name> names() {
  for (const char* text : {"홍길동", "김철수"}) {
    Name name;
    name.set_name(text);
    co_yield name;
    co_await tern::sleep(1ms);
  }
}

tern::Task<void> run() {
  GreeterService service;
  tern::Server server;
  server.add_service(service);
  tern::Channel channel{"127.0.0.1:" + std::to_string(server.listen("127.0.0.1:0"))};
  Greeter::Stub stub{channel};

  auto greetings = stub.Converse(names());
  while (const std::optional<Greeting> greeting = co_await greetings.next()) {
    std::printf("%s\n", greeting->text().c_str());
  }

  auto call = stub.Converse();
  Name name;
  name.set_name("박지민");
  co_await call.write(name);
  const std::optional<Greeting> answer = co_await call.next();
  std::printf("%s\n", answer->text().c_str());
  co_await call.done_writing();

  co_await channel.close();
  co_await server.stop();
}

int main() { return tern::run(run()); }

// A token in the metadata, which the server checks; and metadata that comes back.
#include <fmt/core.h>

#include "example/v1/greeter.tern.h"
#include "tern/tern.h"

using namespace example::v1;

class GreeterService final : public Greeter::AsyncService {
  tern::Task<Greeting> Greet(tern::ServerContext& context, const Name& request) override {
    if (context.metadata().get("authorization") != "Bearer open-sesame") {
      context.abort(tern::StatusCode::kUnauthenticated, "a valid token is required");
    }
    context.initial_metadata().add("x-served-by", "server-1");
    context.trailing_metadata().add("x-cost", "3");
    co_return tern::make<Greeting>([&](auto& greeting) { greeting.set_text("Hello, " + request.name()); });
  }
};

tern::Task<void> run() {
  GreeterService service;
  tern::Server server;
  server.add_service(service);
  tern::Channel channel{fmt::format("127.0.0.1:{}", server.listen("127.0.0.1:0"))};

  const Greeter::Stub stub{channel};
  const auto request = tern::make<Name>([](auto& name) { name.set_name("홍길동"); });
  try {
    co_await stub.Greet(request);
  } catch (const tern::RpcError& error) {
    fmt::print("Error: {}\n", error.what());
  }

  const tern::Metadata metadata{{"authorization", "Bearer open-sesame"}};
  tern::CallInfo info;
  const Greeting reply = co_await stub.Greet(request, {.metadata = &metadata, .info = &info});
  const auto served_by = info.initial_metadata.get("x-served-by").value();
  const auto cost = info.trailing_metadata.get("x-cost").value();
  fmt::print("{}, by {}, for {}\n", reply.text(), served_by, cost);

  co_await server.stop();
}

int main() { return tern::run(run()); }

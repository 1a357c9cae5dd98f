// Around every call: the server logs it, the client adds metadata to it.
#include <fmt/core.h>

#include "example/v1/greeter.tern.h"
#include "tern/client/interceptor.h"
#include "tern/tern.h"

using namespace example::v1;

class Logging final : public tern::ServerInterceptor {
  tern::Task<tern::Status> intercept(tern::ServerContext& context, Next next) override {
    fmt::print("begins: {}\n", context.method());
    tern::Status status = co_await next();
    fmt::print("ends: {}\n", context.method());
    co_return status;
  }
};

class Tagging final : public tern::ClientInterceptor {
  tern::Task<tern::Status> intercept(tern::ClientContext& context, Next next) override {
    context.metadata().add("x-request-id", "request-7");
    tern::Status status = co_await next();
    fmt::print("{}\n", tern::name_of(status.code()));
    co_return status;
  }
};

class GreeterService final : public Greeter::AsyncService {
  tern::Task<Greeting> Greet(tern::ServerContext& context, const Name& request) override {
    fmt::print("handles {}\n", context.metadata().get("x-request-id").value());
    co_return tern::make<Greeting>([&](auto& greeting) { greeting.set_text("Hello, " + request.name()); });
  }
};

tern::Task<void> run() {
  GreeterService service;
  Logging logging;
  tern::Server server;
  server.add_service(service);
  server.add_interceptor(logging);
  Tagging tagging;
  tern::Channel channel{fmt::format("127.0.0.1:{}", server.listen("127.0.0.1:0"))};
  channel.add_interceptor(tagging);

  const Greeter::Stub stub{channel};
  const tern::Metadata metadata{{"x-origin", "ports"}};
  const auto name = tern::make<Name>([](auto& message) { message.set_name("김철수"); });
  const Greeting reply = co_await stub.Greet(name, {.metadata = &metadata});
  fmt::print("{}\n", reply.text());

  co_await server.stop();
}

int main() { return tern::run(run()); }

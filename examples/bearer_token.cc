// A token with every call, and an interceptor that lets nobody in without one.
#include <cstdio>
#include <string>

#include "example/v1/greeter.tern.h"
#include "tern/client/call_credentials.h"
#include "tern/tern.h"

using example::v1::Greeter;
using example::v1::Greeting;
using example::v1::Name;

class GreeterService final : public Greeter::AsyncService {
  tern::Task<Greeting> Greet(tern::ServerContext& /*context*/, const Name& request) override {
    Greeting greeting;
    greeting.set_text("Hello, " + request.name());
    co_return greeting;
  }
};

/// A real one would check a JWT's signature, its audience and its age here.
class RequireToken final : public tern::ServerInterceptor {
 public:
  tern::Task<tern::Status> intercept(tern::ServerContext& context, Next next) override {
    if (context.metadata().get("authorization") != "Bearer open-sesame") {
      context.abort(tern::StatusCode::kUnauthenticated, "a valid token is required");
    }
    return next();
  }
};

/// Supplies the token; a real one would fetch it, and again when it has grown old.
class Token final : public tern::CallCredentials {
 public:
  tern::Task<tern::Metadata> metadata(tern::CallTarget /*target*/) override {
    co_return tern::Metadata{{"authorization", "Bearer open-sesame"}};
  }
  // Without TLS anybody on the way can read it: here there is nobody.
  [[nodiscard]] bool allowed_on_plaintext() const noexcept override { return true; }
};

tern::Task<void> greet(std::string target, tern::CallCredentials* credentials) {
  const tern::ChannelOptions options{.call_credentials = credentials};
  tern::Channel channel{target, options};
  Greeter::Stub stub{channel};
  Name name;
  name.set_name("홍길동");
  const tern::Result<Greeting> result = co_await stub.Greet(name).result();
  std::printf("%s\n", result.ok() ? (*result).text().c_str() : result.status().to_string().c_str());
}

tern::Task<void> run() {
  GreeterService service;
  RequireToken require_token;
  Token token;
  tern::Server server;
  server.add_service(service);
  server.add_interceptor(require_token);
  const std::string target = "127.0.0.1:" + std::to_string(server.listen("127.0.0.1:0"));
  co_await greet(target, nullptr);
  co_await greet(target, &token);
  co_await server.stop();
}

int main() { return tern::run(run()); }

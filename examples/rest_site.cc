// A service over gRPC, REST and Connect on one port, beside a route of one's own. The annotations in hello.proto say
// which paths its methods have.
#include <cstdio>
#include <cstdlib>
#include <string>

#include "example/v1/hello.tern.h"
#include "tern/rest/site.h"
#include "tern/tern.h"

using example::v1::HelloReply;
using example::v1::HelloRequest;

class HelloService final : public example::v1::Hello::AsyncService {
  tern::Task<HelloReply> Say(tern::ServerContext& context, const HelloRequest& request) override {
    if (request.name() == "nobody") context.abort(tern::StatusCode::kNotFound, "nobody is here");
    HelloReply reply;
    reply.set_text("Hello, " + request.name());
    co_return reply;
  }
  tern::AsyncGenerator<HelloReply> Repeat(tern::ServerContext& /*context*/, const HelloRequest& request) override {
    HelloReply reply;
    reply.set_text("Hello, " + request.name());
    for (int i = 0; i < request.times(); ++i) co_yield reply;
  }
};

tern::Task<tern::rest::Response> health(tern::rest::Request& /*request*/) {
  co_return tern::rest::Response::json(R"({"status":"ok"})");
}

/// Asks as anybody would.
tern::Task<void> curl(std::string arguments) {
  std::printf("\n");
  std::fflush(stdout);
  const std::string command = "curl -sS " + arguments;
  co_await tern::run_in_executor([&command] { return std::system(command.c_str()); });
}

tern::Task<void> run() {
  HelloService service;
  tern::rest::Site site;
  tern::Server server;
  server.add_service(service);
  site.route("GET", "/health", health);
  site.add_services(server);
  site.add_openapi();
  const std::string url = "http://127.0.0.1:" + std::to_string(server.listen("127.0.0.1:0", {.http = &site}));

  std::printf("REST, an error, a stream, Connect, a route:");
  co_await curl(url + "/v1/hello/World");
  co_await curl(url + "/v1/hello/nobody");
  co_await curl(url + "/v1/hello/World:repeat?times=2");
  co_await curl(url + "/example.v1.Hello/Say -H 'content-type: application/json' -d '{\"name\":\"Connect\"}'");
  co_await curl(url + "/health");
  std::printf("\n");
  co_await server.stop();
}

int main() { return tern::run(run()); }

// tern in a program that has an io_context already: a server and a channel on it, and calls whose results go to a plain
// handler and to Asio's own coroutines.
#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <cstdio>
#include <exception>
#include <string>

#include "example/v1/greeter.tern.h"
#include "tern/async/co_spawn.h"
#include "tern/tern.h"

namespace asio = boost::asio;
using example::v1::Greeter;
using example::v1::Greeting;
using example::v1::Name;

class GreeterService final : public Greeter::AsyncService {
  tern::Task<Greeting> Greet(tern::ServerContext& context, const Name& request) override {
    if (request.name().empty()) context.abort(tern::StatusCode::kInvalidArgument, "a name is required");
    Greeting greeting;
    greeting.set_text("Hello, " + request.name());
    co_return greeting;
  }
};

Name called(const std::string& text) {
  Name name;
  name.set_name(text);
  return name;
}

// A coroutine of the program's own. It awaits calls by Asio's token.
asio::awaitable<void> talk(asio::io_context& context, tern::Channel& channel, tern::Server& server) {
  Greeter::Stub stub{channel};
  const Greeting greeting = co_await tern::co_spawn(context, stub.Greet(called("awaitable")), asio::use_awaitable);
  std::printf("%s\n", greeting.text().c_str());

  try {
    co_await tern::co_spawn(context, stub.Greet(Name{}), asio::use_awaitable);
  } catch (const tern::RpcError& error) {
    std::printf("Error: %s\n", error.what());
  }

  co_await tern::co_spawn(context, channel.close(), asio::use_awaitable);
  co_await tern::co_spawn(context, server.stop(), asio::use_awaitable);
}

int main() {
  asio::io_context context;
  GreeterService service;
  tern::Server server{context};
  server.add_service(service);
  tern::Channel channel{context, "127.0.0.1:" + std::to_string(server.listen("127.0.0.1:0"))};

  Greeter::Stub stub{channel};
  tern::co_spawn(context, stub.Greet(called("handler")),
                 [&](const std::exception_ptr& error, const Greeting& greeting) {
                   std::printf("%s\n", error ? "failed" : greeting.text().c_str());
                   asio::co_spawn(context, talk(context, channel, server), asio::detached);
                 });
  context.run();
}

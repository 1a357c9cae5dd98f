// A handler that blocks its loop, and the same done right. While the first runs, the log (on stderr) names the
// call and shows the stack: RunOptions::blocked_after.
#include <cstdio>
#include <thread>

#include "example/v1/greeter.tern.h"
#include "tern/tern.h"

using namespace std::chrono_literals;
using example::v1::Greeting;
using example::v1::Name;

// As a library that knows no event loop would.
void ask_a_slow_library() { std::this_thread::sleep_for(250ms); }

class Blocking final : public example::v1::Greeter::AsyncService {
  tern::Task<Greeting> Greet(tern::ServerContext& /*context*/, const Name& request) override {
    if (request.name() == "wrong") ask_a_slow_library();  // nothing else runs on this loop meanwhile
    if (request.name() == "right") co_await tern::run_in_executor(ask_a_slow_library);
    co_return Greeting{};
  }
};

tern::Task<void> run() {
  Blocking service;
  tern::Server server;
  server.add_service(service);
  tern::Channel channel{"127.0.0.1:" + std::to_string(server.listen("127.0.0.1:0"))};
  const example::v1::Greeter::Stub stub{channel};
  const tern::Loop& loop = tern::Loop::require_current("this example");
  for (const char* way : {"right", "wrong"}) {
    Name request;
    request.set_name(way);
    co_await stub.Greet(request);
    std::printf("after the %s way: the loop was blocked %d times\n", way, static_cast<int>(loop.times_blocked()));
  }
  co_await channel.close();
  co_await server.stop();
}

int main() { return tern::run(run()); }

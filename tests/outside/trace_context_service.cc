// The service under test of W3C's validation service for trace context. Prints "port N" and serves until SIGTERM.
#include <csignal>
#include <cstdio>

#include "telemetry/forwarder.h"
#include "tern/tern.h"

namespace {

tern::Task<void> serve() {
  tern::telemetry::Tracer tracer;
  tern::test::Forwarder forwarder{tracer};
  tern::Server server;
  tern::CaughtSignals stop_signal = tern::signals(SIGINT, SIGTERM);
  std::printf("port %u\n", unsigned{server.listen("127.0.0.1:0", {.http = &forwarder.site()})});
  std::fflush(stdout);
  co_await std::move(stop_signal);
  co_await server.stop();
  co_await tracer.close();
}

}  // namespace

int main() { return tern::run(serve()); }

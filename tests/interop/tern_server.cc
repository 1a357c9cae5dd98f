// Serves probe.proto with tern until SIGTERM: tern_server async|sync
#include <csignal>
#include <cstdio>
#include <string_view>
#include <utility>

#include "support/probe_service.h"
#include "tern/tern.h"

namespace {

tern::Task<void> serve(tern::Service& service) {
  tern::Server server{{.max_receive_message_length = 50 << 20}};
  server.add_service(service);
  tern::Task<int> stop_signal = tern::signals(SIGTERM, SIGINT);
  std::printf("PORT=%d\n", server.listen("127.0.0.1:0"));
  std::fflush(stdout);
  co_await server.serve_until(std::move(stop_signal));
}

}  // namespace

int main(int argc, char** argv) {
  if (argc > 1 && std::string_view{argv[1]} == "sync") {
    tern::test::SyncProbeService service;
    return tern::run(serve(service));
  }
  tern::test::ProbeService service;
  return tern::run(serve(service));
}

// tern_server, looked on by what the variable OBSERVE names: metrics, log (access lines to /dev/null), traces (carried
// on, none recorded), recorded (one trace of a hundred goes to a collector, here: to nobody).
#include <cstdlib>
#include <optional>
#include <string_view>

#include "arguments.h"
#include "tern/telemetry/access_log.h"
#include "tern/telemetry/metrics.h"
#include "tern/telemetry/tracer.h"
#include "tern/tern.h"
#include "tern_services.h"

namespace {

tern::Task<void> serve(const bench::Arguments& arguments, std::string_view what) {
  const auto wanted = [what](std::string_view name) { return what.find(name) != std::string_view::npos; };
  bench::Users users{arguments};
  bench::Chats chat;
  std::optional<tern::telemetry::Metrics> metrics;
  std::optional<tern::telemetry::AccessLog> log;
  std::optional<tern::telemetry::Tracer> tracer;
  tern::Server server{bench::server_options()};
  server.add_service(users);
  server.add_service(chat);
  if (wanted("traces")) server.add_observer(tracer.emplace());
  if (wanted("recorded")) {
    server.add_observer(tracer.emplace(tern::telemetry::TracerOptions{.collector = "127.0.0.1:1", .sampled = 0.01}));
  }
  if (wanted("log")) server.add_observer(log.emplace("/dev/null"));
  if (wanted("metrics")) server.add_observer(metrics.emplace());
  server.listen(arguments.address());
  co_await server.wait_for_termination();
}

}  // namespace

int main(int argc, char** argv) {
  const bench::Arguments arguments = bench::read_arguments(argc, argv);
  const char* what = std::getenv("OBSERVE");
  return tern::run(serve(arguments, what != nullptr ? what : ""), {.threads = arguments.threads});
}

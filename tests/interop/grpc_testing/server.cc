// The server's half of gRPC's interoperability tests, with the command line that the other languages' have:
// --port=N, --use_tls=true, --certificate=FILE, --key=FILE. Port 0 takes a free one, which it prints.
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <csignal>
#include <cstdio>
#include <memory>
#include <utility>

#include "interop/grpc_testing/test_service.h"
#include "tern/services/health.h"
#include "tern/services/reflection.h"

namespace {

struct Options {
  std::string host = "[::]";
  int port = 0;
  bool use_tls = false;
  std::string certificate;
  std::string key;
};

tern::Task<void> serve(const Options& options) {
  tern::interop::TestService service{"tern-" + std::to_string(::getpid())};
  tern::HealthService health;
  std::unique_ptr<tern::ServerTls> tls;
  if (options.use_tls) {
    tls = std::make_unique<tern::ServerTls>(
        tern::ServerTlsOptions{.certificate_file = options.certificate, .key_file = options.key});
  }
  // concurrent_large_unary: a thousand calls at once with 300 KB each way, on one connection.
  tern::Server server{{.max_concurrent_streams = 1000, .max_buffered_bytes_per_connection = std::size_t{1} << 30}};
  server.add_service(service);
  server.add_service(health);
  const tern::Reflection reflection{server};
  const auto port = server.listen(options.host + ":" + std::to_string(options.port), {.tls = tls.get()});
  tern::CaughtSignals stop_signal = tern::signals(SIGINT, SIGTERM);
  std::printf("port %u\n", static_cast<unsigned>(port));
  std::fflush(stdout);
  co_await server.serve_until(std::move(stop_signal));
}

}  // namespace

int main(int argc, char** argv) {
  Options options;
  CLI::App app{"grpc.testing.TestService on tern"};
  app.add_option("--host", options.host, "address to listen on")->capture_default_str();
  app.add_option("--port", options.port, "port; 0 takes a free one");
  app.add_option("--use_tls", options.use_tls, "true: with --certificate and --key");
  app.add_option("--certificate", options.certificate, "PEM");
  app.add_option("--key", options.key, "PEM");
  CLI11_PARSE(app, argc, argv);
  return tern::run(serve(options));
}

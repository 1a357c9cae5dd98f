// userchat: users and chat, the application that shows tern.
#include <CLI/CLI.hpp>
#include <chrono>
#include <cstdio>
#include <exception>
#include <string>

#include "program_log.h"
#include "serve.h"
#include "tern/tern.h"
#include "tour.h"

namespace {

std::chrono::nanoseconds milliseconds(double value) {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::duration<double, std::milli>(value));
}

/// Below the options of `serve --help`.
constexpr const char* kProcessHelp =
    R"(Signals: SIGINT and SIGTERM stop the server. SIGUSR2 starts the program's file again with the same arguments; the
new process takes the listening sockets over, and this one finishes its calls: no call is lost. A new process that does
not serve changes nothing. SIGHUP opens the file of --access-log anew.
Sockets that systemd opens (LISTEN_FDS) are used in place of --grpc and --rest: those named "grpc" and "rest", or the
first and the second. NOTIFY_SOCKET is told READY, RELOADING, MAINPID, STOPPING and WATCHDOG.)";

/// Before there are other threads: it changes the environment.
int serve_with_inherited_sockets(const userchat::ServeOptions& options, std::size_t threads) {
  try {
    auto inherited = tern::InheritedSockets::from_environment({"grpc", "rest"});
    return tern::run(userchat::serve(options, inherited), {.threads = threads != 0 ? threads : tern::core_count()});
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app{"userchat: a user and chat service on tern (gRPC for C++20 coroutines)"};
  app.require_subcommand(1);

  userchat::ServeOptions options;
  std::size_t threads = 1;
  double lookup_ms = 10;
  double stream_ms = 100;
  double grace_s = 5;
  double drain_delay_s = 0;
  double restart_timeout_s = 60;
  std::string level = "info";
  CLI::App* serve = app.add_subcommand("serve", "Serve gRPC and REST until Ctrl-C");
  serve->footer(kProcessHelp);
  serve->add_option("--grpc", options.grpc_address, "Where to serve gRPC alone")->capture_default_str();
  serve
      ->add_option("--rest", options.rest_address,
                   R"(Where to serve REST, gRPC-Web, Connect, gRPC and the page; "none" for not at all)")
      ->capture_default_str();
  serve
      ->add_option(
          "--database", options.database,
          R"("memory", the path of an SQLite file (":memory:" too), postgresql://user@host/database, or libpq keywords)")
      ->capture_default_str();
  serve->add_option("--database-connections", options.database_connections, "To PostgreSQL, for each event loop")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  serve->add_flag("--sync", options.synchronous, "Plain handlers on worker threads in place of coroutines");
  serve->add_option("--workers", options.workers, "Worker threads with --sync")->capture_default_str();
  serve->add_option("--max-streams", options.max_concurrent_streams, "Calls at once on a connection")
      ->capture_default_str();
  serve->add_option("--threads", threads, "Event loops, one thread each; 0: one for each core")->capture_default_str();
  serve->add_option("--delay-ms", lookup_ms, "Simulated I/O of GetUser, in milliseconds; 0: none")
      ->check(CLI::NonNegativeNumber)
      ->capture_default_str();
  serve->add_option("--stream-delay-ms", stream_ms, "Between the users of ListUsersStream, in milliseconds; 0: none")
      ->check(CLI::NonNegativeNumber)
      ->capture_default_str();
  serve
      ->add_option(
          "--drain-delay-s", drain_delay_s,
          "How long calls are still accepted after SIGTERM while the health checks say NOT_SERVING, in seconds: "
          "load balancers need this time")
      ->check(CLI::NonNegativeNumber)
      ->capture_default_str();
  serve->add_option("--grace-s", grace_s, "How long running calls may go on after Ctrl-C, in seconds")
      ->check(CLI::NonNegativeNumber)
      ->capture_default_str();
  serve
      ->add_option("--restart-timeout-s", restart_timeout_s,
                   "By when the new process of a restart (SIGUSR2) has to serve, in seconds; if not, this one goes on")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  serve->add_option(
      "--cors-origin", options.cors_origins,
      R"(Pages of this origin may call over HTTP too, "https://example.com" or "*"; several times for more)");
  serve->add_flag("--metrics,!--no-metrics", options.metrics, "Serve /metrics beside REST, for Prometheus")
      ->capture_default_str();
  serve->add_option("--access-log", options.access_log,
                    R"(A line of JSON for each call and request: a file, or "-" for standard output)");
  CLI::Option* trace_collector = serve->add_option(
      "--trace-collector", options.trace_collector,
      R"(Where to send traces, by OTLP over gRPC: "localhost:4317"; "environment": as OpenTelemetry's variables (OTEL_…) say; without, nowhere)");
  serve
      ->add_option(
          "--otlp", options.otlp_collector,
          R"(Where to send traces, metrics and log lines, by OTLP over gRPC: "localhost:4317"; "environment": each as OpenTelemetry's variables (OTEL_…) say)")
      ->excludes(trace_collector);
  serve->add_option("--traces-sampled", options.traces_sampled, "The part of traces that is recorded")
      ->check(CLI::Range(0.0, 1.0))
      ->capture_default_str();
  serve->add_option("--log-level", level, "info shows each call; warning is quiet")
      ->check(CLI::IsMember({"debug", "info", "warning", "error", "off"}))
      ->capture_default_str();

  std::string target = "localhost:50051";
  CLI::App* tour = app.add_subcommand("tour", "Play the document against a running server");
  tour->add_option("target", target, "The server's address")->capture_default_str();

  CLI11_PARSE(app, argc, argv);
  if (tour->parsed()) return tern::run(userchat::tour(target));
  userchat::open_program_log(level);
  options.delays = {.lookup = milliseconds(lookup_ms), .stream_step = milliseconds(stream_ms)};
  options.grace = milliseconds(grace_s * 1000);
  options.drain_delay = milliseconds(drain_delay_s * 1000);
  options.restart_timeout = milliseconds(restart_timeout_s * 1000);
  return serve_with_inherited_sockets(options, threads);
}

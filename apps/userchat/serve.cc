#include "serve.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "call_figures.h"
#include "chat_room.h"
#include "chat_service.h"
#include "database_kind.h"
#include "embedded/page.h"
#include "embedded/swagger_ui.h"
#include "memory_user_repository.h"
#include "postgres_user_repository.h"
#include "process_end.h"
#include "program_log.h"
#include "server_health.h"
#include "sqlite_user_repository.h"
#include "sync_user_service.h"
#include "tern/rest/site.h"
#include "tern/server/service_manager.h"
#include "tern/services/health.h"
#include "tern/services/reflection.h"
#include "tern/telemetry/access_log.h"
#include "tern/telemetry/log_exporter.h"
#include "tern/telemetry/metric_exporter.h"
#include "tern/telemetry/metrics.h"
#include "tern/telemetry/tracer.h"
#include "tern/tern.h"
#include "user_service.h"

namespace userchat {

namespace {

/// Clients of HTTP/1.1 that send a request now and then get through a restart without a failed one.
constexpr std::chrono::seconds kIdleHttp1{5};
/// The document's 50 MiB.
constexpr std::size_t kMaxMessageLength = std::size_t{50} * 1024 * 1024;

/// The store, as plain handlers use it and as coroutines do; PostgreSQL is opened for those that are there.
struct Users {
  std::unique_ptr<BlockingUserRepository> store;
  std::unique_ptr<PostgresUserRepository> postgres;
  std::unique_ptr<UserRepository> adapter;

  [[nodiscard]] UserRepository& awaitable() const { return postgres ? *postgres : *adapter; }
};

tern::Task<Users> open_users(const ServeOptions& options) {
  Users users;
  const DatabaseKind kind = database_kind(options.database);
  if (kind == DatabaseKind::kPostgres) {
    postgres::Options database{options.database};
    database.connections = options.database_connections;
    if (options.synchronous) {
      users.store = co_await tern::run_in_executor([&database] { return open_blocking_postgres(database); });
      database.connections = 1;  // for the health checks, which must not block
    }
    users.postgres = co_await PostgresUserRepository::open(database);
  } else if (kind == DatabaseKind::kMemory) {
    users.store = std::make_unique<MemoryUserRepository>();
    users.adapter = inline_repository(*users.store);
  } else {
    users.store = std::make_unique<SqliteUserRepository>(options.database);
    users.adapter = executor_repository(*users.store);
  }
  co_return users;
}

/// When no call uses it any more.
tern::Task<void> close_users(Users& users) {
  if (users.postgres) co_await users.postgres->close();
  co_await tern::run_in_executor([&users] { users.store.reset(); });
}

/// On PostgreSQL all servers share one room.
tern::Task<std::unique_ptr<ChatRoomService>> open_chat_room(const ServeOptions& options) {
  if (database_kind(options.database) != DatabaseKind::kPostgres) co_return std::make_unique<ChatRoomService>();
  postgres::Options database{options.database};
  database.connections = options.database_connections;
  co_return co_await ChatRoomService::open(std::move(database));
}

double seconds(std::chrono::nanoseconds time) { return std::chrono::duration<double>(time).count(); }

tern::Task<void> ask_for_any_user(const Users& users) {
  const std::optional<User> any = co_await users.awaitable().find(1);
  static_cast<void>(any);
}

tern::rest::SiteOptions site_options(const ServeOptions& options) {
  tern::rest::SiteOptions site;
  site.max_body_length = kMaxMessageLength;
  site.cors.origins = options.cors_origins;
  site.title = "userchat";
  site.version = tern::kVersion;
  return site;
}

/// "environment" leaves all but the service's name to OpenTelemetry's variables.
tern::telemetry::OtlpOptions otlp_options(const ServeOptions& options, const std::string& collector,
                                          tern::telemetry::OtlpOptions (*from_environment)()) {
  if (collector != "environment") {
    return {.collector = collector, .service_name = "userchat", .sampled = options.traces_sampled};
  }
  tern::telemetry::OtlpOptions otlp = from_environment();
  if (otlp.service_name == "unknown_service") otlp.service_name = "userchat";
  return otlp;
}

/// What is told of the program while it runs, as far as it is wanted.
struct Telemetry {
  explicit Telemetry(const ServeOptions& options) {
    const std::string& all = options.otlp_collector;
    if (options.metrics || !all.empty()) metrics.emplace();
    if (!options.access_log.empty()) access_log.emplace(options.access_log);
    const std::string& traces = all.empty() ? options.trace_collector : all;
    if (!traces.empty()) {
      tracer.emplace(otlp_options(options, traces, tern::telemetry::tracer_options_from_environment));
    }
    if (all.empty()) return;
    metric_exporter.emplace(*metrics, otlp_options(options, all, tern::telemetry::metric_options_from_environment));
    log_exporter.emplace(otlp_options(options, all, tern::telemetry::log_options_from_environment));
    add_to_program_log(log_exporter->sink());
  }
  Telemetry(const Telemetry&) = delete;
  Telemetry& operator=(const Telemetry&) = delete;
  ~Telemetry() {
    if (log_exporter) remove_from_program_log(log_exporter->sink());
  }

  /// The tracer comes first: the log's lines name the spans.
  void observe(tern::Server& server, tern::rest::Site& site, bool metrics_page) {
    const auto add = [&](auto& observer) {
      if (!observer) return;
      server.add_observer(*observer);
      site.add_observer(*observer);
    };
    add(tracer);
    add(access_log);
    add(metrics);
    if (metrics_page) site.route("GET", "/metrics", metrics->handler());
  }

  /// Sends the spans, metrics and log records that were not sent yet. The three run together: with a silent collector
  /// each takes its whole close_timeout.
  tern::Task<void> close() {
    tern::TaskGroup closing;
    if (tracer) closing.spawn(tracer->close());
    if (metric_exporter) closing.spawn(metric_exporter->close());
    if (log_exporter) closing.spawn(log_exporter->close());
    co_await closing.join();
  }

  std::optional<tern::telemetry::Metrics> metrics;
  std::optional<tern::telemetry::AccessLog> access_log;
  std::optional<tern::telemetry::Tracer> tracer;
  std::optional<tern::telemetry::MetricExporter> metric_exporter;
  std::optional<tern::telemetry::LogExporter> log_exporter;
};

}  // namespace

tern::Task<void> serve(const ServeOptions& options, tern::InheritedSockets& inherited) {
  Users users = co_await open_users(options);
  AsyncUserService user_service{users.awaitable(), options.delays};
  AsyncChatService chat_service;
  std::optional<SyncUserService> sync_user_service;
  SyncChatService sync_chat_service;

  tern::HealthService grpc_health;
  const std::unique_ptr<ChatRoomService> chat_room = co_await open_chat_room(options);
  CallFigures call_figures;
  FiguresService figures_service{call_figures};
  tern::rest::Site site{site_options(options)};
  Telemetry telemetry{options};

  tern::Server server{{.max_receive_message_length = kMaxMessageLength,
                       .max_send_message_length = kMaxMessageLength,
                       .max_concurrent_streams = options.max_concurrent_streams,
                       .max_workers = options.workers}};
  if (options.synchronous) {
    server.add_service(sync_user_service.emplace(*users.store, options.delays));
    server.add_service(sync_chat_service);
  } else {
    server.add_service(user_service);
    server.add_service(chat_service);
  }
  server.add_service(*chat_room);
  server.add_service(figures_service);
  server.add_service(grpc_health);
  const tern::Reflection reflection{server};
  server.add_observer(call_figures);
  telemetry.observe(server, site, options.metrics);
  ServerHealth server_health{grpc_health, [&users] { return ask_for_any_user(users); }};
  tern::TaskGroup health_checks;
  health_checks.spawn(server_health.watch());
  site.route("GET", "/health", server_health.handler());
  site.add_services(server);
  site.add_openapi();
  site.add_files("/docs", swagger_ui());
  site.add_files("/", page());

  // The log is renamed first, and then the signal tells the program to open a new one (logrotate).
  tern::TaskGroup hangups;
  if (telemetry.access_log && options.access_log != "-") hangups.spawn(telemetry.access_log->reopen_on_hangup());

  const tern::ServiceManager service_manager = tern::ServiceManager::from_environment();
  tern::TaskGroup watchdog;
  watchdog.spawn(service_manager.keep_watchdog());
  // Signals are caught before the first line says that it runs: whoever has read that may end it.
  ProcessEnd process_end{service_manager, options.restart_timeout};

  const std::uint16_t port = server.listen(options.grpc_address, {.name = "grpc", .inherited = &inherited});
  const char* kind = options.synchronous ? "Sync" : "Async";
  if (port == 0) {
    spdlog::info("{} server started on {}", kind, options.grpc_address);
  } else {
    spdlog::info("{} server started on port {}", kind, port);
  }

  if (options.rest_address != "none") {
    const std::uint16_t rest_port =
        server.listen(options.rest_address, {.http = &site, .name = "rest", .inherited = &inherited});
    spdlog::info("REST server started on port {}", rest_port);
  }

  co_await inherited.confirm();
  service_manager.ready();
  const ProcessEnd::Reason reason = co_await process_end.wait(server);
  tern::StopOptions stop{.grace = options.grace};
  if (reason == ProcessEnd::Reason::kReplaced) {
    spdlog::info("Replaced: finishing the calls that run, for at most {:g} s", seconds(options.grace));
    watchdog.cancel();
    stop.http1_idle = std::min<std::chrono::nanoseconds>(options.grace, kIdleHttp1);
  } else {
    spdlog::info("Shutting down...");
    service_manager.stopping();
    server_health.shut_down();  // a replaced server stays healthy: its address serves on
    stop.delay = options.drain_delay;
  }
  chat_room->close();
  figures_service.close();
  co_await server.stop(stop);
  watchdog.cancel();
  health_checks.cancel();
  co_await health_checks.join();
  co_await chat_room->close_database();
  co_await telemetry.close();
  co_await close_users(users);
}

}  // namespace userchat

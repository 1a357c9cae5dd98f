#include "serve.h"

#include <spdlog/spdlog.h>

#include <csignal>
#include <memory>
#include <utility>

#include "chat_service.h"
#include "memory_user_repository.h"
#include "sqlite_user_repository.h"
#include "sync_user_service.h"
#include "tern/rest/server.h"
#include "tern/services/health.h"
#include "tern/services/reflection.h"
#include "tern/tern.h"
#include "user_service.h"

namespace userchat {

namespace {

/// The document's 50 MiB.
constexpr std::size_t kMaxMessageLength = std::size_t{50} * 1024 * 1024;

/// The store, and how coroutines reach it.
struct Users {
  std::unique_ptr<BlockingUserRepository> store;
  std::unique_ptr<UserRepository> awaitable;
};

Users open_users(const std::string& database) {
  Users users;
  if (database == "memory") {
    users.store = std::make_unique<MemoryUserRepository>();
    users.awaitable = inline_repository(*users.store);
  } else {
    users.store = std::make_unique<SqliteUserRepository>(database);
    users.awaitable = executor_repository(*users.store);
  }
  return users;
}

tern::Task<tern::rest::Response> health(const tern::rest::Request& /*request*/) {
  co_return tern::rest::Response::json(R"({"status":"ok"})");
}

}  // namespace

tern::Task<void> serve(const ServeOptions& options) {
  const Users users = open_users(options.database);
  AsyncUserService user_service{*users.awaitable, options.delays};
  AsyncChatService chat_service;
  SyncUserService sync_user_service{*users.store, options.delays};
  SyncChatService sync_chat_service;

  tern::HealthService grpc_health;

  tern::Server grpc{{.max_receive_message_length = kMaxMessageLength,
                     .max_send_message_length = kMaxMessageLength,
                     .max_concurrent_streams = options.max_concurrent_streams,
                     .max_workers = options.workers}};
  if (options.synchronous) {
    grpc.add_service(sync_user_service);
    grpc.add_service(sync_chat_service);
  } else {
    grpc.add_service(user_service);
    grpc.add_service(chat_service);
  }
  grpc.add_service(grpc_health);
  const tern::Reflection reflection{grpc};

  // Caught before the first line says that it runs: whoever has read that may end it.
  tern::Task<int> stop_signal = tern::signals(SIGINT, SIGTERM);

  const std::uint16_t port = grpc.listen(options.grpc_address);
  const char* kind = options.synchronous ? "Sync" : "Async";
  if (port == 0) {
    spdlog::info("{} server started on {}", kind, options.grpc_address);
  } else {
    spdlog::info("{} server started on port {}", kind, port);
  }

  tern::rest::Server rest;
  rest.route("GET", "/health", health);
  if (options.rest_address != "none") {
    const std::uint16_t rest_port = rest.listen(options.rest_address);
    spdlog::info("REST server started on port {}", rest_port);
  }

  co_await std::move(stop_signal);
  spdlog::info("Shutting down...");
  grpc_health.shut_down();
  co_await tern::gather(grpc.stop({.grace = options.grace}), rest.stop(options.grace));
}

}  // namespace userchat

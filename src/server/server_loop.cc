#include "server/server_loop.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <thread>
#include <utility>

#include "server/server_connection.h"
#include "tern/async/with_timeout.h"
#include "transport/tls_stream.h"

namespace tern {

Executor& ServerShared::workers() {
  const std::lock_guard lock{mutex_};
  if (!workers_) {
    const std::size_t chosen = options.max_workers;
    workers_ =
        std::make_unique<Executor>(chosen != 0 ? chosen : std::min(32U, std::thread::hardware_concurrency() + 4));
  }
  return *workers_;
}

bool ServerShared::wait_for_workers(Clock::time_point limit) {
  const std::lock_guard lock{mutex_};
  return workers_ == nullptr || workers_->wait_until_idle(limit);
}

namespace {

/// An equal part of what a server may have; 0, without limit, stays 0.
std::size_t share_of(std::size_t limit, const Loop& loop) {
  const std::size_t loops = loop.siblings().size();
  return (limit + loops - 1) / loops;
}

}  // namespace

ServerLoop::ServerLoop(Loop& loop, ServerShared& shared)
    : loop_(loop),
      shared_(shared),
      memory_(share_of(shared.options.max_buffered_bytes, loop)),
      most_calls_(share_of(shared.options.max_calls_in_flight, loop)) {}

ServerLoop::~ServerLoop() { close_all(); }

void ServerLoop::add_connection(std::unique_ptr<transport::ByteStream> stream, ServerTls* tls) {
  if (tls == nullptr) return serve(std::move(stream));
  if (stopping_) return;
  if (handshakes_ == nullptr) handshakes_ = std::make_unique<TaskGroup>();
  handshakes_->spawn(shake_hands(std::move(stream), *tls));
}

Task<void> ServerLoop::shake_hands(std::unique_ptr<transport::ByteStream> stream, ServerTls& tls) {
  const std::string peer = stream->peer();
  std::string failure;
  std::unique_ptr<transport::ByteStream> secured;
  try {
    secured = co_await with_timeout(shared_.options.handshake_timeout,
                                    transport::accept_tls(loop_, std::move(stream), tls.context()));
  } catch (const std::exception& error) {
    failure = error.what();
  }
  if (secured == nullptr) {
    spdlog::info("{}: no connection: {}", peer, failure);
    co_return;
  }
  serve(std::move(secured));
}

void ServerLoop::serve(std::unique_ptr<transport::ByteStream> stream) {
  if (stopping_) return;
  auto connection = std::make_unique<ServerConnection>(*this, std::move(stream));
  connection->start();
  connections_.push_back(*connection.release());
}

void ServerLoop::begin_stop(std::function<void()> empty) {
  stopping_ = true;
  handshakes_.reset();
  if (connections_.empty()) return empty();
  empty_ = std::move(empty);
  connections_.for_each([](ServerConnection& connection) { connection.send_away(); });
}

void ServerLoop::cancel_calls() {
  refuses_calls_ = true;
  connections_.for_each([](ServerConnection& connection) { connection.cancel_calls(); });
}

void ServerLoop::close_all() {
  handshakes_.reset();
  connections_.for_each([](ServerConnection& connection) {
    if (!connection.close_hard()) delete &connection;
  });
  if (empty_) std::exchange(empty_, nullptr)();
}

std::vector<std::string> ServerLoop::orphan_calls() {
  std::vector<std::string> methods;
  connections_.for_each([&methods](ServerConnection& connection) {
    connection.for_each_call([&methods](ServerCall& call) {
      call.orphan();
      methods.push_back(call.context().method());
    });
  });
  return methods;
}

std::vector<ConnectionInfo> ServerLoop::connections() {
  std::vector<ConnectionInfo> infos;
  connections_.for_each([&infos](const ServerConnection& connection) {
    if (!connection.lost()) infos.push_back(connection.info());
  });
  return infos;
}

void ServerLoop::remove(ServerConnection& connection) {
  delete &connection;
  if (connections_.empty() && empty_) std::exchange(empty_, nullptr)();
}

}  // namespace tern

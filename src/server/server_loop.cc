#include "server/server_loop.h"

#include <algorithm>
#include <thread>
#include <utility>

#include "server/server_connection.h"

namespace tern {

namespace {
// More than are ever in flight on a loop would only hold memory.
constexpr std::size_t kFreeHeads = 1024;
}  // namespace

Executor& ServerShared::workers() {
  const std::lock_guard lock{mutex_};
  if (!workers_) {
    const std::size_t chosen = options.max_workers;
    workers_ =
        std::make_unique<Executor>(chosen != 0 ? chosen : std::min(32U, std::thread::hardware_concurrency() + 4));
  }
  return *workers_;
}

ServerLoop::~ServerLoop() { close_all(); }

void ServerLoop::add_connection(std::unique_ptr<transport::ByteStream> stream) {
  if (stopping_) return;
  auto connection = std::make_unique<ServerConnection>(*this, std::move(stream));
  connection->start();
  connections_.push_back(*connection.release());
}

void ServerLoop::begin_stop(std::function<void()> empty) {
  stopping_ = true;
  if (connections_.empty()) return empty();
  empty_ = std::move(empty);
  connections_.for_each([](ServerConnection& connection) { connection.send_away(); });
}

void ServerLoop::cancel_calls() {
  connections_.for_each([](ServerConnection& connection) { connection.cancel_calls(); });
}

void ServerLoop::close_all() {
  while (!connections_.empty()) delete &connections_.pop_front();
  if (empty_) std::exchange(empty_, nullptr)();
}

void ServerLoop::remove(ServerConnection& connection) {
  delete &connection;
  if (connections_.empty() && empty_) std::exchange(empty_, nullptr)();
}

std::unique_ptr<rpc::RequestHead> ServerLoop::take_head() {
  if (free_heads_.empty()) return std::make_unique<rpc::RequestHead>();
  auto head = std::move(free_heads_.back());
  free_heads_.pop_back();
  return head;
}

void ServerLoop::give_back(std::unique_ptr<rpc::RequestHead> head) {
  if (free_heads_.size() >= kFreeHeads) return;
  head->clear();
  free_heads_.push_back(std::move(head));
}

}  // namespace tern

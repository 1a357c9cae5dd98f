#include "server/server_loop.h"

#include <algorithm>
#include <array>
#include <cassert>
#include <optional>
#include <utility>

#include "async/error_text.h"
#include "http2/frame.h"
#include "server/debug_layout.h"
#include "server/server_connection.h"
#include "tern/async/with_timeout.h"
#include "text/log.h"
#include "text/utf8.h"
#include "transport/debug_layout.h"
#include "transport/readiness.h"
#include "transport/tls_stream.h"

namespace tern {

Executor& ServerShared::workers() {
  const std::lock_guard lock{mutex_};
  if (!workers_) workers_ = std::make_unique<Executor>(options.max_workers);
  return *workers_;
}

bool ServerShared::wait_for_workers(Clock::time_point limit) {
  const std::lock_guard lock{mutex_};
  return workers_ == nullptr || workers_->wait_until_idle(limit);
}

namespace {

// Clients that connected just before the stop have their first bytes on the way; one that says nothing must not hold up
// the stop.
constexpr std::chrono::seconds kHandshakesAfterStop{1};
// So many connections more than there are now were a crowd.
constexpr std::size_t kCrowd = 500;

/// A loop's equal part of a limit of the server; SIZE_MAX without one.
std::size_t share_of(std::optional<std::size_t> limit, const Loop& loop) {
  const std::size_t loops = loop.siblings().size();
  assert(loops > 0);
  return limit ? *limit / loops + (*limit % loops != 0 ? 1 : 0) : SIZE_MAX;
}

/// The same for bytes, but not so few that one message reaches the limit where there are many loops.
std::size_t bytes_of(std::optional<std::size_t> limit, const Loop& loop) {
  constexpr std::size_t kLeast = std::size_t{4} * 1024 * 1024;
  return limit ? std::max(share_of(limit, loop), std::min(*limit, kLeast)) : SIZE_MAX;
}

http2::LoopBudget::Limits memory_limits(const ServerOptions& options, const Loop& loop) {
  return {.held = share_of(options.max_buffered_bytes, loop),
          .unsent = bytes_of(options.max_unsent_bytes, loop),
          .unfinished = bytes_of(options.max_unfinished_bytes, loop),
          .long_messages = bytes_of(options.max_long_message_bytes, loop)};
}

}  // namespace

ServerLoop::ServerLoop(Loop& loop, std::shared_ptr<ServerShared> shared)
    : loop_(loop),
      shared_(std::move(shared)),
      memory_(loop, memory_limits(shared_->options, loop)),
      lingering_(loop, [this] { tell_if_empty(); }),
      most_calls_(share_of(shared_->options.max_calls_in_flight, loop)) {
  add_debug_layout(server_layout());
  add_debug_layout(transport::connection_layout());
}

ServerLoop::~ServerLoop() { close_all(); }

void ServerLoop::add_connection(std::unique_ptr<transport::ByteStream> stream, const Port& port) {
  assert(Loop::current() == &loop_);
  if (refuses_calls_ || (stopping_ && !empty_)) return;
  if (!port.in_process && !admit(*stream)) return;
  if (port.tls == nullptr && port.http == nullptr) return serve_http2(std::move(stream), port, {});
  if (handshakes_ == nullptr) {
    handshakes_ = std::make_unique<TaskGroup>();
    handshakes_->may_be_dropped();
  }
  handshakes_->spawn(greet(std::move(stream), port));
}

/// Counts a connection of the loop as long as its stream lives.
class ServerLoop::Place {
 public:
  Place(ServerLoop& loop, std::shared_ptr<void> among_all) : loop_(loop), among_all_(std::move(among_all)) {
    loop_.most_open_ = std::max(loop_.most_open_, ++loop_.open_);
  }
  Place(const Place&) = delete;
  Place& operator=(const Place&) = delete;
  ~Place() { loop_.left(); }

 private:
  ServerLoop& loop_;
  std::shared_ptr<void> among_all_;
};

bool ServerLoop::admit(transport::ByteStream& stream) {
  std::shared_ptr<void> place = shared_->connections.admit(stream);
  // A new client is worth more than one that is leaving.
  if (place == nullptr && shared_->connections.full() && lingering_.close_oldest()) {
    place = shared_->connections.admit(stream);
  }
  if (place == nullptr) {
    const std::string peer = stream.peer();
    constexpr const char* kText = "too many connections (max_connections, max_connections_per_address)";
    log_info("server", "{}: {}", peer, kText);
    tell_refused({.why = Refusal::kConnections, .peer = peer, .text = kText});
    return false;
  }
  stream.keep(std::make_shared<Place>(*this, std::move(place)));
  return true;
}

void ServerLoop::left() {
  assert(open_ > 0 && most_open_ >= open_);
  --open_;
  if (most_open_ - open_ < kCrowd) return;
  most_open_ = open_;
  loop_.trim_soon();
}

namespace {

/// What a client says first, as far as it takes to know whether it speaks HTTP/2; empty when it left.
Task<std::string> read_first_bytes(transport::ByteStream& stream) {
  std::string first;
  std::array<std::uint8_t, http2::kClientPreface.size()> buffer{};
  while (first.size() < buffer.size() && http2::kClientPreface.starts_with(first)) {
    const transport::IoResult result = stream.read(std::span{buffer}.first(buffer.size() - first.size()));
    if (result.would_block) {
      co_await transport::Readiness{stream, transport::Readiness::For::kRead};
      continue;
    }
    if (result.error || result.size == 0) co_return std::string{};
    first.append(reinterpret_cast<const char*>(buffer.data()), result.size);
  }
  co_return first;
}

/// True if the connection is one of HTTP/2 whatever its first bytes are: on a port for nothing else, and where the
/// client agreed on it in the TLS handshake (RFC 9113 §3.2). A wrong preface is then an error of HTTP/2.
bool speaks_http2(const transport::ByteStream& stream, const ServerLoop::Port& port) {
  return port.http == nullptr || stream.alpn() == "h2";
}

Task<std::string> shake_hands(Loop& loop, std::unique_ptr<transport::ByteStream>& stream, ServerLoop::Port port) {
  const auto alpn = port.http != nullptr ? transport::Alpn::kHttp1Too : transport::Alpn::kHttp2;
  if (port.tls != nullptr) stream = co_await transport::accept_tls(loop, std::move(stream), port.tls->context(), alpn);
  if (speaks_http2(*stream, port)) co_return std::string{};
  co_return co_await read_first_bytes(*stream);
}

}  // namespace

/// A handshake that is under way: the loop is not empty.
class ServerLoop::Greeting {
 public:
  explicit Greeting(ServerLoop& loop) : loop_(loop) { ++loop_.greetings_; }
  Greeting(const Greeting&) = delete;
  Greeting& operator=(const Greeting&) = delete;
  ~Greeting() {
    assert(loop_.greetings_ > 0);
    --loop_.greetings_;
    loop_.tell_if_empty();
  }

 private:
  ServerLoop& loop_;
};

Task<void> ServerLoop::greet(std::unique_ptr<transport::ByteStream> stream, Port port) {
  const Greeting greeting{*this};
  const std::string peer = stream->peer();
  std::string first_bytes;
  std::string failure;
  try {
    Task<std::string> handshake = shake_hands(loop_, stream, port);
    const std::optional<std::chrono::nanoseconds> limit = shared_->options.handshake_timeout;
    if (limit) handshake = with_timeout(*limit, std::move(handshake));
    first_bytes = co_await std::move(handshake);
  } catch (const Cancelled&) {
    throw;
  } catch (...) {
    failure = error_text(std::current_exception());  // out of here it would end the handshakes of others
  }
  if (!failure.empty()) {
    log_info("server", "{}: no connection: {}", peer, text::log_text(failure));
    tell_refused({.why = Refusal::kHandshake, .peer = peer, .text = failure});
    co_return;
  }
  if (speaks_http2(*stream, port) || first_bytes == http2::kClientPreface) {
    serve_http2(std::move(stream), port, first_bytes);
  } else if (!first_bytes.empty()) {
    http_part(port.http)->serve_connection(std::move(stream), std::move(first_bytes));
  }
}

void ServerLoop::serve_http2(std::unique_ptr<transport::ByteStream> stream, const Port& port,
                             std::string_view first_bytes) {
  if (refuses_calls_) return;
  auto connection = std::make_unique<ServerConnection>(*this, std::move(stream), http_part(port.http), port.in_process);
  connections_.push_back(*connection);
  ServerConnection& started = *connection.release();
  started.start(first_bytes);
  // After the calls that its first bytes brought.
  if (stopping_ && (!port.in_process || sent_in_process_away_)) started.send_away();
}

HttpPart* ServerLoop::http_part(HttpHandler* handler) {
  if (handler == nullptr) return nullptr;
  std::unique_ptr<HttpPart>& part = http_parts_[handler];
  if (part == nullptr) {
    part = handler->make_part(loop_, memory_, lingering_, [this] { tell_if_empty(); });
    if (stopping_) part->begin_stop(http1_idle_);
  }
  return part.get();
}

void ServerLoop::begin_stop(std::function<void()> empty, std::chrono::nanoseconds http1_idle) {
  assert(!stopping_ && empty != nullptr);
  stopping_ = true;
  http1_idle_ = http1_idle;
  empty_ = std::move(empty);
  connections_.for_each([](ServerConnection& connection) {
    if (!connection.in_process()) connection.send_away();
  });
  for (const auto& [handler, part] : http_parts_) part->begin_stop(http1_idle);
  if (greetings_ > 0) loop_.arm(handshakes_end_, Clock::now() + kHandshakesAfterStop);
  tell_if_empty();
}

void ServerLoop::end_handshakes() {
  handshakes_.reset();
  tell_if_empty();
}

bool ServerLoop::left_by_clients() const {
  if (from_outside_ > 0 || greetings_ > 0) return false;
  return std::ranges::all_of(http_parts_, [](const auto& each) { return each.second->empty(); });
}

void ServerLoop::tell_if_empty() {
  if (!empty_ || !left_by_clients()) return;
  if (!std::exchange(sent_in_process_away_, true)) {
    connections_.for_each([](ServerConnection& connection) { connection.send_away(); });
  }
  if (connections_.empty() && lingering_.empty()) std::exchange(empty_, nullptr)();
}

void ServerLoop::end_draining_calls() {
  connections_.for_each([](ServerConnection& connection) { connection.drain_calls(); });
}

void ServerLoop::cancel_calls() {
  refuses_calls_ = true;
  connections_.for_each([](ServerConnection& connection) { connection.cancel_calls(); });
  for (const auto& [handler, part] : http_parts_) part->cancel();
  end_handshakes();
}

void ServerLoop::close_all() {
  handshakes_.reset();
  http_parts_.clear();
  connections_.for_each([](ServerConnection& connection) {
    if (!connection.close_hard()) delete &connection;
  });
  lingering_.close_all();
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

std::vector<RunningCall> ServerLoop::running_calls() {
  std::vector<RunningCall> calls;
  connections_.for_each([&calls](ServerConnection& connection) {
    connection.for_each_call([&calls](const ServerCall& call) {
      if (call.running()) calls.push_back(call.info());
    });
  });
  for (const auto& [handler, part] : http_parts_) part->add_running(calls);
  return calls;
}

void ServerLoop::remove(ServerConnection& connection) {
  assert(connection.linked() && connection.lost());
  delete &connection;
  tell_if_empty();
}

}  // namespace tern

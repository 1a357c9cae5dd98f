#include "tern/rest/server.h"

#include <spdlog/spdlog.h>

#include <exception>
#include <latch>
#include <stdexcept>
#include <utility>
#include <vector>

#include "rest/http1_connection.h"
#include "rest/router.h"
#include "tern/async/event.h"
#include "tern/async/loop.h"
#include "tern/async/task_group.h"
#include "transport/acceptor.h"

namespace tern::rest {

namespace {

/// The connections on one loop.
class Part {
 public:
  explicit Part(Loop& loop) : loop_(loop) {}
  Part(const Part&) = delete;
  Part& operator=(const Part&) = delete;
  ~Part() { close_all(); }

  [[nodiscard]] Loop& loop() const noexcept { return loop_; }

  void add(transport::Socket socket, const Router& router, const ServerOptions& options) {
    if (stopping_) return;
    auto* connection = new Connection(*this);
    connections_.push_back(*connection);
    connection->start(serve_http1(std::move(socket), router, options, connection->state));
  }
  /// `empty` is called once no connection is left.
  void begin_stop(std::function<void()> empty) {
    stopping_ = true;
    empty_ = std::move(empty);
    connections_.for_each([](Connection& connection) {
      connection.state.stopping = true;
      if (!connection.state.busy) connection.cancel();
    });
    tell_if_empty();
  }
  void cancel_all() {
    connections_.for_each([](Connection& connection) { connection.cancel(); });
  }
  void close_all() {
    empty_ = nullptr;
    while (!connections_.empty()) delete &connections_.pop_front();
  }

 private:
  class Connection final : public Job, public ListNode<Connection> {
   public:
    explicit Connection(Part& part) : Job(part.loop_), part_(part) {}
    Http1State state;

   private:
    // A timeout and a broken connection end a connection as its client's leaving does.
    void finished(std::exception_ptr /*error*/) override {
      Part& part = part_;
      delete this;
      part.tell_if_empty();
    }
    Part& part_;
  };

  void tell_if_empty() {
    if (empty_ && connections_.empty()) std::exchange(empty_, nullptr)();
  }

  Loop& loop_;
  IntrusiveList<Connection> connections_;
  bool stopping_ = false;
  std::function<void()> empty_;
};

}  // namespace

class Server::Core {
 public:
  explicit Core(ServerOptions options) : home_(Loop::require_current("a rest::Server")), options_(options) {
    for (Loop* loop : home_.siblings()) parts_.push_back(std::make_unique<Part>(*loop));
  }
  Core(const Core&) = delete;
  Core& operator=(const Core&) = delete;
  ~Core() {
    accepting_.cancel();
    std::latch done{static_cast<std::ptrdiff_t>(parts_.size())};
    for (const auto& part : parts_) {
      if (&part->loop() == &home_) {
        part->close_all();
        done.count_down();
      } else {
        part->loop().post([&] {
          part->close_all();
          done.count_down();
        });
      }
    }
    done.wait();
  }

  Router& router() noexcept { return router_; }

  std::uint16_t listen(std::string_view text) {
    acceptors_.push_back(transport::Acceptor::listen(home_, transport::Address::parse(text)));
    transport::Acceptor& acceptor = *acceptors_.back();
    accepting_.spawn(acceptor.accept_forever([this](Loop& loop, transport::Socket socket) {
      for (const auto& part : parts_) {
        if (&part->loop() == &loop) return part->add(std::move(socket), router_, options_);
      }
    }));
    return acceptor.address().port;
  }

  Task<void> stop(std::chrono::nanoseconds grace) {
    accepting_.cancel();
    co_await accepting_.join();
    acceptors_.clear();
    left_ = parts_.size();
    for (const auto& part : parts_) {
      part->loop().post([this, &part = *part, alive = std::weak_ptr{alive_}] {
        if (alive.expired()) return;
        part.begin_stop([this, alive] {
          home_.post([this, alive] {
            if (!alive.expired() && --left_ == 0) empty_.set();
          });
        });
      });
    }
    const bool in_grace = co_await empty_.wait(Clock::now() + grace);
    if (in_grace) co_return;
    for (const auto& part : parts_) {
      part->loop().post([&part = *part, alive = std::weak_ptr{alive_}] {
        if (!alive.expired()) part.cancel_all();  // the last connection may have closed, and the server gone, meanwhile
      });
    }
    co_await empty_.wait();
  }

 private:
  Loop& home_;
  ServerOptions options_;
  Router router_;
  std::vector<std::unique_ptr<Part>> parts_;
  std::vector<std::unique_ptr<transport::Acceptor>> acceptors_;
  TaskGroup accepting_;
  std::size_t left_ = 0;
  Event empty_;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);  // for what is still posted when stop() is abandoned
};

Server::Server(ServerOptions options) : core_(std::make_unique<Core>(options)) {}
Server::~Server() = default;

void Server::route(std::string method, std::string path, Handler handler) {
  core_->router().add(std::move(method), std::move(path), std::move(handler));
}
std::uint16_t Server::listen(std::string_view address) { return core_->listen(address); }
Task<void> Server::stop(std::chrono::nanoseconds grace) { return core_->stop(grace); }

}  // namespace tern::rest

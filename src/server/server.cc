#include "tern/server/server.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <functional>
#include <iterator>
#include <latch>
#include <mutex>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "async/run_on_loops.h"
#include "rpc/timeout.h"
#include "server/server_loop.h"
#include "tern/async/event.h"
#include "tern/async/loop.h"
#include "tern/async/task_group.h"
#include "transport/acceptor.h"
#include "transport/entity_id.h"

namespace tern {

namespace {

/// After their cancellation handlers get this long to run their destructors and catch blocks.
constexpr std::chrono::milliseconds kCancelledHandlersTime{1000};

}  // namespace

class Server::Core {
 public:
  explicit Core(ServerOptions options)
      : home_(Loop::require_current("a Server")), shared_(std::make_unique<ServerShared>(options)) {
    for (Loop* loop : home_.siblings()) parts_.push_back(std::make_unique<ServerLoop>(*loop, *shared_));
  }
  Core(const Core&) = delete;
  Core& operator=(const Core&) = delete;

  ~Core() {
    leave_in_processes();
    accepting_.cancel();
    const auto close_all = [](ServerLoop& part) { part.close_all(); };
    on_every_loop(close_all);
    if (shared_->wait_for_workers(Clock::now() + shared_->options.blocked_handlers_timeout)) {
      on_every_loop(close_all);
    } else {
      leave_blocked_handlers();
    }
  }

  void add_service(Service& service) {
    require_not_listening("add_service()");
    shared_->registry.add(service);
  }

  [[nodiscard]] std::vector<std::string> service_names() const { return shared_->registry.names(); }

  void add_interceptor(ServerInterceptor& interceptor) {
    require_not_listening("add_interceptor()");
    shared_->interceptors.push_back(&interceptor);
  }

  void add_observer(ServerObserver& observer) {
    require_not_listening("add_observer()");
    shared_->observers.push_back(&observer);
  }

  void set_generic_service(GenericService& service) {
    require_not_listening("set_generic_service()");
    shared_->registry.set_fallback(service.handler());
  }

  std::uint16_t listen(std::string_view text, ListenOptions options) {
    require_not_stopped();
    auto acceptors = transport::Acceptor::listen(home_, transport::Address::parse(text), options.reuse_port);
    for (std::unique_ptr<transport::Acceptor>& acceptor : acceptors) {
      accepting_.spawn(acceptor->accept_forever([this, options](Loop& loop, transport::Socket socket) {
        part_of(loop).add_connection(transport::make_socket_stream(loop, std::move(socket)),
                                     {.tls = options.tls, .http = options.http});
      }));
      listening_.push_back({.id = transport::next_entity_id(), .address = acceptor->address().to_string()});
      acceptors_.push_back(std::move(acceptor));
    }
    return acceptors_.back()->address().port;
  }

  void serve_socket(int descriptor, ServerTls* tls) {
    require_not_stopped();
    part_of(home_).add_connection(transport::make_socket_stream(home_, transport::adopt_socket(home_, descriptor)),
                                  {.tls = tls});
  }

  void listen(InProcess& in_process) {
    require_not_stopped();
    in_process.serve(home_, [this](Loop& loop, std::unique_ptr<transport::ByteStream> stream) {
      part_of(loop).add_connection(std::move(stream), {.in_process = true});
    });
    in_processes_.push_back(&in_process);
  }

  // It ends whether or not whoever asked for it still waits.
  Task<void> stop(StopOptions options) {
    const Clock::time_point grace_ends = rpc::deadline_after(Clock::now(), options.grace);
    if (!std::exchange(stopping_, true)) {
      grace_ends_ = grace_ends;
      ending_.spawn(end());
    } else if (grace_ends < grace_ends_) {
      grace_ends_ = grace_ends;
      changed_.set();
    }
    co_await stopped_.wait();
  }

  Task<void> end() {
    accepting_.cancel();
    co_await accepting_.join();
    acceptors_.clear();
    leave_in_processes();

    left_ = parts_.size();
    post_to_parts([this](ServerLoop& part) {
      part.begin_stop([this, alive = std::weak_ptr{alive_}] {
        home_.post([this, alive] {
          if (!alive.expired()) part_is_empty();
        });
      });
    });
    // In a turn of its own: what handlers were woken for before the stop (HealthService::shut_down()) still goes out.
    post_to_parts([](ServerLoop& part) { part.end_draining_calls(); });
    while (left_ > 0 && Clock::now() < grace_ends_) {
      changed_.clear();
      co_await changed_.wait(grace_ends_);
    }
    if (left_ > 0) {
      post_to_parts([](ServerLoop& part) { part.cancel_calls(); });
      co_await empty_.wait(Clock::now() + kCancelledHandlersTime);
    }
    if (left_ > 0) {
      post_to_parts([](ServerLoop& part) { part.close_all(); });
      co_await empty_.wait();
    }
    stopped_.set();
  }

  Task<ServerInfo> inspect() const {
    struct Parts {
      std::vector<CallCounts> calls;
      std::vector<std::vector<ConnectionInfo>> connections;
    };
    const auto parts = std::make_shared<Parts>();
    parts->calls.resize(parts_.size());
    parts->connections.resize(parts_.size());
    std::vector<Loop*> loops;
    loops.reserve(parts_.size());
    for (const auto& part : parts_) loops.push_back(&part->loop());
    std::function<void(std::size_t)> look = [this, parts, alive = std::weak_ptr{alive_}](std::size_t i) {
      if (alive.expired()) return;
      parts->calls[i] = parts_[i]->calls();
      parts->connections[i] = parts_[i]->connections();
    };
    co_await run_on_loops(std::move(loops), std::move(look));
    ServerInfo info;
    info.id = id_;
    info.listening = listening_;
    for (const CallCounts& calls : parts->calls) info.calls += calls;
    for (auto& connections : parts->connections) {
      std::move(connections.begin(), connections.end(), std::back_inserter(info.connections));
    }
    co_return info;
  }
  [[nodiscard]] std::uint64_t id() const noexcept { return id_; }

  Task<void> wait_for_termination() { co_await stopped_.wait(); }

  [[nodiscard]] std::size_t calls_in_flight() const noexcept {
    std::size_t all = 0;
    for (const auto& part : parts_) all += part->calls_in_flight();
    return all;
  }

 private:
  void require_not_stopped() const {
    if (stopping_) throw std::logic_error("the server was stopped");
  }
  void require_not_listening(const char* what) const {
    if (!acceptors_.empty() || !in_processes_.empty()) {
      throw std::logic_error(std::string{what} + " comes before listen()");
    }
  }

  ServerLoop& part_of(Loop& loop) {
    for (const auto& part : parts_) {
      if (&part->loop() == &loop) return *part;
    }
    throw std::logic_error("a connection came to a loop that the server has no part on");
  }

  void leave_in_processes() {
    for (InProcess* in_process : in_processes_) in_process->stop_serving();
    in_processes_.clear();
  }

  // Whatever those handlers may still use stays.
  void leave_blocked_handlers() {
    std::mutex mutex;
    std::vector<std::string> methods;
    on_every_loop([&](ServerLoop& part) {
      const std::vector<std::string> blocked = part.orphan_calls();
      const std::lock_guard lock{mutex};
      methods.insert(methods.end(), blocked.begin(), blocked.end());
    });
    spdlog::error("the server has ended, but handlers of {} block their threads, which are left behind",
                  fmt::join(methods, ", "));
    for (auto& part : parts_) static_cast<void>(part.release());
    static_cast<void>(shared_.release());
  }

  void part_is_empty() {
    if (--left_ > 0) return;
    empty_.set();
    changed_.set();
  }

  /// Runs `work` for each part on its own loop, some time soon; not at all when the server is gone by then: what it
  /// waits for may come true before.
  template <class Work>
  void post_to_parts(Work work) {
    for (const auto& part : parts_) {
      part->loop().post([&part = *part, work, alive = std::weak_ptr{alive_}] {
        if (!alive.expired()) work(part);
      });
    }
  }

  /// Runs `work` for each part on its own loop and waits for the others, blocking: at the end of the server's life.
  template <class Work>
  void on_every_loop(Work work) {
    std::latch done{static_cast<std::ptrdiff_t>(parts_.size())};
    for (const auto& part : parts_) {
      if (&part->loop() == &home_) {
        work(*part);
        done.count_down();
      } else {
        part->loop().post([&] {
          work(*part);
          done.count_down();
        });
      }
    }
    done.wait();
  }

  Loop& home_;
  std::unique_ptr<ServerShared> shared_;
  std::vector<std::unique_ptr<ServerLoop>> parts_;
  std::vector<std::unique_ptr<transport::Acceptor>> acceptors_;
  std::vector<InProcess*> in_processes_;
  std::uint64_t id_ = transport::next_entity_id();
  std::vector<ServerInfo::Listening> listening_;
  TaskGroup accepting_;
  bool stopping_ = false;
  std::size_t left_ = 0;                                        // parts that are not empty yet
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);  // for what is still posted when the server is gone
  Event empty_;
  Event stopped_;
  Clock::time_point grace_ends_;
  Event changed_;     // the parts, or the grace
  TaskGroup ending_;  // the last member: it uses the others
};

Server::Server(ServerOptions options) : core_(std::make_unique<Core>(options)) {}
Server::~Server() = default;

void Server::add_service(Service& service) { core_->add_service(service); }
std::vector<std::string> Server::service_names() const { return core_->service_names(); }
void Server::add_interceptor(ServerInterceptor& interceptor) { core_->add_interceptor(interceptor); }
void Server::add_observer(ServerObserver& observer) { core_->add_observer(observer); }
void Server::set_generic_service(GenericService& service) { core_->set_generic_service(service); }
std::uint16_t Server::listen(std::string_view address, ListenOptions options) {
  return core_->listen(address, options);
}
void Server::serve_socket(int descriptor, ServerTls* tls) { core_->serve_socket(descriptor, tls); }
void Server::listen(InProcess& in_process) { core_->listen(in_process); }
Task<void> Server::stop(StopOptions options) { return core_->stop(options); }
Task<ServerInfo> Server::inspect() const { return core_->inspect(); }
std::uint64_t Server::id() const noexcept { return core_->id(); }
Task<void> Server::wait_for_termination() { return core_->wait_for_termination(); }
std::size_t Server::calls_in_flight() const noexcept { return core_->calls_in_flight(); }

}  // namespace tern

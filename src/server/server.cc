#include "tern/server/server.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cassert>
#include <functional>
#include <iterator>
#include <latch>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "async/on_loop.h"
#include "async/run_on_loops.h"
#include "call/notify.h"
#include "rpc/timeout.h"
#include "server/check_options.h"
#include "server/server_loop.h"
#include "tern/async/event.h"
#include "tern/async/loop.h"
#include "tern/async/task_group.h"
#include "tern/detail/misuse.h"
#include "text/log.h"
#include "transport/acceptor.h"
#include "transport/entity_id.h"

namespace tern {

namespace {

/// After their cancellation handlers get this long to run their destructors and catch blocks.
constexpr std::chrono::milliseconds kCancelledHandlersTime{1000};

/// A server's parts on all its loops. Inspectors share it, so that the server may end meanwhile.
class ServerParts {
 public:
  ServerParts(Loop& home, const std::shared_ptr<ServerShared>& shared) {
    for (Loop* loop : home.siblings()) {
      parts_.emplace_back(*loop, [loop, shared] { return std::make_unique<ServerLoop>(*loop, shared); });
    }
  }

  [[nodiscard]] std::uint64_t id() const noexcept { return id_; }
  [[nodiscard]] std::span<const OnLoop<ServerLoop>> all() const noexcept { return parts_; }
  [[nodiscard]] std::vector<const OnLoop<ServerLoop>*> pointers() const {
    std::vector<const OnLoop<ServerLoop>*> pointers;
    pointers.reserve(parts_.size());
    for (const auto& part : parts_) pointers.push_back(&part);
    return pointers;
  }

  void add_listening(std::string address) {
    const std::lock_guard lock{mutex_};
    listening_.push_back({.id = transport::next_entity_id(), .address = std::move(address)});
  }
  [[nodiscard]] std::vector<ServerInfo::Listening> listening() const {
    const std::lock_guard lock{mutex_};
    return listening_;
  }

  /// On any loop, also when the server has ended.
  static Task<ServerInfo> inspect(std::shared_ptr<const ServerParts> self, Inspect what);

 private:
  std::uint64_t id_ = transport::next_entity_id();
  std::vector<OnLoop<ServerLoop>> parts_;
  mutable std::mutex mutex_;
  std::vector<ServerInfo::Listening> listening_;
};

Task<ServerInfo> ServerParts::inspect(std::shared_ptr<const ServerParts> self, Inspect what) {
  struct Seen {
    std::vector<CallCounts> calls;
    std::vector<std::vector<ConnectionInfo>> connections;
    std::vector<std::vector<RunningCall>> running;
  };
  // Shared with loops that come round when nobody waits any more.
  const auto seen = std::make_shared<Seen>();
  seen->calls.resize(self->parts_.size());
  seen->connections.resize(self->parts_.size());
  seen->running.resize(self->parts_.size());
  std::function<void(ServerLoop&, std::size_t)> look = [seen, what](ServerLoop& part, std::size_t i) {
    seen->calls[i] = part.calls();
    seen->connections[i] = part.connections();
    if (what == Inspect::kCalls) seen->running[i] = part.running_calls();
  };
  co_await run_on_loops(self->pointers(), std::move(look));
  ServerInfo info;
  info.id = self->id_;
  info.listening = self->listening();
  for (const CallCounts& calls : seen->calls) info.calls += calls;
  for (auto& connections : seen->connections) {
    std::move(connections.begin(), connections.end(), std::back_inserter(info.connections));
  }
  for (auto& running : seen->running) std::move(running.begin(), running.end(), std::back_inserter(info.running));
  co_return info;
}

}  // namespace

class Server::Core {
 public:
  explicit Core(ServerOptions options)
      : home_(Loop::require_current("a Server")),
        shared_(std::make_shared<ServerShared>(options)),
        parts_(std::make_shared<ServerParts>(home_, shared_)) {
    accepting_.may_be_dropped();
    ending_.may_be_dropped();
  }
  Core(const Core&) = delete;
  Core& operator=(const Core&) = delete;

  // After a whole stop() the parts hold nothing of anybody else's, and nobody has to wait for their loops: unless
  // handlers still block their threads.
  ~Core() {
    leave_in_processes();
    accepting_.cancel();
    if (!stopped_.is_set() || !shared_->wait_for_workers(Clock::now())) end_now();
    for (const auto& part : parts_->all()) part.end();
  }

  void add_service(Service& service) {
    require_not_listening("add_service()");
    shared_->registry.add(service);
    services_.push_back(service.in_use());
  }

  [[nodiscard]] std::vector<std::string> service_names() const { return shared_->registry.names(); }

  /// Keeps what is shared as long as the server, and longer where handlers block their threads for ever.
  void keep(std::shared_ptr<const void> shared) { kept_.push_back(std::move(shared)); }

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
    if (shared_->registry.has_fallback()) {
      detail::throw_misuse("set_generic_service() was called twice: a server has one generic service");
    }
    shared_->registry.set_fallback(service.handler());
  }

  std::uint16_t listen(std::string_view text, const ListenOptions& options) {
    require_not_stopped("listen()");
    const Loop::Turn turn{home_};  // a program that runs its own io_context may be in none
    tell_observers();
    if (!listening_) listening_.emplace();
    const std::string name{options.name.empty() ? text : options.name};
    if (name.find('\n') != std::string::npos) throw std::invalid_argument("a listening socket's name has a line break");
    auto acceptors = acceptors_for(text, name, options);
    keep(options.tls.shared());
    keep(options.http.shared());
    for (std::unique_ptr<transport::Acceptor>& acceptor : acceptors) {
      accepting_.spawn(acceptor->accept_forever(
          [this, tls = options.tls.get(), http = options.http.get()](Loop& loop, transport::Socket socket) {
            part_of(loop).add_connection(transport::make_socket_stream(loop, std::move(socket)),
                                         {.tls = tls, .http = http});
          }));
      parts_->add_listening(acceptor->name());
      acceptors_.push_back({.acceptor = std::move(acceptor), .name = name});
    }
    assert(!acceptors_.empty());
    return acceptors_.back().acceptor->address().port;
  }

  [[nodiscard]] std::vector<ListeningSocket> listening_sockets() const {
    std::vector<ListeningSocket> sockets;
    sockets.reserve(acceptors_.size());
    for (const Listening& each : acceptors_) sockets.push_back(each.acceptor->duplicate(each.name));
    return sockets;
  }

  void serve_socket(int descriptor, const detail::SharedOrBorrowed<ServerTls>& tls) {
    require_not_stopped("serve_socket()");
    keep(tls.shared());
    const Loop::Turn turn{home_};
    serves_sockets_ = true;
    part_of(home_).add_connection(transport::make_socket_stream(home_, transport::adopt_socket(home_, descriptor)),
                                  {.tls = tls.get()});
  }

  void listen(InProcess& in_process) {
    require_not_stopped("listen()");
    const Loop::Turn turn{home_};  // a program that runs its own io_context may be in none
    tell_observers();
    if (!listening_) listening_.emplace();
    in_processes_.push_back(in_process.serve(home_, [this](Loop& loop, std::unique_ptr<transport::ByteStream> stream) {
      part_of(loop).add_connection(std::move(stream), {.in_process = true});
    }));
  }

  void check_serving(const StopOptions& options) const {
    check_options(options);
    require_home("serve_until()");
    if (stopping_ || !acceptors_.empty() || !in_processes_.empty() || serves_sockets_) return;
    log_warning("server", "serve_until() of a server that listens on nothing: call listen() before");
  }

  // It ends whether or not whoever asked for it still waits.
  Task<void> stop(StopOptions options) {
    check_options(options);
    require_home("stop()");
    const Clock::time_point delay_ends = rpc::deadline_after(Clock::now(), options.delay);
    const Clock::time_point grace_ends = rpc::deadline_after(delay_ends, options.grace);
    if (!std::exchange(stopping_, true)) {
      delay_ends_ = delay_ends;
      grace_ends_ = grace_ends;
      http1_idle_ = options.http1_idle;
      ending_.spawn(end());
    } else {
      delay_ends_ = std::min(delay_ends, delay_ends_);
      grace_ends_ = std::min(grace_ends, grace_ends_);
      changed_.set();
    }
    co_await stopped_.wait();
  }

  Task<void> end() {
    assert(stopping_ && Loop::current() == &home_);
    while (Clock::now() < delay_ends_) {
      changed_.clear();
      co_await changed_.wait(delay_ends_);
    }
    accepting_.cancel();
    co_await accepting_.join();
    acceptors_.clear();

    assert(left_ == 0 && !parts_->all().empty());
    left_ = parts_->all().size();
    post_to_parts([empty = empty_part_, idle = http1_idle_](ServerLoop& part) { part.begin_stop(empty, idle); });
    // In a turn of its own: what handlers were woken for before the stop (HealthService::shut_down()) still goes out.
    post_to_parts([](ServerLoop& part) { part.end_draining_calls(); });
    while (left_ > 0 && Clock::now() < grace_ends_) {
      changed_.clear();
      co_await changed_.wait(grace_ends_);
    }
    if (left_ > 0) {
      warn_of_long_calls();
      post_to_parts([](ServerLoop& part) { part.cancel_calls(); });
      co_await empty_.wait(Clock::now() + kCancelledHandlersTime);
    }
    std::function<void(ServerLoop&, std::size_t)> close = [](ServerLoop& part, std::size_t /*i*/) { part.close_all(); };
    co_await run_on_loops(parts_->pointers(), std::move(close));
    if (left_ > 0) co_await empty_.wait();
    assert(left_ == 0);
    leave_in_processes();
    services_.clear();
    stopped_.set();
  }

  [[nodiscard]] const std::shared_ptr<ServerParts>& parts() const noexcept { return parts_; }
  [[nodiscard]] Loop& home() const noexcept { return home_; }
  [[nodiscard]] bool home_lives() const noexcept {
    return std::ranges::any_of(parts_->all(), [this](const auto& part) { return part.loop() == &home_; });
  }

  Task<void> wait_for_termination() { co_await stopped_.wait(); }

  [[nodiscard]] std::size_t calls_in_flight() const noexcept {
    std::size_t all = 0;
    for (const auto& part : parts_->all()) {
      if (const ServerLoop* there = part.get(); there != nullptr) all += there->calls_in_flight();
    }
    return all;
  }

 private:
  struct Listening {
    std::unique_ptr<transport::Acceptor> acceptor;
    std::string name;
  };

  /// From inherited sockets of the name, or on the address.
  std::vector<std::unique_ptr<transport::Acceptor>> acceptors_for(std::string_view text, std::string_view name,
                                                                  const ListenOptions& options) {
    const transport::Address address = transport::Address::parse(text);
    std::vector<std::unique_ptr<transport::Acceptor>> acceptors;
    if (options.inherited != nullptr) {
      for (ListeningSocket& socket : options.inherited->take(name)) {
        acceptors.push_back(transport::Acceptor::adopt(home_, std::move(socket)));
      }
    }
    if (acceptors.empty()) acceptors = transport::Acceptor::listen(home_, address, options.reuse_port);
    return acceptors;
  }

  void require_home(const char* what) const {
    if (home_.may_be_used_here()) return;
    throw std::logic_error(std::string{what} +
                           " on another loop or thread than the server's: call it on the loop that "
                           "made the Server");
  }
  void require_not_stopped(const char* what) const {
    require_home(what);
    if (stopping_) throw std::logic_error(std::string{what} + " after stop(): make another Server to serve again");
  }
  void require_not_listening(const char* what) const {
    require_home(what);
    if (!acceptors_.empty() || !in_processes_.empty()) {
      throw std::logic_error(std::string{what} + " comes after listen(): call it before");
    }
  }

  void tell_observers() {
    if (std::exchange(observers_told_, true) || shared_->observers.empty()) return;
    const std::vector<ServedMethod> methods = shared_->registry.methods();
    notify(shared_->observers, [&methods](ServerObserver& observer) { observer.on_listening(methods); });
  }

  ServerLoop& part_of(Loop& loop) {
    for (const auto& part : parts_->all()) {
      if (part.loop() == &loop) return *part.get();
    }
    throw std::logic_error("a connection came to a loop that the server has no part on");
  }

  // Without a grace nobody waited for them.
  void warn_of_long_calls() const {
    const std::size_t calls = calls_in_flight();
    if (calls == 0 || grace_ends_ <= delay_ends_) return;
    log_warning(
        "server",
        "{} calls still run at the end of the server's grace, and are cancelled: raise StopOptions::grace, or end "
        "their "
        "handlers earlier (ServerContext::end_when_draining())",
        calls);
  }

  void leave_in_processes() {
    for (const std::function<void()>& stop_serving : in_processes_) stop_serving();
    in_processes_.clear();
  }

  /// The parts close, each on its loop, and this thread waits for them: no handler runs when the server is gone.
  void end_now() {
    const auto close_all = [](ServerLoop& it, const OnLoop<ServerLoop>& /*part*/) { it.close_all(); };
    on_every_loop(close_all);
    if (shared_->wait_for_workers(Clock::now() + shared_->options.blocked_handlers_timeout)) {
      on_every_loop(close_all);
    } else {
      leave_blocked_handlers();
    }
  }

  // Whatever those handlers may still use stays.
  void leave_blocked_handlers() {
    std::mutex mutex;
    std::vector<std::string> methods;
    on_every_loop([&](ServerLoop& it, const OnLoop<ServerLoop>& part) {
      const std::vector<std::string> blocked = it.orphan_calls();
      part.leave_behind();
      const std::lock_guard lock{mutex};
      methods.insert(methods.end(), blocked.begin(), blocked.end());
    });
    log_error("server", "the server has ended, but handlers of {} block their threads, which are left behind",
              fmt::join(methods, ", "));
    // Each part has its own reference to what all share; one more stays for good.
    static_cast<void>(new std::shared_ptr<ServerShared>(shared_));
    static_cast<void>(new std::vector<std::shared_ptr<const void>>(std::move(kept_)));
  }

  /// Runs `work` for each part on its own loop, some time soon; not at all when the part is gone by then.
  template <class Work>
  void post_to_parts(const Work& work) {
    for (const auto& part : parts_->all()) part.post(work);
  }

  /// Runs `work` for each part on its own loop and waits for the others, blocking: at the end of the server's life.
  template <class Work>
  void on_every_loop(Work work) {
    std::latch done{static_cast<std::ptrdiff_t>(parts_->all().size())};
    for (const auto& part : parts_->all()) {
      // A loop that ends drops what it has not run: that counts too.
      const std::shared_ptr<void> token{nullptr, [&done](void*) { done.count_down(); }};
      part.run([&work, &part, token](ServerLoop& it) { work(it, part); });
    }
    done.wait();
  }

  std::vector<std::shared_ptr<const void>> kept_;  // the first member: the others use them
  Loop& home_;
  std::shared_ptr<ServerShared> shared_;
  std::shared_ptr<ServerParts> parts_;
  std::vector<Listening> acceptors_;
  std::vector<std::function<void()>> in_processes_;  // each ends the serving of one
  bool serves_sockets_ = false;
  std::vector<std::shared_ptr<const void>> services_;  // that may be called
  TaskGroup accepting_;
  std::optional<detail::ListeningServer> listening_;
  bool observers_told_ = false;
  bool stopping_ = false;
  std::size_t left_ = 0;  // parts that are not empty yet
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
  /// Called by a part on its loop when it is empty. Does nothing when the server is gone by then.
  std::function<void()> empty_part_ = [this, home = home_.mailbox(), alive = std::weak_ptr{alive_}] {
    home->post([this, alive] {
      if (alive.expired()) return;
      assert(left_ > 0 && stopping_);
      if (--left_ > 0) return;
      empty_.set();
      changed_.set();
    });
  };
  Event empty_;
  Event stopped_;
  Clock::time_point delay_ends_;
  Clock::time_point grace_ends_;
  std::chrono::nanoseconds http1_idle_{};
  Event changed_;     // the parts, or the grace
  TaskGroup ending_;  // the last member: it uses the others
};

Server::Server(ServerOptions options) : core_(std::make_unique<Core>(checked(options))) {}
Server::Server(boost::asio::io_context& context, ServerOptions options) {
  const Loop::Turn turn{Loop::of(context)};
  core_ = std::make_unique<Core>(checked(options));
}
// In a turn: a program may destroy its server when its io_context does not run any more.
Server::~Server() {
  std::optional<Loop::Turn> turn;
  if (core_->home_lives()) turn.emplace(core_->home());
  core_.reset();
}

void Server::add_service(Service& service) { core_->add_service(service); }
void Server::add_service(std::shared_ptr<Service> service) {
  core_->add_service(detail::required(service, "add_service()"));
  core_->keep(std::move(service));
}
std::vector<std::string> Server::service_names() const { return core_->service_names(); }
void Server::add_interceptor(ServerInterceptor& interceptor) { core_->add_interceptor(interceptor); }
void Server::add_interceptor(std::shared_ptr<ServerInterceptor> interceptor) {
  core_->add_interceptor(detail::required(interceptor, "add_interceptor()"));
  core_->keep(std::move(interceptor));
}
void Server::add_observer(ServerObserver& observer) { core_->add_observer(observer); }
void Server::add_observer(std::shared_ptr<ServerObserver> observer) {
  core_->add_observer(detail::required(observer, "add_observer()"));
  core_->keep(std::move(observer));
}
void Server::set_generic_service(GenericService& service) { core_->set_generic_service(service); }
std::uint16_t Server::listen(std::string_view address, const ListenOptions& options) {
  return core_->listen(address, options);
}
std::vector<ListeningSocket> Server::listening_sockets() const { return core_->listening_sockets(); }
void Server::serve_socket(int descriptor, const detail::SharedOrBorrowed<ServerTls>& tls) {
  core_->serve_socket(descriptor, tls);
}
void Server::listen(InProcess& in_process) { core_->listen(in_process); }
void Server::check_serving(const StopOptions& options) const { core_->check_serving(options); }
Task<void> Server::stop(StopOptions options) { return core_->stop(options); }
Task<ServerInfo> Server::inspect(Inspect what) const { return ServerParts::inspect(core_->parts(), what); }
std::function<Task<ServerInfo>()> Server::inspector(Inspect what) const {
  return [parts = core_->parts(), what] { return ServerParts::inspect(parts, what); };
}
std::uint64_t Server::id() const noexcept { return core_->parts()->id(); }
Task<void> Server::wait_for_termination() { return core_->wait_for_termination(); }
std::size_t Server::calls_in_flight() const noexcept { return core_->calls_in_flight(); }

}  // namespace tern

#include "tern/services/health.h"

#include <grpc/health/v1/health.pb.h>

#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tern/async/event.h"
#include "tern/async/loop.h"
#include "tern/detail/typed_handlers.h"

namespace tern {

namespace {

using grpc::health::v1::HealthCheckRequest;
using grpc::health::v1::HealthCheckResponse;

HealthCheckResponse response(std::optional<HealthService::State> state) {
  HealthCheckResponse answer;
  answer.set_status(state ? static_cast<HealthCheckResponse::ServingStatus>(*state)
                          : HealthCheckResponse::SERVICE_UNKNOWN);
  return answer;
}

}  // namespace

/// What is known, and who waits for a change, on whatever loop.
class HealthService::Registry {
 public:
  void set(std::string_view service, State state) {
    const std::lock_guard lock{mutex_};
    states_[std::string{service}] = shut_down_ ? State::kNotServing : state;
    wake();
  }

  void shut_down() {
    const std::lock_guard lock{mutex_};
    shut_down_ = true;
    for (auto& [service, state] : states_) state = State::kNotServing;
    wake();
  }

  std::optional<State> get(const std::string& service) {
    const std::lock_guard lock{mutex_};
    const auto found = states_.find(service);
    return found == states_.end() ? std::nullopt : std::optional{found->second};
  }

  /// Set at the next change, on the loop that runs now; nothing when the state is not `seen` any more.
  std::shared_ptr<Event> next_change(const std::string& service, std::optional<State> seen) {
    const std::lock_guard lock{mutex_};
    const auto found = states_.find(service);
    const std::optional<State> now = found == states_.end() ? std::nullopt : std::optional{found->second};
    if (now != seen) return nullptr;
    std::erase_if(watchers_, [](const Watcher& watcher) { return watcher.event.expired(); });
    auto event = std::make_shared<Event>();
    watchers_.push_back({.loop = Loop::current(), .event = event});
    return event;
  }

 private:
  struct Watcher {
    Loop* loop;
    std::weak_ptr<Event> event;
  };

  void wake() {
    for (const Watcher& watcher : watchers_) {
      if (watcher.event.expired()) continue;  // its loop may be gone
      watcher.loop->post([event = watcher.event] {
        if (const auto waiting = event.lock()) waiting->set();
      });
    }
    watchers_.clear();
  }

  std::mutex mutex_;
  bool shut_down_ = false;
  std::map<std::string, State> states_;
  std::vector<Watcher> watchers_;
};

class HealthService::Methods {
 public:
  explicit Methods(Registry& registry) : registry_(registry) {}

  Task<HealthCheckResponse> Check(ServerContext& context, const HealthCheckRequest& request) {
    const std::optional<State> state = registry_.get(request.service());
    if (!state) context.abort(StatusCode::kNotFound, "unknown service \"" + request.service() + "\"");
    co_return response(state);
  }

  // A stop ends it with UNAVAILABLE. The protocol has no end of a watch but the client's cancellation: OK would say
  // that nothing changes any more, while every client of UNAVAILABLE asks another server.
  AsyncGenerator<HealthCheckResponse> Watch(ServerContext& context, const HealthCheckRequest& request) {
    context.end_when_draining();
    for (;;) {
      const std::optional<State> state = registry_.get(request.service());
      co_yield response(state);
      for (;;) {
        const std::shared_ptr<Event> change = registry_.next_change(request.service(), state);
        if (change == nullptr) break;
        co_await change->wait();
      }
    }
  }

 private:
  Registry& registry_;
};

HealthService::HealthService()
    : Service("grpc.health.v1.Health"),
      registry_(std::make_unique<Registry>()),
      implementation_(std::make_unique<Methods>(*registry_)) {
  add_method("Check", detail::make_handler(*implementation_, &Methods::Check));
  add_method("Watch", detail::make_handler(*implementation_, &Methods::Watch));
  set("", State::kServing);
}

HealthService::~HealthService() = default;
void HealthService::set(std::string_view service, State state) { registry_->set(service, state); }
void HealthService::shut_down() { registry_->shut_down(); }

}  // namespace tern

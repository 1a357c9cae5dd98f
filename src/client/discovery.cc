#include "client/discovery.h"

#include <cassert>
#include <stdexcept>
#include <utility>

#include "tern/async/loop.h"
#include "text/log.h"
#include "transport/connector.h"

namespace tern {

namespace {

constexpr const char* kNoServer = "the resolver knows no server";

std::vector<FoundServer> servers_at(const std::vector<transport::Address>& addresses) {
  std::vector<FoundServer> servers;
  servers.reserve(addresses.size());
  for (const transport::Address& address : addresses) servers.push_back({address, {}});
  return servers;
}

std::vector<FoundServer> read_servers(std::vector<ResolvedServer> resolved) {
  std::vector<FoundServer> servers;
  servers.reserve(resolved.size());
  for (ResolvedServer& server : resolved) {
    servers.push_back({transport::Address::parse(server.address), std::move(server.attributes)});
  }
  return servers;
}

Status failure_of(const std::exception_ptr& error) {
  try {
    std::rethrow_exception(error);
  } catch (const std::exception& thrown) {
    return Status{StatusCode::kUnavailable, thrown.what()};
  } catch (...) {
    return Status{StatusCode::kUnavailable, "the resolver threw an object of another type than std::exception"};
  }
}

}  // namespace

class Discovery::LookUp final : public Job {
 public:
  explicit LookUp(Discovery& owner) : Job(owner.loop_), owner_(owner) { start(owner.look_up()); }
  LookUp(const LookUp&) = delete;
  LookUp& operator=(const LookUp&) = delete;
  ~LookUp() override { destroy_body(); }

 private:
  void finished(std::exception_ptr error) override { owner_.ended(error); }
  Discovery& owner_;
};

Discovery::Discovery(Loop& loop, const ChannelConfig& config, DiscoveryUser& user)
    : loop_(loop),
      config_(config),
      user_(user),
      resolving_({.backoff = config.options().backoff,
                  .min_between = config.options().min_time_between_resolutions,
                  .every = std::nullopt}) {}

Discovery::~Discovery() = default;

void Discovery::need() {
  if (!stopped_) follow(resolving_.needed(Clock::now()));
}

void Discovery::servers_lost() {
  if (!stopped_ && config_.looks_up()) follow(resolving_.servers_lost(Clock::now()));
}

void Discovery::reset_backoff() {
  if (!stopped_) follow(resolving_.reset_backoff(Clock::now()));
  user_.discovery_changed();
}

void Discovery::keep_looking(bool look) {
  resolving_.look_every(look && config_.looks_up() ? config_.options().resolve_every : std::nullopt);
}

void Discovery::stop() {
  stopped_ = true;
  disarm();
  assert(!armed());
  if (look_up_ != nullptr) look_up_->cancel();
}

void Discovery::follow(const Resolving::Step& step) {
  assert(!stopped_);
  disarm();
  if (step.wake) loop_.arm(*this, *step.wake);
  if (!step.look_up) return;
  if (config_.looks_up()) {
    assert(look_up_ == nullptr || look_up_->done());
    look_up_.reset();  // the last one
    look_up_ = std::make_unique<LookUp>(*this);
    if (!resolving_.known()) user_.discovery_changed();
    return;
  }
  use(servers_at(config_.target_addresses().addresses), {});
  resolving_.ended(Clock::now());
}

Task<void> Discovery::look_up() {
  Resolver* resolver = config_.options().resolver.get();
  if (resolver == nullptr) {
    const std::vector<transport::Address> addresses =
        co_await transport::look_up(loop_, config_.target_addresses().addresses.front());
    use(servers_at(addresses), {});
    co_return;
  }
  bool any = false;
  AsyncGenerator<Resolution> resolutions = resolver->resolve(config_.target());
  while (std::optional<Resolution> found = co_await resolutions.next()) {
    any = true;
    use(read_servers(std::move(found->servers)), found->service_config);
  }
  if (!any) throw std::runtime_error(kNoServer);
}

// A resolution that cannot be used ends the look-up, as if the resolver had failed.
void Discovery::use(std::vector<FoundServer> servers, std::string_view service_config) {
  if (stopped_) return;
  if (servers.empty()) throw std::runtime_error(kNoServer);
  user_.servers_found(std::move(servers), service_config);
  const bool news = !resolving_.known();
  resolving_.found();
  if (news) user_.discovery_changed();
}

void Discovery::ended(const std::exception_ptr& error) {
  if (stopped_) return;
  assert(resolving_.running());
  const Clock::time_point now = Clock::now();
  if (!error) return follow(resolving_.ended(now));
  Status failure = failure_of(error);
  const double jitter = config_.options().backoff.jitter;
  const Resolving::Step next =
      resolving_.failed(now, std::uniform_real_distribution<>{1 - jitter, 1 + jitter}(random_));
  if (resolving_.known()) {
    // The servers that were known go on.
    log_warning("client", "{}: {}", config_.target(), failure.details());
  } else {
    failure_ = std::move(failure);
  }
  follow(next);
  if (!resolving_.known()) user_.discovery_changed();
}

void Discovery::expired() noexcept {
  follow(resolving_.woken(Clock::now()));
  if (!resolving_.known()) user_.discovery_changed();
}

}  // namespace tern

#include "client/subchannel.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <utility>

#include "client/channel_loop.h"
#include "client/health_watch.h"
#include "tern/async/with_timeout.h"
#include "transport/connector.h"
#include "transport/tls_stream.h"

namespace tern {

/// One attempt to connect, as a job of its own: the calls that wait for it may come and go.
class Subchannel::Attempt final : public Job {
 public:
  explicit Attempt(Subchannel& subchannel) : Job(subchannel.owner_.loop()), subchannel_(subchannel) {}

 private:
  void finished(std::exception_ptr error) override { subchannel_.attempt_ended(error); }
  Subchannel& subchannel_;
};

Subchannel::Subchannel(ChannelLoop& owner, std::vector<transport::Address> addresses)
    : owner_(owner), addresses_(std::move(addresses)), backoff_(owner.options().backoff) {
  for (const transport::Address& address : addresses_) name_ += (name_.empty() ? "" : ", ") + address.to_string();
}

Subchannel::~Subchannel() {
  attempt_.reset();
  if (connection_ != nullptr) connection_->leave_subchannel();
}

void Subchannel::retire() {
  disarm();
  stop_watching();
  if (attempt_) attempt_->cancel();
  if (connection_ != nullptr) std::exchange(connection_, nullptr)->leave_subchannel();
  retired_ = true;
}

ClientConnection* Subchannel::connection() const noexcept {
  return connection_ != nullptr && serving_ && connection_->usable() ? connection_ : nullptr;
}

SubchannelInfo Subchannel::info() const {
  SubchannelInfo info{.id = id_, .name = name_, .state = state_, .connection = std::nullopt};
  if (connection_ != nullptr && !connection_->lost()) info.connection = connection_->info();
  return info;
}

void Subchannel::connect() {
  if (state_ != ConnectivityState::kIdle) return;
  resting_ = false;
  attempt_began_ = Clock::now();
  attempt_ = std::make_unique<Attempt>(*this);
  become(ConnectivityState::kConnecting);
  attempt_->start(with_timeout(owner_.options().connect_timeout, attempt()));
}

Task<void> Subchannel::attempt() {
  Loop& loop = owner_.loop();
  std::unique_ptr<transport::ByteStream> stream;
  if (InProcess* in_process = owner_.options().in_process; in_process != nullptr) {
    stream = in_process->connect(loop);
  } else {
    stream = co_await transport::connect(loop, addresses_);
  }
  if (ClientTls* tls = owner_.options().tls; tls != nullptr) {
    std::string name = tls->server_name();
    if (name.empty()) name = owner_.tls_name();
    stream = co_await transport::connect_tls(loop, std::move(stream), tls->context(), std::move(name),
                                             transport::Alpn::kHttp2);
  }
  connection_ = &owner_.add_connection(std::move(stream), *this);
  const std::shared_ptr<Event> greeted = connection_->greeted();
  co_await greeted->wait();
  if (connection_ == nullptr || !connection_->usable()) {
    // It may have greeted and said goodbye in one breath.
    const std::string& why = failure_.ok() ? std::string{"the server takes no calls (GOAWAY)"} : failure_.details();
    throw std::runtime_error("failed to connect to " + name_ + ": " + why);
  }
}

void Subchannel::attempt_ended(const std::exception_ptr& error) {
  if (retired_) return;
  if (!error) {
    backoff_.reset();
    failure_ = Status{};
    if (const std::string* service = owner_.health_service()) return watch_health(*service);
    return become(ConnectivityState::kReady);
  }
  try {
    std::rethrow_exception(error);
  } catch (const TimedOut&) {
    failure_ =
        Status{StatusCode::kUnavailable,
               fmt::format("failed to connect: no answer from {} within {}", name_,
                           std::chrono::duration_cast<std::chrono::milliseconds>(owner_.options().connect_timeout))};
  } catch (const std::exception& thrown) {
    failure_ = Status{StatusCode::kUnavailable, thrown.what()};
  } catch (const Cancelled&) {
    failure_ = Status{StatusCode::kCancelled, "the channel was closed"};
  }
  if (connection_ != nullptr) {
    ClientConnection& late = *std::exchange(connection_, nullptr);
    late.leave_subchannel();
    late.say_goodbye();
  }
  owner_.loop().arm(*this, attempt_began_ + backoff_.next());
  become(ConnectivityState::kTransientFailure);
}

// Still connecting, until the server has said how it is.
void Subchannel::watch_health(const std::string& service) {
  serving_ = false;
  watch_ = std::make_unique<HealthWatch>(
      owner_, *connection_, service,
      [this](bool serving, const std::string& why_not) { health_told(serving, why_not); });
}

void Subchannel::health_told(bool serving, const std::string& why_not) {
  serving_ = serving;
  failure_ = serving ? Status{} : Status{StatusCode::kUnavailable, why_not};
  become(serving ? ConnectivityState::kReady : ConnectivityState::kTransientFailure);
}

void Subchannel::stop_watching() noexcept {
  if (watch_) watch_->stop();
  serving_ = true;
}

void Subchannel::reset_backoff() {
  backoff_.reset();
  if (state_ == ConnectivityState::kTransientFailure && connection_ == nullptr) expired();
}

void Subchannel::expired() noexcept {
  disarm();
  become(ConnectivityState::kIdle);
}

void Subchannel::rest() {
  if (state_ != ConnectivityState::kReady) return;
  stop_watching();
  std::exchange(connection_, nullptr)->leave_subchannel();
  resting_ = true;
  become(ConnectivityState::kIdle);
}

void Subchannel::connection_left(ClientConnection& connection) {
  if (connection_ != &connection) return;
  // Also one whose server is not healthy, or has not said.
  const bool was_made = state_ == ConnectivityState::kReady || !serving_;
  if (was_made) {
    stop_watching();
    connection_ = nullptr;
    connection.leave_subchannel();
    return become(ConnectivityState::kIdle);
  }
  if (!connection.lost()) return;  // GOAWAY before the greeting was acted on; its loss will follow
  failure_ = Status{StatusCode::kUnavailable, connection.reason()};
  connection_ = nullptr;
}

// Nothing of this object may be used afterwards: the owner may have replaced it.
void Subchannel::become(ConnectivityState state) {
  state_ = state;
  owner_.subchannel_changed(*this);
}

}  // namespace tern

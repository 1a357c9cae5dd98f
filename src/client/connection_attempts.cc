#include "client/connection_attempts.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>
#include <cassert>
#include <iterator>
#include <stdexcept>
#include <utility>

#include "async/error_text.h"
#include "client/channel_connections.h"
#include "client/connection_user.h"
#include "tern/async/with_timeout.h"
#include "transport/connector.h"
#include "transport/tls_stream.h"

namespace tern {

/// One address.
class ConnectionAttempts::Attempt final : public Job, private ConnectionUser {
 public:
  Attempt(ConnectionAttempts& owner, const transport::Address& address)
      : Job(owner.channel_.loop()), owner_(owner), channel_(owner.channel_), address_(address) {
    start(with_timeout(channel_.options().connect_timeout, run()));
  }
  Attempt(const Attempt&) = delete;
  Attempt& operator=(const Attempt&) = delete;
  ~Attempt() override {
    destroy_body();
    if (ClientConnection* late = take_connection(); late != nullptr) late->say_goodbye();
  }

  /// Gives it up to somebody else.
  ClientConnection* take_connection() noexcept {
    if (connection_ != nullptr) connection_->use_for(nullptr);
    return std::exchange(connection_, nullptr);
  }

 private:
  Task<void> run();
  Task<std::unique_ptr<transport::ByteStream>> connect();

  void finished(std::exception_ptr error) override {
    if (!error) return owner_.succeeded(*this);
    owner_.failed(why_not(error));
  }
  [[nodiscard]] std::string why_not(const std::exception_ptr& error) const;

  void connection_left(ClientConnection& connection) override {
    if (!connection.lost()) return;  // GOAWAY before the greeting was acted on; its loss will follow
    reason_ = connection.reason();
    connection_ = nullptr;
  }
  void connection_idle(ClientConnection& /*connection*/) override {}
  void connection_has_room(ClientConnection& /*connection*/) override {}

  ConnectionAttempts& owner_;
  ChannelConnections& channel_;
  const transport::Address& address_;
  ClientConnection* connection_ = nullptr;
  std::string reason_ = "the server takes no calls (GOAWAY)";  // it may say so in one breath with the greeting
};

Task<std::unique_ptr<transport::ByteStream>> ConnectionAttempts::Attempt::connect() {
  InProcess* in_process = channel_.options().in_process.get();
  if (in_process != nullptr) co_return in_process->connect(channel_.loop());
  co_return co_await transport::connect_to(channel_.loop(), address_);
}

Task<void> ConnectionAttempts::Attempt::run() {
  std::unique_ptr<transport::ByteStream> stream = co_await connect();
  if (ClientTls* tls = channel_.options().tls.get(); tls != nullptr) {
    transport::PeerName name = channel_.config().server_name().value();
    stream = co_await transport::connect_tls(channel_.loop(), std::move(stream), *tls, std::move(name),
                                             transport::Alpn::kHttp2);
  }
  assert(connection_ == nullptr);
  connection_ = &channel_.add(std::move(stream), *this);
  const std::shared_ptr<Event> greeted = connection_->greeted();
  co_await greeted->wait();
  if (connection_ == nullptr || !connection_->usable()) throw std::runtime_error(reason_);
}

std::string ConnectionAttempts::Attempt::why_not(const std::exception_ptr& error) const {
  const std::string name = channel_.options().in_process != nullptr ? channel_.config().target() : address_.to_string();
  try {
    std::rethrow_exception(error);
  } catch (const TimedOut&) {
    return fmt::format("{}: no answer within {}", name,
                       std::chrono::duration_cast<std::chrono::milliseconds>(channel_.options().connect_timeout));
  } catch (const Cancelled&) {
    return fmt::format("{}: given up", name);
  } catch (...) {
    return fmt::format("{}: {}", name, error_text(error));
  }
}

ConnectionAttempts::ConnectionAttempts(ChannelConnections& channel, std::vector<transport::Address> addresses,
                                       Done done)
    : Job(channel.loop()), channel_(channel), addresses_(std::move(addresses)), done_(std::move(done)) {
  start(with_timeout(channel_.options().connect_timeout, look_up()));
}

ConnectionAttempts::~ConnectionAttempts() { destroy_body(); }

Task<void> ConnectionAttempts::look_up() {
  if (channel_.options().in_process != nullptr) co_return;
  if (std::ranges::none_of(addresses_, &transport::Address::by_name)) co_return;
  std::vector<transport::Address> found;
  for (const transport::Address& host : addresses_) {
    std::vector<transport::Address> its = co_await transport::look_up(channel_.loop(), host);
    std::ranges::move(its, std::back_inserter(found));
  }
  addresses_ = std::move(found);
}

void ConnectionAttempts::finished(std::exception_ptr error) {
  if (error) {
    try {
      std::rethrow_exception(error);
    } catch (const TimedOut&) {
      failures_ = "the name was not found in time";
    } catch (const Cancelled&) {
      failures_ = "given up";
    } catch (...) {
      failures_ = error_text(error);
    }
    return end(nullptr);
  }
  addresses_ = interleave_families(std::move(addresses_));
  assert(!addresses_.empty() && !connecting_.has_value());
  connecting_.emplace(addresses_.size());
  follow(connecting_->begin());
}

void ConnectionAttempts::follow(Connecting::Step step) {
  disarm();
  if (step.wait) channel_.loop().arm(*this, Clock::now() + Connecting::kDelay);
  assert(!step.start || *step.start < addresses_.size());
  if (step.start) attempts_.push_back(std::make_unique<Attempt>(*this, addresses_[*step.start]));
}

void ConnectionAttempts::expired() noexcept { follow(connecting_->delay_passed()); }

void ConnectionAttempts::succeeded(Attempt& attempt) {
  assert(connecting_.has_value() && !connecting_->connected());
  connecting_->succeeded();
  end(attempt.take_connection());
}

void ConnectionAttempts::failed(const std::string& why) {
  if (!failures_.empty()) failures_ += "; ";
  failures_ += why;
  const Connecting::Step step = connecting_->failed();
  if (connecting_->all_failed()) return end(nullptr);
  if (step.start) follow(step);
}

void ConnectionAttempts::end(ClientConnection* connection) {
  disarm();
  assert(done_ != nullptr);  // once
  const Done done = std::move(done_);
  const std::string failure = "failed to connect: " + failures_;
  done(connection, failure);
}

}  // namespace tern

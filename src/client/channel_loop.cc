#include "client/channel_loop.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <utility>

#include "tern/async/with_timeout.h"
#include "transport/connector.h"
#include "transport/tls_stream.h"

namespace tern {

/// One attempt to connect, as a job of its own: the calls that wait for it may come and go.
class ChannelLoop::Attempt final : public Job {
 public:
  explicit Attempt(ChannelLoop& owner) : Job(owner.loop_), owner_(owner) {}

 private:
  void finished(std::exception_ptr error) override { owner_.attempt_ended(error); }
  ChannelLoop& owner_;
};

ChannelLoop::ChannelLoop(Loop& loop, transport::Address address, ChannelOptions options)
    : loop_(loop), address_(std::move(address)), options_(std::move(options)) {
  // The server may not push, so it never opens a stream here.
  settings_.max_concurrent_streams = 0;
}

ChannelLoop::~ChannelLoop() {
  while (!connections_.empty()) delete &connections_.pop_front();
}

ClientConnection* ChannelLoop::usable() noexcept {
  return current_ != nullptr && current_->usable() ? current_ : nullptr;
}

void ChannelLoop::wait_for_connection(ConnectionWaiter& waiter) {
  if (closed_) return waiter.connection_settled(nullptr, Status{StatusCode::kCancelled, "the channel was closed"});
  waiting_.push_back(waiter);
  if (attempt_) return;
  attempt_ = std::make_unique<Attempt>(*this);
  attempt_->start(with_timeout(options_.connect_timeout, connect()));
}

Task<void> ChannelLoop::connect() {
  std::unique_ptr<transport::ByteStream> stream = co_await transport::connect(loop_, address_);
  if (options_.tls != nullptr) {
    std::string name = options_.tls->server_name();
    if (name.empty()) name = address_.is_unix() ? "localhost" : address_.host;
    stream = co_await transport::connect_tls(loop_, std::move(stream), options_.tls->context(), std::move(name));
  }
  auto* connection = new ClientConnection(*this, std::move(stream));
  connections_.push_back(*connection);
  connection->start();
  current_ = attempted_ = connection;
  const std::shared_ptr<Event> greeted = connection->greeted();
  co_await greeted->wait();
}

void ChannelLoop::attempt_ended(const std::exception_ptr& error) {
  attempt_.reset();
  Status failure{StatusCode::kUnavailable, "failed to connect to " + address_.to_string() + ": " + failure_};
  try {
    if (error) std::rethrow_exception(error);
  } catch (const TimedOut&) {
    failure = Status{StatusCode::kUnavailable,
                     fmt::format("failed to connect: no answer from {} within {}", address_.to_string(),
                                 std::chrono::duration_cast<std::chrono::milliseconds>(options_.connect_timeout))};
  } catch (const std::exception& thrown) {
    failure = Status{StatusCode::kUnavailable, thrown.what()};
  } catch (const Cancelled&) {
    failure = Status{StatusCode::kCancelled, "the channel was closed"};
  }
  if (error && attempted_ != nullptr) attempted_->say_goodbye();
  attempted_ = nullptr;
  ClientConnection* connection = usable();
  while (!waiting_.empty()) waiting_.pop_front().connection_settled(connection, failure);
}

void ChannelLoop::close() {
  closed_ = true;
  if (attempt_) attempt_->cancel();
  connections_.for_each([](ClientConnection& connection) { connection.say_goodbye(); });
}

void ChannelLoop::remove(ClientConnection& connection) {
  if (current_ == &connection) current_ = nullptr;
  if (attempted_ == &connection) {
    attempted_ = nullptr;
    failure_ = connection.reason();
  }
  delete &connection;
}

}  // namespace tern

#include "client/hedging.h"

#include <algorithm>
#include <utility>

#include "client/channel_core.h"
#include "client/client_connection.h"
#include "client/request_fields.h"
#include "rpc/timeout.h"

namespace tern {

/// Waits for a connection, then for the first header block.
class ClientCall::Hedging::Attempt final : public http2::Stream, private ConnectionWaiter {
 public:
  Attempt(Hedging& owner, int number) : owner_(owner), call_(owner.call_), number_(number) {}

  void seek_connection() {
    ChannelLoop& part = call_.channel_->part_here();
    ClientConnection* connection = part.pick(call_.method_, call_.metadata_);
    if (connection != nullptr && open_on(*connection)) return;
    part.wait_for_connection(*this);
  }

  void stop() noexcept {
    under_way_ = false;
    ListNode<ConnectionWaiter>::unlink();
    renew(true);
  }

  [[nodiscard]] bool under_way() const noexcept { return under_way_; }
  [[nodiscard]] ClientConnection* connection() const noexcept { return connection_; }

 private:
  bool open_on(ClientConnection& connection) {
    if (!call_.open_stream(connection, *this, number_)) return false;
    connection_ = &connection;
    // A buffer waits in one queue only.
    send_data(number_ == 0 ? call_.request_ : Buffer::copy_of(call_.request_.bytes()));
    send_end();
    return true;
  }

  void connection_settled(ClientConnection* connection, const Status& failure) override {
    if (connection != nullptr && open_on(*connection)) return;
    under_way_ = false;
    if (connection == nullptr) return owner_.failed(failure, nullptr, false);
    owner_.failed(Status{StatusCode::kUnavailable, "the server takes no new calls"}, nullptr, true);
  }
  [[nodiscard]] bool waits_for_ready() const noexcept override { return call_.waits_for_ready(); }
  [[nodiscard]] std::string_view method() const noexcept override { return call_.method_; }
  [[nodiscard]] const Metadata& sent_metadata() const noexcept override { return call_.metadata_; }

  void on_headers(const http2::HeaderBlockRef& block, std::string_view aside, bool ended) override {
    const std::shared_ptr<const rpc::ResponseBlock> read = read_response(*block);
    Status status = ended ? rpc::final_status(*read, read.get()) : Status{};
    const bool decides = !ended || status.ok() || owner_.is_fatal(status);
    under_way_ = false;
    if (decides) return owner_.won(*this, block, aside, ended);
    renew(unsent() > 0);
    call_.last_ = read;  // the call's trailing metadata, should no attempt succeed
    owner_.failed(std::move(status), read.get(), false);
  }
  void on_headers_too_long(const http2::HeaderBlock& /*begun*/, http2::HeaderListSize size) override {
    under_way_ = false;
    renew(true);
    owner_.failed(call_.metadata_too_long(size), nullptr, false);
  }
  // Nothing but headers comes first, and then another object carries the stream.
  void on_data(std::span<const std::uint8_t> /*bytes*/) override {}
  void on_end() override {}
  void on_closed(http2::ErrorCode code) override {
    under_way_ = false;
    owner_.failed(connection_->status_of_close(code, call_.deadline_), nullptr,
                  code == http2::ErrorCode::kRefusedStream);
  }

  Hedging& owner_;
  ClientCall& call_;
  int number_;
  bool under_way_ = true;
  ClientConnection* connection_ = nullptr;
};

ClientCall::Hedging::Hedging(ClientCall& call, const HedgingPolicy& policy) : call_(call), policy_(policy) {}
ClientCall::Hedging::~Hedging() = default;

bool ClientCall::Hedging::is_fatal(const Status& status) const {
  return !policy_.not_fatal.test(static_cast<std::size_t>(status.code()));
}

bool ClientCall::Hedging::may_send_more() const noexcept { return !stopped_ && sent_ < policy_.max_attempts; }

std::size_t ClientCall::Hedging::under_way() const noexcept {
  return static_cast<std::size_t>(
      std::count_if(attempts_.begin(), attempts_.end(), [](const auto& attempt) { return attempt->under_way(); }));
}

void ClientCall::Hedging::send_next() {
  disarm();
  ChannelLoop& part = call_.channel_->part_here();
  if (sent_ > 0 && !part.throttle().allows()) stopped_ = true;
  if (!may_send_more()) {
    if (under_way() == 0) call_.finish(last_);
    return;
  }
  Attempt& attempt = *attempts_.emplace_back(std::make_unique<Attempt>(*this, sent_++));
  if (may_send_more()) part.loop().arm(*this, Clock::now() + policy_.delay);
  attempt.seek_connection();
}

void ClientCall::Hedging::stop() noexcept {
  stopped_ = true;
  disarm();
  for (const auto& attempt : attempts_) {
    if (attempt->under_way()) attempt->stop();
  }
}

void ClientCall::Hedging::won(Attempt& attempt, const http2::HeaderBlockRef& block, std::string_view aside,
                              bool ended) {
  stop();
  call_.last_ = nullptr;
  call_.connection_ = attempt.connection();
  call_.commit();
  call_.take_over(attempt);
  call_.on_headers(block, aside, ended);
}

void ClientCall::Hedging::failed(Status status, const rpc::ResponseBlock* block, bool unprocessed) {
  if (call_.decided()) return;
  if (unprocessed && !std::exchange(call_.retried_unprocessed_, true)) {
    --sent_;  // no handler has seen it
    return send_next();
  }
  last_ = std::move(status);
  if (is_fatal(last_)) return call_.finish(last_);
  call_.channel_->part_here().throttle().failed();
  if (block != nullptr && block->retry_pushback()) {
    const auto delay = rpc::parse_milliseconds(*block->retry_pushback());
    if (delay) {
      if (may_send_more()) return call_.channel_->part_here().loop().arm(*this, Clock::now() + *delay);
    } else {
      stopped_ = true;
    }
  }
  send_next();
}

}  // namespace tern

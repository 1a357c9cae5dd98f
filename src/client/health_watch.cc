#include "client/health_watch.h"

#include <fmt/format.h>
#include <google/protobuf/wrappers.pb.h>

#include <cassert>
#include <optional>
#include <utility>

#include "call/message_stream.h"
#include "client/backoff.h"
#include "client/request_fields.h"
#include "rpc/codec.h"
#include "tern/async/sleep.h"
#include "text/log.h"

namespace tern {

namespace {

constexpr std::string_view kMethod = "/grpc.health.v1.Health/Watch";
// HealthCheckRequest is { string service = 1 }, as StringValue is; HealthCheckResponse { enum status = 1 } is read as
// an Int32Value.
using Request = google::protobuf::StringValue;
using Response = google::protobuf::Int32Value;
constexpr int kServing = 1;
constexpr std::size_t kLongestResponse = 4096;

}  // namespace

/// One Watch call.
class HealthWatch::Call final : public MessageStream {
 public:
  explicit Call(ClientConnection& connection) : MessageStream(kLongestResponse), connection_(connection) {}
  Call(const Call&) = delete;
  Call& operator=(const Call&) = delete;
  ~Call() override {
    if (open()) connection_.carry_in_background(nullptr);
  }

  [[nodiscard]] bool start(const ChannelConfig& channel, const std::string& service) {
    assert(!open() && !over_);
    http2::HeaderFields fields;
    append_request_fields(fields, channel, kMethod);
    if (!connection_.open(*this, fields)) return false;
    connection_.carry_in_background(this);
    Request request;
    request.set_value(service);
    send_data(rpc::encode_message(request, SIZE_MAX));
    send_end();
    return true;
  }
  /// After its last message.
  [[nodiscard]] const Status& status() const noexcept { return status_; }

 private:
  void on_headers(const http2::HeaderBlockRef& block, std::string_view /*aside*/, bool ended) override {
    const std::shared_ptr<const rpc::ResponseBlock> read = read_response(*block);
    if (first_ == nullptr) first_ = read;
    if (ended) {
      last_ = read;
      on_end();
    } else if (Status problem = first_->problem(); !problem.ok()) {
      on_bad_message(std::move(problem));
    }
  }
  void on_end() override {
    assert(first_ != nullptr);
    over(rpc::final_status(*first_, last_.get()));
  }
  void on_closed(http2::ErrorCode code) override {
    assert(!open());
    connection_.carry_in_background(nullptr);
    over(connection_.status_of_close(code));
  }
  void on_bad_message(Status status) override {
    over(std::move(status));
    reset(http2::ErrorCode::kCancel);
  }
  void over(Status status) {
    if (std::exchange(over_, true)) return;
    status_ = std::move(status);
    release_waits();
  }

  ClientConnection& connection_;
  std::shared_ptr<const rpc::ResponseBlock> first_;
  std::shared_ptr<const rpc::ResponseBlock> last_;
  Status status_;
  bool over_ = false;
};

HealthWatch::HealthWatch(ChannelConnections& channel, ClientConnection& connection, std::string service, Told told)
    : Job(channel.loop()),
      channel_(channel),
      connection_(connection),
      service_(std::move(service)),
      told_(std::move(told)) {
  start(watch());
}

void HealthWatch::stop() noexcept {
  told_ = nullptr;
  cancel();
}

void HealthWatch::tell(bool serving, const std::string& why_not) {
  const Told told = told_;  // which may lead to stop()
  if (told) told(serving, why_not);
}

Task<void> HealthWatch::watch() {
  Backoff backoff{channel_.options().backoff};
  for (;;) {
    Call call{connection_};
    if (!call.start(channel_.config(), service_)) co_return;
    for (;;) {
      const std::optional<Buffer> bytes = co_await call.read_message();
      if (!bytes) break;
      Response response;
      const Status bad = rpc::decode_message(*bytes, response);
      const bool serving = bad.ok() && response.value() == kServing;
      tell(serving, fmt::format("{} says that \"{}\" does not serve", connection_.peer(), service_));
      backoff.reset();
    }
    if (call.status().code() == StatusCode::kUnimplemented) {
      log_warning("client", "{} has no grpc.health.v1.Health, which healthCheckConfig asks for: taken to be healthy",
                  connection_.peer());
      tell(true, {});
      co_return;
    }
    tell(false, fmt::format("the health of {} is not known: {}", connection_.peer(), call.status().to_string()));
    co_await sleep(backoff.next());
  }
}

}  // namespace tern

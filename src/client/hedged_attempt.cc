#include "client/hedged_attempt.h"

#include <cassert>
#include <utility>

#include "client/channel_core.h"
#include "client/client_connection.h"
#include "client/request_fields.h"
#include "rpc/message_reader.h"

// Only the first header block tells whether an attempt is the one that the call goes on with. So an attempt is a stream
// that receives nothing but that block. When it comes, the call either takes the whole stream over
// (Stream::take_over), and everything after the block arrives at the call, or it drops the stream. The attempt object
// itself stays until its call ends, since it may be in the middle of one of its events.
namespace tern {

HedgedAttempt::HedgedAttempt(Call& call, ChannelCore& channel, Request request)
    : call_(call), channel_(channel), request_(std::move(request)) {}

HedgedAttempt::~HedgedAttempt() {
  if (report_.pending()) report_.stopped(given_up_by_client(), open(), bytes());
}

void HedgedAttempt::start() {
  assert(under_way_ && !open());
  report_.begun(channel_.config(), request_.head.method);
  ClientConnection* connection = channel_.part_here().connection_for(*this);
  if (connection != nullptr) connection_settled(connection, {});
}

void HedgedAttempt::stop(const Status& status) noexcept {
  under_way_ = false;
  ListNode<ConnectionWaiter>::unlink();
  report_.stopped(status, open(), bytes());
  report_.forget();
  renew(true);
  assert(!open() && !report_.pending());
}

AttemptReport HedgedAttempt::take_report() noexcept { return std::exchange(report_, AttemptReport{}); }

bool HedgedAttempt::open_on(ClientConnection& connection) {
  const RequestFields fields{channel_.config(), request_.head, request_.attempts_before};
  if (const std::size_t limit = connection.peer_header_limit(); fields.exceed(limit)) {
    under_way_ = false;
    Status rejected = fields.too_long_for(limit);
    report_.stopped(rejected, false, {});
    call_.request_rejected(std::move(rejected));
    return true;
  }
  if (!connection.open(*this, fields.list())) return false;
  report_.opened(connection);
  assert(open() && request_.message.size() >= rpc::kPrefixBytes);
  sent_bytes_ = request_.message.size() - rpc::kPrefixBytes;
  send_data(std::move(request_.message));
  send_end();
  return true;
}

void HedgedAttempt::connection_settled(ClientConnection* connection, const Status& failure) {
  if (connection != nullptr && open_on(*connection)) return;
  under_way_ = false;
  if (connection == nullptr) return call_.attempt_failed(*this, failure, false);
  call_.attempt_failed(*this, Status{StatusCode::kUnavailable, "the server takes no new calls"}, true);
}

void HedgedAttempt::on_headers(const http2::HeaderBlockRef& block, std::string_view aside, bool ended) {
  assert(under_way_ && open());
  under_way_ = false;
  call_.attempt_answered(*this, block, aside, ended);
}

void HedgedAttempt::on_headers_too_long(const http2::HeaderBlock& begun, http2::HeaderListSize size) {
  under_way_ = false;
  call_.attempt_answered_at_length(*this, begun, size);
}

// A stream that was stopped, dropped or taken over is not open here, and is not closed here either.
void HedgedAttempt::on_closed(http2::ErrorCode code) {
  assert(under_way_ && report_.connection() != nullptr);
  under_way_ = false;
  call_.attempt_failed(*this, report_.connection()->status_of_close(code, request_.head.deadline),
                       code == http2::ErrorCode::kRefusedStream);
}

// A buffer waits in one queue only, so each attempt but the first has a copy.
void HedgedAttempts::start(HedgedAttempt::Call& call, ChannelCore& channel, HedgedAttempt::Request request) {
  if (!attempts_.empty()) request.message = Buffer::copy_of(request.message.bytes());
  attempts_.push_back(std::make_unique<HedgedAttempt>(call, channel, std::move(request)));
  HedgedAttempt& attempt = *attempts_.back();  // starting may add another one
  attempt.start();
}

void HedgedAttempts::stop(const Status& status) noexcept {
  for (const auto& attempt : attempts_) {
    if (attempt->under_way()) attempt->stop(status);
  }
}

}  // namespace tern

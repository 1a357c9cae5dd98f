#include "rest/http1_connection.h"

#include <utility>

#include "async/error_text.h"
#include "rest/http1_response_head.h"
#include "rest/no_body.h"
#include "rest/part.h"
#include "text/log.h"

namespace tern::rest {

Http1Connection::Http1Connection(Part& part, std::unique_ptr<transport::ByteStream> stream, std::string first_bytes)
    : Job(part.loop()),
      part_(part),
      memory_(http2::kNoLimit, part.memory()),
      stream_(std::move(stream), std::move(first_bytes), *this, part.site().options().write_timeout),
      peer_(stream_.peer()),
      scheme_(stream_.secure() ? "https" : "http"),
      context_{stream_, memory_, part.site(), peer_, refusals_} {}

void Http1Connection::begin_stop(std::chrono::nanoseconds idle) {
  stopping_ = true;
  if (exchange_) {
    exchange_->close_after();
  } else if (idle.count() > 0) {
    part_.loop().arm(idle_end_, Clock::now() + idle);
  } else {
    cancel();
  }
}

void Http1Connection::idle_for_too_long() {
  if (!exchange_) cancel();
}

void Http1Connection::end_at_once() {
  if (exchange_) {
    exchange_->end_at_once(part_.site());
    if (exchange_->answered_at_once()) responded_ = true;
  }
  cancel();
}

void Http1Connection::on_client_left() {
  if (exchange_) cancel();
}

void Http1Connection::on_write_timeout() {
  refused(Refusal::kStalled, "the client did not read its response in time (SiteOptions::write_timeout)");
}

void Http1Connection::refused(Refusal why, std::string_view text) {
  tell_refused(part_.site(), &refusals_, {.why = why, .peer = peer_, .text = text});
}

void Http1Connection::finished(std::exception_ptr error) {
  // The last response must arrive although the client may still be sending (RFC 9112 §9.6). A client that is idle when
  // the server stops sends nothing, and is closed at once.
  if (responded_ && !stream_.ended()) part_.closing().add(stream_.release());
  try {
    if (error) std::rethrow_exception(error);
  } catch (const Cancelled&) {
    log_debug("rest", "connection of {}: cancelled: the client left, or the server stops", peer_);
  } catch (...) {
    log_debug("rest", "connection of {}: {}", peer_, error_text(error));
  }
  part_.remove(*this);
}

Task<void> Http1Connection::serve() {
  bool goes_on = true;
  do {
    Http1HeadReader reader{part_.site().options().max_header_length};
    const bool done = co_await read_head(reader);
    if (!done) co_return;
    if (reader.state() == Http1HeadReader::State::kRejected) {
      co_await reject(reader);
      break;
    }
    goes_on = co_await answer(std::move(reader.head()));
  } while (goes_on && !stopping_);
  responded_ = true;
}

// The limit is for the whole head: one that comes byte by byte holds its connection no longer than one that does not
// come.
Task<bool> Http1Connection::read_head(Http1HeadReader& reader) {
  const Clock::time_point limit = Clock::now() + part_.site().options().read_timeout;
  for (;;) {
    stream_.drop_input(reader.read(stream_.input()));
    if (reader.state() != Http1HeadReader::State::kReading) co_return true;
    if (stream_.ended()) co_return false;
    stream_.arrived().clear();
    stream_.want_read();
    const bool in_time = co_await stream_.arrived().wait(limit);
    if (in_time || Clock::now() < limit) continue;
    if (reader.begun()) {
      refused(Refusal::kHandshake, "the rest of a request's head did not arrive in time (SiteOptions::read_timeout)");
    }
    co_return false;
  }
}

Task<void> Http1Connection::reject(Http1HeadReader& reader) {
  const Http1Rejection& rejection = reader.rejection();
  refused(rejection.too_long() ? Refusal::kHeaders : Refusal::kProtocol, rejection.text);
  NoBody body;
  Request request{reader.head().method, reader.head().target, body, 0};
  request.fields = reader.head().fields;
  request.peer = peer_;
  request.scheme = scheme_;
  const Response response = part_.site().reject(request, HttpError{rejection.status, rejection.text});
  const std::string text = http1_last_response(response, reader.head().method == "HEAD");
  co_await stream_.write(text);
}

Task<bool> Http1Connection::answer(Http1Head head) {
  Http1Exchange& exchange = exchange_.emplace(context_, head);
  if (stopping_) exchange.close_after();
  Request request{std::move(head.method), std::move(head.target), exchange, part_.site().options().max_body_length};
  request.fields = std::move(head.fields);
  request.peer = peer_;
  request.scheme = scheme_;
  request.http_version = head.minor_version == 0 ? "1.0" : "1.1";
  stream_.want_read();  // so that the client's leaving is seen
  inherited.name = request.target.c_str();
  exchange.begin(request);
  co_await answer_and_send(part_.site(), request, exchange);
  inherited.name = nullptr;
  exchange.on_held(0);
  if (exchange.keeps_connection()) co_await exchange.skip_body();
  const bool goes_on = exchange.keeps_connection();
  exchange_.reset();
  co_return goes_on;
}

}  // namespace tern::rest

#include "rest/exchange.h"

#include <chrono>
#include <string>
#include <utility>

#include "call/notify.h"
#include "rest/connect_error.h"
#include "rest/http_date.h"
#include "rpc/job_trace.h"

namespace tern::rest {

namespace {

constexpr std::size_t kMuchToSpare = std::size_t{64} * 1024;

/// Nothing where only the pieces themselves will tell.
std::optional<std::size_t> length_of(const Response& response) {
  return response.pieces ? response.length : response.body.size();
}

/// Tells the observers of one request, and has its job work for the request's trace.
class Observation {
 public:
  Observation(const std::vector<RequestObserver*>& observers, Request& request, const Exchange::Sent& sent)
      : observers_(observers), request_(request), sent_(sent), begun_at_(Clock::now()), job_(Job::current()) {
    notify(observers_, [this](RequestObserver& observer) { observer.on_request_begun(request_); });
    if (job_ != nullptr && request_.trace != nullptr) rpc::set_trace(*job_, request_.trace);
  }
  Observation(const Observation&) = delete;
  Observation& operator=(const Observation&) = delete;
  ~Observation() {
    if (job_ != nullptr) rpc::set_trace(*job_, nullptr);
    const EndedRequest ended{
        .request = request_, .status = sent_.status, .took = Clock::now() - begun_at_, .bytes_sent = sent_.bytes};
    notify(observers_, [&ended](RequestObserver& observer) { observer.on_request_ended(ended); });
  }

 private:
  const std::vector<RequestObserver*>& observers_;
  Request& request_;
  const Exchange::Sent& sent_;
  Clock::time_point begun_at_;
  Job* job_;
};

}  // namespace

void tell_refused(const Answering& site, RefusalLog* log, const Refused& refused) noexcept {
  if (log != nullptr) log->note(refused.peer, refused.text);
  notify(site.observers(), [&refused](RequestObserver& observer) { observer.on_refused(refused); });
}

Task<void> Exchange::await_body(Event& arrived, Clock::time_point limit) {
  arrived.clear();
  const bool in_time = co_await arrived.wait(limit);
  if (stalled_) reject_body(kBodyStalled);
  if (!in_time && Clock::now() >= limit) reject_body(kBodyLate);
}

void Exchange::body_stalled(Event& arrived) {
  if (!arrived.waited_for()) return;  // it is not the client that does not go on
  stalled_ = true;
  arrived.set();
}

void Exchange::reject_body(const BodyRefusal& refusal) {
  rejected_ = true;
  refused(refusal.why, refusal.text);
  throw CodedHttpError{refusal.status, refusal.code, std::string{refusal.text}};
}

void Exchange::end_at_once(const Answering& site) {
  if (std::exchange(over_, true) || sent_.status != 0) return;
  const Response response = site.reject(*request_, HttpError{503, "the server is shutting down"});
  answered_at_once_ = send_at_once(response);
  if (answered_at_once_) sent_ = {.status = response.status, .bytes = response.body.size()};
}

void Exchange::begin_head(unsigned status) {
  go_on();
  sent_.status = status;
}

void Exchange::go_on(std::size_t bytes) {
  if (over_) throw Cancelled{};
  sent_.bytes += bytes;
}

void Exchange::on_too_long() { refused(Refusal::kMessages, "a body too long (max_body_length)"); }

namespace {

Response refuse_to_hold(const Answering& site, const Request& request, Exchange& exchange) {
  exchange.refused(Refusal::kMessages, http2::kNothingIsTaken);
  return site.reject(request, CodedHttpError{503, StatusCode::kResourceExhausted, std::string{http2::kNothingIsTaken}});
}

/// Who asks for much and takes nothing would have the server hold it all.
Task<Response> answer_where_there_is_room(const Answering& site, Request& request, Exchange& exchange) {
  if (http2::MemoryBudget* memory = exchange.memory(); memory != nullptr && memory->crowded()) {
    const bool room = co_await memory->until_not_crowded();
    if (!room) co_return refuse_to_hold(site, request, exchange);
  }
  Response response = co_await site.answer(request);
  // It may have to wait for its client.
  if (response.body.capacity() - response.body.size() > kMuchToSpare) response.body.shrink_to_fit();
  const http2::MemoryBudget* memory = exchange.memory();
  if (memory != nullptr && !memory->allows(response.body.size(), 0)) {
    co_return refuse_to_hold(site, request, exchange);
  }
  co_return response;
}

}  // namespace

Task<void> answer_and_send(const Answering& site, Request& request, Exchange& exchange) {
  std::optional<Observation> observation;
  if (!site.observers().empty()) observation.emplace(site.observers(), request, exchange.sent());
  if (exchange.ends_when_begun()) exchange.end_at_once(site);
  exchange.go_on();
  Response response = co_await answer_where_there_is_room(site, request, exchange);
  exchange.begin_head(response.status);
  const bool head_only = request.method == "HEAD" || has_no_body(response.status);
  const std::optional<std::size_t> length = length_of(response);
  if (head_only) {
    if (request.method == "HEAD" && length) response.fields.set("content-length", std::to_string(*length));
    co_await exchange.send_head(response, 0);
  } else {
    co_await exchange.send_head(response, length);
    if (response.pieces) {
      while (std::optional<std::string> piece = co_await response.pieces.next()) {
        exchange.go_on(piece->size());
        if (!piece->empty()) co_await exchange.send_piece(*std::move(piece));
      }
    } else if (!response.body.empty()) {
      exchange.go_on(response.body.size());
      co_await exchange.send_piece(std::move(response.body));
    }
  }
  exchange.go_on();
  co_await exchange.finish();
}

std::string_view date_now() {
  static thread_local std::time_t second = 0;
  static thread_local std::string text;
  const std::time_t now = std::chrono::system_clock::to_time_t(std::chrono::system_clock::now());
  if (now != second) {
    second = now;
    text = http_date(std::chrono::sys_seconds{std::chrono::seconds{now}});
  }
  return text;
}

}  // namespace tern::rest

#include "rest/part.h"

#include <utility>

#include "rest/debug_layout.h"
#include "rest/http1_connection.h"
#include "rest/http2_exchange.h"
#include "tern/call/running_call.h"

namespace tern::rest {

Part::Part(Loop& loop, http2::LoopBudget& memory, transport::LingeringCloses& closing, const Answering& site,
           std::function<void()> emptied)
    : loop_(loop), memory_(memory), closing_(closing), site_(site), emptied_(std::move(emptied)) {
  add_debug_layout(rest_layout());
}

Part::~Part() {
  while (!connections_.empty()) delete &connections_.pop_front();
  while (!exchanges_.empty()) delete &exchanges_.pop_front();
}

void Part::serve_connection(std::unique_ptr<transport::ByteStream> stream, std::string first_bytes) {
  if (over_) return;
  auto* connection = new Http1Connection(*this, std::move(stream), std::move(first_bytes));
  connections_.push_back(*connection);
  if (stopping_) connection->serve_one();
  connection->start();
}

void Part::serve_stream(http2::Stream& stream, const http2::HeaderBlockRef& head, std::string_view timeout, bool ended,
                        const std::string& peer, RefusalLog& refusals) {
  auto* exchange = new Http2Exchange(*this, stream, *head, timeout, ended, peer, refusals);
  exchanges_.push_back(*exchange);
  exchange->start(over_);
}

void Part::reject_stream(http2::Stream& stream, const http2::HeaderBlock& begun, unsigned status, std::string_view text,
                         const std::string& peer, RefusalLog& refusals) {
  auto* exchange = new Http2Exchange(*this, stream, begun, {}, false, peer, refusals);
  exchanges_.push_back(*exchange);
  exchange->reject(HttpError{status, std::string{text}});
}

void Part::begin_stop(std::chrono::nanoseconds http1_idle) {
  stopping_ = true;
  connections_.for_each([http1_idle](Http1Connection& connection) { connection.begin_stop(http1_idle); });
}

void Part::cancel() {
  over_ = true;
  connections_.for_each([](Http1Connection& connection) { connection.end_at_once(); });
  exchanges_.for_each([](Http2Exchange& exchange) { exchange.end_at_once(); });
}

void Part::remove(Http1Connection& connection) {
  delete &connection;
  if (empty()) emptied_();
}

void Part::remove(Http2Exchange& exchange) {
  delete &exchange;
  if (empty()) emptied_();
}

void Part::add_running(std::vector<RunningCall>& calls) {
  const auto add = [&calls](const Job& job, const std::string& peer) {
    if (job.inherited.name == nullptr) return;  // a connection between two requests
    JobStack stack{job};
    std::string awaits = stack.awaits();
    calls.push_back({.method = std::string{"HTTP "} + job.inherited.name,
                     .peer = peer,
                     .started = {},
                     .deadline = job.inherited.deadline,
                     .cancelled = job.cancelled(),
                     .awaits = std::move(awaits),
                     .stack = std::move(stack)});
  };
  connections_.for_each([&add](const Http1Connection& connection) { add(connection, connection.peer()); });
  exchanges_.for_each([&add](const Http2Exchange& exchange) { add(exchange, exchange.peer()); });
}

}  // namespace tern::rest

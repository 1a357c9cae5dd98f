// Whether the connection goes on is decided once, as the response's head is made. It does when what is left of the
// body has arrived already, or is short and its length known: then it is skipped. Else it may be without end, or never
// come ("Expect: 100-continue"), and the head says "connection: close" (RFC 9112 §9.3 and §9.6).
#include "rest/http1_exchange.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <iterator>
#include <utility>

#include "rest/http1_response_head.h"
#include "rest/status_json.h"

namespace tern::rest {

namespace {

// Reading this much costs less than a new connection.
constexpr std::size_t kSkippedBytes = std::size_t{64} * 1024;

// Small pieces are sent as one with what surrounds them: each would become a record of TLS.
constexpr std::size_t kCopiedBytes = std::size_t{4} * 1024;

/// Bytes that wait to be sent, as long as this lives.
class Unsent {
 public:
  Unsent(http2::MemoryBudget& memory, std::size_t size) noexcept : memory_(memory), size_(size) {
    memory_.take_unsent(size_);
  }
  Unsent(const Unsent&) = delete;
  Unsent& operator=(const Unsent&) = delete;
  ~Unsent() { memory_.give_unsent(size_); }

 private:
  http2::MemoryBudget& memory_;
  std::size_t size_;
};

}  // namespace

Http1Exchange::Http1Exchange(const Http1Context& context, const Http1Head& head)
    : context_(context),
      body_(head.framing, context.site.options().max_header_length),
      is_head_(head.method == "HEAD"),
      knows_chunks_(head.minor_version > 0),
      expects_continue_(head.expects_continue),
      keep_alive_(head.keep_alive) {
  context_.memory.intake().receive_for(*this);
}

void Http1Exchange::refused(Refusal why, std::string_view text) {
  tell_refused(context_.site, &context_.refusals, {.why = why, .peer = context_.peer, .text = text});
}

void Http1Exchange::on_held(std::size_t bytes) { context_.memory.intake().change(std::exchange(held_, bytes), bytes); }

std::string Http1Exchange::decode_arrived() {
  std::string piece;
  while (piece.size() < Http1Stream::kReadBytes) {
    const std::string_view input = context_.stream.input().substr(0, Http1Stream::kReadBytes - piece.size());
    const Http1BodyStep step = body_.read(input);
    piece += step.content;
    if (step.used == 0) break;
    context_.stream.drop_input(step.used);
  }
  return piece;
}

// The limit of time is the next piece's, whatever comes in between: chunks may have extensions without end.
Task<std::optional<std::string>> Http1Exchange::read_body() {
  Clock::time_point limit = Clock::time_point::max();
  for (;;) {
    std::string piece = decode_arrived();
    if (!piece.empty()) {
      may_take_ -= std::min(may_take_, piece.size());
      co_return piece;
    }
    if (const std::optional<Http1Rejection> rejection = body_.rejection()) {
      reject_body({.status = rejection->status,
                   .why = rejection->too_long() ? Refusal::kHeaders : Refusal::kProtocol,
                   .text = rejection->text,
                   .code = code_of_http_status(rejection->status)});
    }
    if (body_.whole()) co_return std::nullopt;
    if (expects_continue_) co_await tell_to_continue();
    const bool waited = co_await turn_to_receive();
    if (waited || limit == Clock::time_point::max()) limit = Clock::now() + context_.site.options().read_timeout;
    if (!context_.stream.input().empty()) continue;
    if (context_.stream.ended()) reject_body(kBodyLate);
    context_.stream.want_read();
    co_await await_body(context_.stream.arrived(), limit);
  }
}

Task<bool> Http1Exchange::turn_to_receive() {
  bool waited = false;
  while (may_take_ == 0) {
    room_.clear();  // may_receive() might set it
    if (context_.memory.intake().may_receive()) break;
    waited = true;
    context_.stream.set_read_ahead(Http1Stream::kReadBytes);
    co_await room_.wait();
    context_.stream.set_read_ahead(Http1Stream::kReadAheadBytes);
  }
  co_return waited;
}

// A piece at a time; what is in the buffers already is not counted again.
std::size_t Http1Exchange::on_room(std::size_t bytes) {
  may_take_ = std::min(bytes, Http1Stream::kReadBytes);
  room_.set();
  return may_take_;
}

Task<void> Http1Exchange::tell_to_continue() {
  expects_continue_ = false;
  co_await context_.stream.write("HTTP/1.1 100 Continue\r\n\r\n");
}

bool Http1Exchange::may_skip_rest() const {
  if (body_rejected() || body_.rejection()) return false;
  if (body_.ends_within(context_.stream.input())) return true;
  const std::optional<std::uint64_t> left = body_.left();
  return !expects_continue_ && left && *left <= kSkippedBytes;
}

Task<void> Http1Exchange::skip_body() {
  for (;;) {
    const std::optional<std::string> dropped = co_await read_body();
    if (!dropped) co_return;
  }
}

// RFC 9112 §6: a length where it is known, chunks to those that know them, and the connection's end to the others.
Task<void> Http1Exchange::send_head(const Response& response, std::optional<std::size_t> length) {
  // The pieces may be made from the body, and no 100 may come after the head.
  if (response.pieces && expects_continue_) co_await tell_to_continue();
  if (!may_skip_rest()) keep_alive_ = false;
  expects_continue_ = false;
  const bool bodiless = is_head_ || has_no_body(response.status);
  chunked_ = !length && knows_chunks_;
  if (!length && !knows_chunks_) keep_alive_ = false;
  waiting_head_ = http1_response_head(response, {.length = bodiless ? std::nullopt : length,
                                                 .chunked = chunked_,
                                                 .close = !keep_alive_,
                                                 .say_keep_alive = !knows_chunks_});
  // Pieces may take their time; a body follows at once.
  if (response.pieces && !bodiless) co_await context_.stream.write(std::exchange(waiting_head_, {}));
}

// The connection closes after it: the rest of the request's body will not be read.
bool Http1Exchange::send_at_once(const Response& response) {
  keep_alive_ = false;
  return context_.stream.write_at_once(http1_last_response(response, is_head_));
}

Task<void> Http1Exchange::send_piece(std::string piece) {
  const Unsent counted{context_.memory, piece.size()};
  std::string before = std::exchange(waiting_head_, {});
  if (chunked_) fmt::format_to(std::back_inserter(before), "{:x}\r\n", piece.size());
  const std::string_view after = chunked_ ? std::string_view{"\r\n"} : std::string_view{};
  if (piece.size() <= kCopiedBytes) {
    before += piece;
    before += after;
    co_await context_.stream.write(before);
  } else {
    std::array pieces{piece_of(before), piece_of(piece), piece_of(after)};
    co_await context_.stream.write(pieces);
  }
}

Task<void> Http1Exchange::finish() {
  if (chunked_) waiting_head_ += "0\r\n\r\n";
  if (!waiting_head_.empty()) co_await context_.stream.write(waiting_head_);
}

}  // namespace tern::rest

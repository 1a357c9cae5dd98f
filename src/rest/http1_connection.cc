#include "rest/http1_connection.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <array>
#include <boost/beast/http/error.hpp>
#include <boost/beast/http/status.hpp>
#include <iterator>
#include <utility>

#include "rest/part.h"
#include "tern/async/with_timeout.h"
#include "tern/version.h"

namespace tern::rest {

namespace {

namespace http = boost::beast::http;

constexpr std::size_t kReadBytes = std::size_t{16} * 1024;
thread_local std::array<std::uint8_t, kReadBytes> read_buffer;

// A client that sends ahead of what is answered waits above this.
constexpr std::size_t kReadAhead = std::size_t{64} * 1024;

// A client that is refused while it still sends is listened to for this long, or it would lose the answer with the
// connection (RFC 9112 §9.6).
constexpr std::chrono::seconds kLinger{1};

/// What a request that cannot be read is answered with.
unsigned refusal(const boost::system::error_code& error) { return error == http::error::header_limit ? 431 : 400; }

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

iovec piece_of(std::string_view text) { return {.iov_base = const_cast<char*>(text.data()), .iov_len = text.size()}; }

/// In absolute form it has the host before the path (RFC 9112 §3.2.2).
std::string_view without_host(std::string_view target) {
  for (const std::string_view scheme : {std::string_view{"http://"}, std::string_view{"https://"}}) {
    if (!target.starts_with(scheme)) continue;
    const std::size_t path = target.find('/', scheme.size());
    return path == std::string_view::npos ? std::string_view{"/"} : target.substr(path);
  }
  return target;
}

}  // namespace

Http1Connection::Http1Connection(Part& part, std::unique_ptr<transport::ByteStream> stream, std::string first_bytes)
    : Job(part.loop()),
      part_(part),
      memory_(SIZE_MAX, part.memory()),
      stream_(std::move(stream)),
      peer_(stream_->peer()),
      input_(std::move(first_bytes)) {
  memory_.intake().receive_for(*this);
}

void Http1Connection::begin_stop() {
  stopping_ = true;
  if (!answering_) cancel();
}

void Http1Connection::finished(std::exception_ptr error) {
  try {
    if (error) std::rethrow_exception(error);
  } catch (const Cancelled&) {
    spdlog::debug("connection of {}: its client left, or the server ends", peer_);
  } catch (const std::exception& exception) {
    spdlog::debug("connection of {}: {}", peer_, exception.what());
  }
  part_.remove(*this);
}

Task<void> Http1Connection::serve() {
  while (keep_alive_ && !stopping_) {
    Parser parser;
    parser.header_limit(static_cast<std::uint32_t>(part_.site().options().max_header_length));
    parser.body_limit(boost::none);  // Request::body() has a limit, and says so
    answering_ = false;
    const bool whole = co_await read_head(parser);
    if (!whole) co_return;
    answering_ = true;
    want_read();  // so that the client's leaving is seen
    parser_ = &parser;
    co_await answer(parser);
    parser_ = nullptr;
    if (!keep_alive_ && !parser.is_done()) co_await linger();
  }
}

// All of it by then: one that comes byte by byte holds its connection no longer than one that does not come.
Task<bool> Http1Connection::read_head(Parser& parser) {
  const Clock::time_point limit = Clock::now() + part_.site().options().read_timeout;
  while (!parser.is_header_done()) {
    boost::system::error_code error;
    if (!input().empty()) take(parser.put(boost::asio::buffer(input()), error));
    if (error && error != http::error::need_more) {
      co_await refuse(refusal(error), "no well-formed HTTP request: " + error.message());
      co_await linger();
      co_return false;
    }
    if (parser.is_header_done()) break;
    const bool more = co_await read_more(limit);
    if (more) continue;
    if (parser.got_some() && !ended_) {
      refused(Refusal::kHandshake, "half of a request's head, and not the rest in time (read_timeout)");
    }
    co_return false;
  }
  co_return true;
}

void Http1Connection::refused(Refusal why, std::string_view text) {
  tell_refused(part_.site(), &refusals_, {.why = why, .peer = peer_, .text = text});
}

Task<void> Http1Connection::refuse(unsigned status, std::string why) {
  keep_alive_ = false;
  refused(status == 431 ? Refusal::kHeaders : Refusal::kProtocol, why);
  const Response response = Response::error(status, why);
  co_await send_head(response, response.body.size());
  co_await send_piece(response.body);
}

Task<void> Http1Connection::answer(Parser& parser) {
  const auto& head = parser.get();
  keep_alive_ = parser.keep_alive();
  chunked_ = false;
  const auto expectation = head.find(http::field::expect);
  expects_continue_ = expectation != head.end() && boost::beast::iequals(expectation->value(), "100-continue");

  Request request{std::string{head.method_string()}, std::string{without_host(head.target())}, *this,
                  part_.site().options().max_body_length};
  request.peer = peer_;
  std::string problem;
  try {
    for (const auto& field : head) request.fields.add(field.name_string(), field.value());
  } catch (const std::invalid_argument& error) {
    problem = error.what();
  }
  if (head.version() == 11 && head.count(http::field::host) != 1) problem = "a request has one field \"Host\"";
  if (!problem.empty()) {
    co_await refuse(400, std::move(problem));
    co_return;
  }
  work = request.target.c_str();
  co_await answer_and_send(part_.site(), request, *this);
  work = nullptr;
  on_held(0);
  if (stopping_) keep_alive_ = false;
  if (keep_alive_) keep_alive_ = co_await skip_body();
}

Task<bool> Http1Connection::skip_body() {
  if (expects_continue_ && !parser_->is_done()) co_return false;  // it may come or not
  std::size_t skipped = 0;
  while (const std::optional<std::string> piece = co_await read_body()) {
    skipped += piece->size();
    if (skipped > part_.site().options().max_body_length) co_return false;
  }
  co_return true;
}

Task<void> Http1Connection::linger() {
  answering_ = false;
  const Clock::time_point limit = Clock::now() + kLinger;
  while (!ended_ && Clock::now() < limit) {
    take(input().size());
    arrived_.clear();
    want_read();
    co_await arrived_.wait(limit);
  }
}

Task<std::optional<std::string>> Http1Connection::read_body() {
  if (parser_->is_done()) co_return std::nullopt;
  if (std::exchange(expects_continue_, false)) co_await write("HTTP/1.1 100 Continue\r\n\r\n");
  std::string piece(kReadBytes, '\0');
  for (;;) {
    http::buffer_body::value_type& body = parser_->get().body();
    body.data = piece.data();
    body.size = piece.size();
    boost::system::error_code error;
    const std::size_t used = input().empty() ? 0 : parser_->put(boost::asio::buffer(input()), error);
    take(used);
    if (error && error != http::error::need_more && error != http::error::need_buffer) {
      const std::string why = "the body is not well-formed: " + error.message();
      refuse_body({.status = 400, .why = Refusal::kProtocol, .text = why});
    }
    const std::size_t size = piece.size() - parser_->get().body().size;
    if (size > 0) {
      may_take_ -= std::min(may_take_, size);
      piece.resize(size);
      co_return piece;
    }
    if (parser_->is_done()) co_return std::nullopt;
    if (used > 0) continue;  // the head of a chunk
    co_await turn_to_receive();
    const bool more = co_await read_more(Clock::now() + part_.site().options().read_timeout);
    if (stalled_) refuse_body(kBodyStalled);
    if (!more) refuse_body(kBodyLate);
  }
}

Task<void> Http1Connection::turn_to_receive() {
  while (may_take_ == 0) {
    room_.clear();
    if (memory_.intake().may_receive()) co_return;
    co_await room_.wait();
  }
}

// A piece at a time; what is in the buffers already is not counted again.
std::size_t Http1Connection::on_room(std::size_t bytes) {
  may_take_ = std::min(bytes, kReadBytes);
  room_.set();
  return may_take_;
}

void Http1Connection::on_stalled() {
  if (!arrived_.waited_for()) return;  // it is not the client that does not go on
  stalled_ = true;
  arrived_.set();
}

void Http1Connection::refuse_body(const BodyRefusal& refusal) {
  keep_alive_ = false;
  refused(refusal.why, refusal.text);
  throw HttpError{refusal.status, std::string{refusal.text}};
}

Task<bool> Http1Connection::read_more(Clock::time_point limit) {
  const std::size_t before = input().size();
  while (input().size() == before && !ended_ && !stalled_) {
    arrived_.clear();
    want_read();
    const bool in_time = co_await arrived_.wait(limit);
    if (!in_time && Clock::now() >= limit) co_return false;
  }
  co_return input().size() != before;
}

void Http1Connection::want_read() {
  if (ended_ || std::exchange(reading_, true)) return;
  stream_->want_read(*this);
}

void Http1Connection::on_readable() {
  reading_ = false;
  // Who waits for a turn holds as little as can be.
  const std::size_t ahead = room_.waited_for() ? kReadBytes : kReadAhead;
  while (input().size() < ahead) {
    const transport::IoResult result = stream_->read(read_buffer);
    if (result.would_block) {
      want_read();
      break;
    }
    if (result.error || result.size == 0) {
      ended_ = true;
      if (answering_) cancel();
      break;
    }
    input_.append(reinterpret_cast<const char*>(read_buffer.data()), result.size);
  }
  arrived_.set();
}

void Http1Connection::take(std::size_t size) {
  taken_ += size;
  if (taken_ < input_.size()) return;
  taken_ = 0;
  input_.clear();
  if (input_.capacity() > kReadBytes) input_.shrink_to_fit();
}

Task<void> Http1Connection::write(std::span<iovec> pieces) {
  while (!pieces.empty()) {
    const transport::IoResult result = stream_->write(pieces);
    if (result.error) throw std::runtime_error(result.error.message());
    if (result.would_block) {
      const Clock::time_point limit = Clock::now() + part_.site().options().write_timeout;
      writable_.clear();
      stream_->want_write(*this);
      const bool in_time = co_await writable_.wait(limit);
      if (!in_time) {
        refused(Refusal::kStalled, "takes nothing of what is written to it (write_timeout)");
        throw TimedOut{};
      }
      continue;
    }
    std::size_t written = result.size;
    while (!pieces.empty() && written >= pieces.front().iov_len) {
      written -= pieces.front().iov_len;
      pieces = pieces.subspan(1);
    }
    if (written == 0) continue;
    pieces.front().iov_base = static_cast<char*>(pieces.front().iov_base) + written;
    pieces.front().iov_len -= written;
  }
}

Task<void> Http1Connection::write(std::string_view text) {
  iovec piece = piece_of(text);
  co_await write({&piece, 1});
}

// RFC 9112 §6: a length where it is known, chunks to those that know them, and the connection's end to the others.
Task<void> Http1Connection::send_head(const Response& response, std::optional<std::size_t> length) {
  const std::string_view reason = http::obsolete_reason(http::int_to_status(response.status));
  std::string head =
      fmt::format("HTTP/1.1 {} {}\r\nserver: {}\r\ndate: {}\r\n", response.status, reason, kUserAgent, date_now());
  for (const auto& [name, value] : response.fields) fmt::format_to(std::back_inserter(head), "{}: {}\r\n", name, value);
  const bool bodiless = has_no_body(response.status) || response.fields.get("content-length");
  const bool knows_chunks = parser_ == nullptr || parser_->get().version() == 11;
  if (length) {
    if (!bodiless) fmt::format_to(std::back_inserter(head), "content-length: {}\r\n", *length);
  } else if (knows_chunks) {
    chunked_ = true;
    head += "transfer-encoding: chunked\r\n";
  } else {
    keep_alive_ = false;
  }
  if (stopping_) keep_alive_ = false;
  const bool old = parser_ != nullptr && parser_->get().version() == 10;
  if (!keep_alive_) head += "connection: close\r\n";
  if (keep_alive_ && old) head += "connection: keep-alive\r\n";
  head += "\r\n";
  co_await write(head);
}

Task<void> Http1Connection::send_piece(std::string piece) {
  const Unsent counted{memory_, piece.size()};
  if (!chunked_) {
    co_await write(piece);
    co_return;
  }
  const std::string size = fmt::format("{:x}\r\n", piece.size());
  std::array pieces{piece_of(size), piece_of(piece), piece_of("\r\n")};
  co_await write(pieces);
}

Task<void> Http1Connection::finish() {
  if (chunked_) co_await write("0\r\n\r\n");
}

}  // namespace tern::rest

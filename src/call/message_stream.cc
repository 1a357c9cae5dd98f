#include "call/message_stream.h"

#include <algorithm>
#include <array>
#include <cassert>
#include <utility>

#include "async/awaiter_names.h"
#include "http2/memory_budget.h"
#include "rpc/compression.h"
#include "tern/async/job.h"
#include "tern/detail/misuse.h"

namespace tern {

namespace {

constexpr std::array<AwaiterName, 2> kNames{{
    {"tern::detail::ReadWait", "a message of the peer"},
    {"tern::detail::WriteWait", "the peer to read"},
}};
const AwaiterNames kMessageAwaiters{kNames};

}  // namespace

MessageStream::~MessageStream() {
  if (reading_ != nullptr) {
    reading_->stream_ = nullptr;
    reading_->wake();
  }
  if (writing_ != nullptr) {
    writing_->stream_ = nullptr;
    writing_->wake();
  }
  if (budget_ != nullptr) budget_->give(held_in_memory_);
}

void MessageStream::on_data(std::span<const std::uint8_t> bytes) {
  if (incoming_ended_) return;
  assert(open() && !paused_);
  held_ += bytes.size();
  const std::uint64_t before = reader_.count().messages;
  Status status = reader_.receive(bytes, incoming_);
  assert(reader_.count().messages >= before);
  count_received(reader_.count().messages - before);
  if (!recount() && status.ok()) {
    refuse_incoming(Status{StatusCode::kResourceExhausted,
                           "the connection or the server holds too many messages that were not read "
                           "(max_buffered_bytes_per_connection, max_buffered_bytes)"});
    return;
  }
  if (!status.ok()) {
    end_incoming();
    on_bad_message(std::move(status));
    return;
  }
  if (one_expected_ && reader_.count().messages > 1) {
    return refuse_incoming(Status{StatusCode::kUnimplemented,
                                  "received a second message where the method has one (a cardinality violation)"});
  }
  if (dropping_) {
    clear_incoming();
    open_window();
  } else if (!incoming_.empty()) {
    if (reading_ != nullptr) reading_->wake();
  } else {
    open_window_for_rest();
  }
}

void MessageStream::compress(Buffer& encoded, Compression compression) {
  encoded = rpc::compress_message(std::move(encoded), compression);
}

bool MessageStream::may_hold(std::size_t size) const noexcept {
  return budget_ == nullptr || budget_->allows(size, held_in_memory_ + unsent());
}

bool MessageStream::recount() noexcept {
  if (budget_ == nullptr) return true;
  const std::size_t now = incoming_.bytes() + reader_.allocated();
  const std::size_t before = std::exchange(held_in_memory_, now);
  hold_unfinished(reader_.unfinished());
  if (now <= before) {
    budget_->give(before - now);
    return true;
  }
  const bool allowed = budget_->allows(now - before, before + unsent());
  budget_->take(now - before);
  return allowed;
}

bool MessageStream::reader_waits() const noexcept { return reading_ != nullptr && reading_->waiting(); }

// One that nobody waits for is not the peer's fault.
void MessageStream::on_stalled() {
  if (incoming_ended_ || (!eager_ && !reader_waits())) return;
  refuse_incoming(Status{StatusCode::kResourceExhausted,
                         "a message was begun and not gone on with, while others waited for the room "
                         "(max_unfinished_bytes, max_long_message_bytes)"});
}

void MessageStream::refuse_incoming(Status status) {
  reader_ = rpc::MessageReader{reader_.limit()};
  clear_incoming();
  end_incoming();
  assert(incoming_.empty() && incoming_ended_);
  on_bad_message(std::move(status));
}

void MessageStream::clear_incoming() noexcept {
  incoming_.clear();
  static_cast<void>(recount());
}

void MessageStream::on_sent() {
  if (writing_ != nullptr && unsent() < kUnsentBytesPerCall) std::exchange(writing_, nullptr)->wake();
}

void MessageStream::pause() noexcept {
  paused_ = true;
  renew(false);
  assert(!open() && unsent() == 0);
}

void MessageStream::resume_anew() noexcept {
  assert(paused_ && open());
  paused_ = false;
  reader_ = rpc::MessageReader{reader_.limit()};  // which may be compressed or not, anew
  clear_incoming();
  incoming_ended_ = false;
  held_ = 0;
}

void MessageStream::limit_received(std::size_t limit) noexcept {
  assert(incoming_.empty() && reader_.between_messages());
  reader_ = rpc::MessageReader{std::min(limit, reader_.limit())};
}

void MessageStream::drop_incoming() noexcept {
  dropping_ = true;
  clear_incoming();
  open_window();
}

void MessageStream::end_incoming() noexcept {
  incoming_ended_ = true;
  if (reading_ != nullptr) reading_->wake();
}

void MessageStream::release_waits() noexcept {
  paused_ = false;  // no other stream follows
  end_incoming();
  if (writing_ != nullptr) std::exchange(writing_, nullptr)->wake();
  assert(!paused_ && incoming_ended_);
}

std::optional<Buffer> MessageStream::take_message() {
  if (incoming_.empty()) return std::nullopt;
  Buffer message = pop_as_it_came();
  if (!message_was_compressed_) return message;
  Result<Buffer> inflated = rpc::inflate_message(message, receive_compression_, reader_.limit());
  if (!inflated.ok()) {
    end_incoming();
    on_bad_message(inflated.status());
    // A handler must not take this for the end of what its client sends.
    if (const Job* job = Job::current(); job != nullptr && job->cancelled()) throw Cancelled{};
    return std::nullopt;
  }
  return std::move(inflated).value();
}

Result<Buffer> MessageStream::pop_incoming() {
  Buffer message = pop_as_it_came();
  if (!message_was_compressed_) return message;
  return rpc::inflate_message(message, receive_compression_, reader_.limit());
}

Buffer MessageStream::pop_as_it_came() {
  assert(!incoming_.empty());
  Buffer message = incoming_.pop();
  const std::size_t used = std::min(held_, message.size() + rpc::kPrefixBytes);
  held_ -= used;
  consume(used);
  static_cast<void>(recount());
  message_was_compressed_ = message.marked();
  return message;
}

void MessageStream::receive_compressed(Compression compression) noexcept {
  receive_compression_ = compression;
  if (compression != Compression::kIdentity) reader_.allow_compressed();
}

// Of a message that somebody waits for.
void MessageStream::open_window_for_rest() {
  if (!eager_ && !reader_waits()) return;
  if (reader_.between_messages() || may_go_on(reader_.allocated())) open_window();
}

void MessageStream::open_window() noexcept { consume(std::exchange(held_, 0)); }

namespace detail {

bool ReadWait::await_ready() const {
  if (stream_->reading_ != nullptr) throw_two_reads();
  return !stream_->incoming_.empty();
}

void ReadWait::begin(std::coroutine_handle<> caller, Job& job) {
  if (stream_->home_ != nullptr && stream_->home_ != &job.loop()) throw_other_loop();
  if (!begin_wait(caller, job)) return;
  if (stream_->incoming_ended_) return wake();
  assert(stream_->reading_ == nullptr);
  stream_->reading_ = this;
  registered_ = true;
  stream_->open_window_for_rest();
}

std::optional<Buffer> ReadWait::await_resume() {
  if (registered_) leave();
  resumed();
  if (stream_ == nullptr) throw_call_destroyed();
  return stream_->take_message();
}

void ReadWait::leave() noexcept {
  registered_ = false;
  if (stream_ == nullptr) return;
  assert(stream_->reading_ == this);
  stream_->reading_ = nullptr;
}

void ReadWait::cancel() noexcept {
  if (registered_) leave();
  wake();
}

bool WriteWait::await_ready() {
  if (stream_->writing_ != nullptr) throw_two_writes();
  refused_ = !stream_->on_writing(message_);
  if (refused_ || stream_->paused_) return false;
  stream_->send_data(std::move(message_));
  return stream_->open() && stream_->unsent() < kUnsentBytesPerCall;
}

void WriteWait::begin(std::coroutine_handle<> caller, Job& job) {
  if (!begin_wait(caller, job)) return;
  if (failed()) return wake();
  assert(stream_->writing_ == nullptr && stream_->unsent() + stream_->paused_ > 0);
  stream_->writing_ = this;
  registered_ = true;
}

bool WriteWait::await_resume() {
  resumed();
  if (stream_ == nullptr) throw_call_destroyed();
  return !failed();
}

bool WriteWait::failed() const noexcept { return refused_ || !(stream_->open() || stream_->paused_); }

void WriteWait::leave() noexcept {
  if (stream_ != nullptr && stream_->writing_ == this) stream_->writing_ = nullptr;
}

void WriteWait::cancel() noexcept {
  leave();
  wake();
}

}  // namespace detail
}  // namespace tern

#include "tern/call/message_stream.h"

#include <algorithm>
#include <utility>

namespace tern {

void MessageStream::on_data(std::span<const std::uint8_t> bytes) {
  if (incoming_ended_) return;
  held_ += bytes.size();
  if (Status status = reader_.receive(bytes, incoming_); !status.ok()) {
    end_incoming();
    on_bad_message(std::move(status));
    return;
  }
  if (dropping_) {
    incoming_.clear();
    open_window();
  } else if (!incoming_.empty()) {
    if (reading_ != nullptr) std::exchange(reading_, nullptr)->wake();
  } else if (eager_ || reading_ != nullptr) {
    open_window();  // somebody waits for the rest of a long message
  }
}

void MessageStream::on_sent() {
  if (writing_ != nullptr && unsent() < kUnsentBytesPerCall) std::exchange(writing_, nullptr)->wake();
}

void MessageStream::pause() noexcept {
  paused_ = true;
  renew(false);
}

void MessageStream::resume_anew() noexcept {
  paused_ = false;
  reader_ = rpc::MessageReader{reader_.limit()};
  incoming_.clear();
  incoming_ended_ = false;
  held_ = 0;
}

void MessageStream::drop_incoming() noexcept {
  dropping_ = true;
  incoming_.clear();
  open_window();
}

void MessageStream::end_incoming() noexcept {
  incoming_ended_ = true;
  if (reading_ != nullptr) std::exchange(reading_, nullptr)->wake();
}

void MessageStream::release_waits() noexcept {
  end_incoming();
  if (writing_ != nullptr) std::exchange(writing_, nullptr)->wake();
}

std::optional<Buffer> MessageStream::take_message() {
  if (incoming_.empty()) return std::nullopt;
  Result<Buffer> message = pop_incoming();
  if (!message.ok()) {
    end_incoming();
    on_bad_message(message.status());
    // A handler must not take this for the end of what its client sends.
    if (const Job* job = Job::current(); job != nullptr && job->cancelled()) throw Cancelled{};
    return std::nullopt;
  }
  return std::move(message).value();
}

Result<Buffer> MessageStream::pop_incoming() {
  Buffer message = incoming_.pop();
  const std::size_t used = std::min(held_, message.size() + rpc::kPrefixBytes);
  held_ -= used;
  consume(used);
  message_was_compressed_ = message.marked();
  if (!message_was_compressed_) return message;
  return rpc::inflate_message(message, receive_compression_, reader_.limit());
}

void MessageStream::receive_compressed(Compression compression) noexcept {
  receive_compression_ = compression;
  if (compression != Compression::kIdentity) reader_.allow_compressed();
}

void MessageStream::open_window() noexcept { consume(std::exchange(held_, 0)); }

bool MessageStream::Read::begin(std::coroutine_handle<> caller, Job& job) {
  if (!suspend(caller, job)) return false;
  stream_->reading_ = this;
  stream_->open_window();
  return true;
}

void MessageStream::Read::cancel() noexcept {
  stream_->reading_ = nullptr;
  wake();
}

bool MessageStream::Write::begin(std::coroutine_handle<> caller, Job& job) {
  if (!suspend(caller, job)) return false;
  stream_->writing_ = this;
  return true;
}

void MessageStream::Write::cancel() noexcept {
  stream_->writing_ = nullptr;
  wake();
}

}  // namespace tern

// Calls that stream: ServerStreamCall, ClientStreamCall and BidiStreamCall. A call begins with its first await, and is
// cancelled when it is dropped before its end. Reading and writing are independent: one task may do each.
//
//   auto users = stub.ListUsersStream(request);
//   while (std::optional<User> user = co_await users.next()) show(*user);   // throws RpcError at a bad end
#pragma once

#include <exception>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "tern/async/async_generator.h"
#include "tern/async/task.h"
#include "tern/async/task_group.h"
#include "tern/client/client_call.h"
#include "tern/rpc/codec.h"

namespace tern {

namespace detail {

[[noreturn]] void throw_second_response();
[[noreturn]] void throw_generator_writes();

/// What all streaming calls share.
class StreamCall {
 public:
  StreamCall(const ChannelHandle& channel, std::string_view method, CallOptions options)
      : call_(std::make_unique<ClientCall>(channel, method, options)) {}

  /// Awaits the end of the call; its status. Messages that were not read are dropped.
  Task<Status> status();
  /// Cancels the call, here and on the wire. Nothing when it has ended. Throws std::logic_error on another loop.
  void cancel();
  /// Opens the call and awaits the server's initial metadata; empty when the call ended without.
  Task<Metadata> initial_metadata();
  /// Whether the server had compressed the message that was read last.
  [[nodiscard]] bool message_was_compressed() { return call().message_was_compressed(); }
  /// Throws std::logic_error while the call has not ended.
  [[nodiscard]] const Metadata& trailing_metadata();

 protected:
  Task<bool> write_bytes(Result<Buffer> message);
  Task<void> end_writes();
  /// Throws std::logic_error for a call that was moved from.
  [[nodiscard]] ClientCall& call() {
    if (call_ == nullptr) detail::throw_moved_from();
    return *call_;
  }

 private:
  std::unique_ptr<ClientCall> call_;
};

/// Reading, typed.
template <class Response>
class ReadingCall : public StreamCall {
 public:
  using StreamCall::StreamCall;

  /// Opens the call, and awaits its next message or its end.
  template <bool kThrows>
  class [[nodiscard]] Next final : public MessageStream::Read {
   public:
    explicit Next(ClientCall& call) noexcept : Read(call), call_(call) {}
    [[nodiscard]] bool await_ready() {
      call_.start();
      return Read::await_ready();
    }
    std::optional<Response> await_resume() {
      if (const std::optional<Buffer> bytes = Read::await_resume()) {
        std::optional<Response> message{std::in_place};
        Status bad = call_.decode(*bytes, *message);
        if (bad.ok()) return message;
        call_.cancel(std::move(bad));
      }
      // Reading ends when the call does.
      if (kThrows && !call_.status().ok()) throw RpcError{call_.status()};
      return std::nullopt;
    }

   private:
    ClientCall& call_;
  };

  /// Awaits the next message; nothing at a good end. Throws RpcError when the call ends with any status but OK.
  Next<true> next() { return Next<true>{call()}; }
  /// As next(), but at a bad end too nothing is given: status() tells it.
  Next<false> read() { return Next<false>{call()}; }
  /// True if read() would wait for the server: no message has come, and the call has not ended.
  [[nodiscard]] bool must_wait_to_read() { return call().must_wait_to_read(); }
};

}  // namespace detail

/// One request, a stream of responses.
template <class Response>
class [[nodiscard]] ServerStreamCall : public detail::ReadingCall<Response> {
 public:
  ServerStreamCall(const detail::ChannelHandle& channel, std::string_view method, MessageRef request,
                   CallOptions options)
      : detail::ReadingCall<Response>(channel, method, options) {
    this->call().set_request(this->call().encode(request));
  }
};

/// A stream of requests, one response.
template <class Request, class Response>
class [[nodiscard]] ClientStreamCall : public detail::StreamCall {
 public:
  ClientStreamCall(const detail::ChannelHandle& channel, std::string_view method, CallOptions options)
      : StreamCall(channel, method, options) {
    call().expect_one_response();
  }

  /// Sends a message; waits while the server is behind. False when the call has ended: finish() says how. Throws
  /// std::logic_error after finish().
  Task<bool> write(const Request& message, WriteOptions options = {}) {
    return write_bytes(call().encode(message, options));
  }

  /// Ends the sending and awaits the response; throws RpcError for every status but OK. Once: then it throws
  /// std::logic_error.
  Task<Response> finish() {
    Result<Response> answer = co_await result();
    co_return std::move(answer).value();
  }
  /// The same with the error as a value.
  Task<Result<Response>> result() {
    co_await end_writes();
    if (response_taken_) detail::throw_second_response();
    const std::optional<Buffer> bytes = co_await call().read_message();
    response_taken_ = true;
    const Status ended = co_await status();
    if (!ended.ok()) co_return ended;
    if (!bytes) co_return Status{StatusCode::kInternal, "the server sent no response"};
    Response response;
    if (Status bad = call().decode(*bytes, response); !bad.ok()) co_return bad;
    co_return response;
  }

 private:
  bool response_taken_ = false;
};

/// A stream each way.
template <class Request, class Response>
class [[nodiscard]] BidiStreamCall : public detail::ReadingCall<Response> {
 public:
  BidiStreamCall(const detail::ChannelHandle& channel, std::string_view method, CallOptions options)
      : detail::ReadingCall<Response>(channel, method, options) {}
  /// Sends what `requests` yields, beside the reading; its exception ends the call with CANCELLED, or an RpcError with
  /// its status.
  BidiStreamCall(const detail::ChannelHandle& channel, std::string_view method, AsyncGenerator<Request> requests,
                 CallOptions options)
      : detail::ReadingCall<Response>(channel, method, options), sending_(std::make_unique<TaskGroup>()) {
    sending_->may_be_dropped();
    sending_->spawn(send_all(this->call(), std::move(requests)));
  }
  BidiStreamCall(BidiStreamCall&&) noexcept = default;
  /// The call that was there before is dropped: first what sends on it.
  BidiStreamCall& operator=(BidiStreamCall&& other) noexcept {
    sending_ = nullptr;
    detail::ReadingCall<Response>::operator=(std::move(other));
    sending_ = std::move(other.sending_);
    return *this;
  }

  /// Sends a message; waits while the server is behind. False when the call has ended: status() says how. Throws
  /// std::logic_error after done_writing(), and where a generator yields the requests.
  Task<bool> write(const Request& message, WriteOptions options = {}) {
    if (sending_ != nullptr) detail::throw_generator_writes();
    return this->write_bytes(this->call().encode(message, options));
  }
  /// No more messages will be written; the server's may go on. A second call does nothing.
  Task<void> done_writing() {
    if (sending_ != nullptr) detail::throw_generator_writes();
    return this->end_writes();
  }

 private:
  static Task<void> send_all(ClientCall& call, AsyncGenerator<Request> requests) {
    Status failed;
    try {
      co_await call.opened();
      while (const Request* request = co_await requests.next_pointer()) {
        Result<Buffer> encoded = call.encode(*request);
        if (!encoded.ok()) {
          failed = encoded.status();
          break;
        }
        const bool sent = co_await call.write_message(std::move(encoded).value());
        if (!sent) co_return;
      }
    } catch (const RpcError& error) {
      failed = error.status();
    } catch (const Cancelled&) {
      throw;
    } catch (const std::exception& error) {
      failed = Status{StatusCode::kCancelled, std::string{"the generator of requests failed: "} + error.what()};
    } catch (...) {
      failed = Status{StatusCode::kCancelled, "the generator of requests failed"};
    }
    if (failed.ok()) {
      call.end_requests();
    } else {
      call.cancel(std::move(failed));
    }
  }

  std::unique_ptr<TaskGroup> sending_;  // ends before the call that it writes to
};

}  // namespace tern

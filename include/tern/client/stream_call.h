// Calls that stream: ServerStreamCall, ClientStreamCall and BidiStreamCall. A call begins with its first await, and is
// cancelled when it is dropped before its end. Reading and writing are independent: one task may do each.
//
//   auto users = stub.ListUsersStream(request);
//   while (std::optional<User> user = co_await users.next()) show(*user);   // throws RpcError at a bad end
#pragma once

#include <exception>
#include <memory>
#include <optional>
#include <string_view>
#include <utility>

#include "tern/api.h"
#include "tern/async/async_generator.h"
#include "tern/async/task.h"
#include "tern/async/task_group.h"
#include "tern/detail/client_call.h"
#include "tern/rpc/message_ref.h"
#include "tern/rpc/metadata.h"

namespace tern {

namespace detail {

[[noreturn]] TERN_API void throw_generator_writes();

/// What all streaming calls share.
class TERN_API StreamCall {
 public:
  StreamCall(const ChannelHandle& channel, std::string_view method, const CallOptions& options,
             const MessageRef* request, Responses responses)
      : call_(make_call(channel, method, options, request, responses)) {}

  /// Awaits the end of the call; its status. Messages that were not read are dropped.
  Task<Status> status();
  /// Cancels the call, here and on the wire. Nothing when it has ended. Throws std::logic_error on another loop.
  void cancel();
  /// Opens the call and awaits the server's initial metadata; empty when the call ended without.
  Task<Metadata> initial_metadata();
  /// Whether the server had compressed the message that was read last.
  [[nodiscard]] bool message_was_compressed();
  /// Throws std::logic_error while the call has not ended.
  [[nodiscard]] const Metadata& trailing_metadata();

 protected:
  /// Serialises `message` before it returns.
  Task<bool> write_message(MessageRef message, WriteOptions options);
  Task<void> end_writes();
  /// Ends the sending and awaits the one response's bytes, or the status in their place. `taken`: was called before.
  Task<Result<Buffer>> only_response(bool& taken);
  /// Throws std::logic_error for a call that was moved from.
  [[nodiscard]] ClientCall& call() const { return call_of(call_); }

 private:
  Task<bool> write_bytes(Result<Buffer> message);

  OwnedCall call_;
};

/// Reading, typed.
template <class Response>
class ReadingCall : public StreamCall {
 public:
  using StreamCall::StreamCall;

  /// Opens the call, and awaits its next message or its end.
  template <bool kThrows>
  class [[nodiscard]] Next final : public ReadWait {
   public:
    explicit Next(ClientCall& call) noexcept : ReadWait(stream_of(call)), call_(call) {}
    [[nodiscard]] bool await_ready() {
      start(call_);
      return ReadWait::await_ready();
    }
    std::optional<Response> await_resume() {
      if (const std::optional<Buffer> bytes = ReadWait::await_resume()) {
        std::optional<Response> message{std::in_place};
        Status bad = decode(call_, *bytes, *message);
        if (bad.ok()) return message;
        detail::cancel(call_, std::move(bad));
      }
      // Reading ends when the call does.
      if constexpr (kThrows) throw_if_failed(call_);
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
  [[nodiscard]] bool must_wait_to_read() { return detail::must_wait_to_read(call()); }
};

}  // namespace detail

/// One request, a stream of responses.
template <class Response>
class [[nodiscard]] ServerStreamCall : public detail::ReadingCall<Response> {
 public:
  ServerStreamCall(const detail::ChannelHandle& channel, std::string_view method, MessageRef request,
                   const CallOptions& options)
      : detail::ReadingCall<Response>(channel, method, options, &request, detail::Responses::kStream) {}
};

/// A stream of requests, one response.
template <class Request, class Response>
class [[nodiscard]] ClientStreamCall : public detail::StreamCall {
 public:
  ClientStreamCall(const detail::ChannelHandle& channel, std::string_view method, const CallOptions& options)
      : StreamCall(channel, method, options, nullptr, detail::Responses::kOne) {}

  /// Sends a message; waits while the server is behind. False when the call has ended: finish() says how. Throws
  /// std::logic_error after finish().
  Task<bool> write(const Request& message, WriteOptions options = {}) { return write_message(message, options); }

  /// Ends the sending and awaits the response; throws RpcError for every status but OK. Once: then it throws
  /// std::logic_error.
  Task<Response> finish() {
    Result<Response> answer = co_await result();
    co_return std::move(answer).value();
  }
  /// The same with the error as a value.
  Task<Result<Response>> result() {
    const Result<Buffer> bytes = co_await only_response(response_taken_);
    if (!bytes.ok()) co_return bytes.status();
    Response response;
    if (Status bad = detail::decode(call(), *bytes, response); !bad.ok()) co_return bad;
    co_return response;
  }

 private:
  bool response_taken_ = false;
};

/// A stream each way.
template <class Request, class Response>
class [[nodiscard]] BidiStreamCall : public detail::ReadingCall<Response> {
 public:
  BidiStreamCall(const detail::ChannelHandle& channel, std::string_view method, const CallOptions& options)
      : detail::ReadingCall<Response>(channel, method, options, nullptr, detail::Responses::kStream) {}
  /// Sends what `requests` yields, beside the reading; its exception ends the call with CANCELLED, or an RpcError with
  /// its status.
  BidiStreamCall(const detail::ChannelHandle& channel, std::string_view method, AsyncGenerator<Request> requests,
                 const CallOptions& options)
      : BidiStreamCall(channel, method, options) {
    sending_ = std::make_unique<TaskGroup>();
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
    return this->write_message(message, options);
  }
  /// No more messages will be written; the server's may go on. A second call does nothing.
  Task<void> done_writing() {
    if (sending_ != nullptr) detail::throw_generator_writes();
    return this->end_writes();
  }

 private:
  static Task<void> send_all(ClientCall& call, AsyncGenerator<Request> requests) {
    std::exception_ptr error;
    try {
      co_await detail::opened(call);
      while (const Request* request = co_await requests.next_pointer()) {
        const bool sent = co_await detail::write(call, *request);
        if (!sent) co_return;
      }
    } catch (const Cancelled&) {
      throw;
    } catch (...) {
      error = std::current_exception();
    }
    detail::end_requests(call, error);
  }

  std::unique_ptr<TaskGroup> sending_;  // ends before the call that it writes to
};

}  // namespace tern

// HttpPart: what an HttpHandler has under way on one of a server's loops.
#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "http2/stream.h"
#include "tern/detail/http_handler.h"

namespace tern {

namespace transport {
class ByteStream;
}
class RefusalLog;
struct RunningCall;

/// What it has under way on one loop. All methods there; destroyed, it closes everything.
class HttpPart {
 public:
  HttpPart() = default;
  HttpPart(const HttpPart&) = delete;
  HttpPart& operator=(const HttpPart&) = delete;
  virtual ~HttpPart() = default;

  /// A connection whose first bytes, read already, are not HTTP/2's.
  virtual void serve_connection(std::unique_ptr<transport::ByteStream> stream, std::string first_bytes) = 0;
  /// Takes over `stream`, of an HTTP/2 connection with `peer`, in the event that brought its request's head. `timeout`
  /// is grpc-timeout's value, which is not in the head. `ended`: there is no body. `refusals`: the connection's, there
  /// as long as the stream is open.
  virtual void serve_stream(http2::Stream& stream, const http2::HeaderBlockRef& head, std::string_view timeout,
                            bool ended, const std::string& peer, RefusalLog& refusals) = 0;
  /// Takes over `stream`, whose request's head exceeds the limits, in the event that says so, and answers with `status`
  /// (431). `begun` has the fields up to the limit.
  virtual void reject_stream(http2::Stream& stream, const http2::HeaderBlock& begun, unsigned status,
                             std::string_view text, const std::string& peer, RefusalLog& refusals) = 0;

  /// Requests that are being answered go on, and are the last. Idle HTTP/1.1 connections stay open for `http1_idle`,
  /// for one more request; 0 closes them at once. A later connection has one request.
  virtual void begin_stop(std::chrono::nanoseconds http1_idle) = 0;
  /// Cancels the requests that are being answered. Requests without a response, and later requests, are
  /// answered with 503; a response that has begun breaks off.
  virtual void cancel() = 0;
  [[nodiscard]] virtual bool empty() const = 0;
  /// Appends the requests that are being answered, for Server::inspect().
  virtual void add_running(std::vector<RunningCall>& calls) = 0;
};

}  // namespace tern

// ClientCodec: one request and its response as one version of HTTP carries them. It writes a head and pieces, and reads
// a head and pieces; ClientExchange knows no more of HTTP's versions than this. Http1ClientCodec uses a connection
// alone, Http2ClientCodec a stream of a shared one.
#pragma once

#include <cstddef>
#include <optional>
#include <string>

#include "rest/client_request_head.h"
#include "tern/async/job.h"
#include "tern/async/task.h"
#include "tern/rest/client.h"

namespace tern::rest {

/// The connection broke, or the server closed it, before a response came.
class ConnectionLost : public ClientError {
 public:
  using ClientError::ClientError;
};

/// The server says that it has not processed the request, which may be sent again whatever it does (RFC 9113 §8.7).
class RequestUnprocessed : public ClientError {
 public:
  using ClientError::ClientError;
};

/// The same, and the server wants the request over HTTP/1.1 (HTTP_1_1_REQUIRED, RFC 9113 §7).
class Http1Required final : public RequestUnprocessed {
 public:
  using RequestUnprocessed::RequestUnprocessed;
};

/// The longest piece of content that a codec returns, in bytes.
inline constexpr std::size_t kContentPieceBytes = std::size_t{64} * 1024;

struct ResponseHead {
  unsigned status = 0;
  Fields fields;
};

/// Belongs to one loop. Destroyed before the response's end, it ends the exchange: HTTP/1.1 closes the connection,
/// HTTP/2 resets the stream (CANCEL).
class ClientCodec {
 public:
  virtual ~ClientCodec() = default;

  /// These write, and await until there is room for more. They throw ConnectionLost when the connection breaks,
  /// ClientError when the server reads nothing for ClientOptions::timeout, and RequestUnprocessed.
  /// write_head() writes a content that is whole too; `more`: pieces follow, and write_end().
  virtual Task<void> write_head(RequestHead head, std::string content, bool more) = 0;
  virtual Task<void> write_piece(std::string piece) = 0;
  virtual Task<void> write_end() = 0;

  /// Takes what the server has sent, or its end, without waiting. Returns false when nothing new has come. Throws
  /// ConnectionLost.
  virtual bool receive() = 0;
  /// Returns the head of the final response once it has come; interim responses (1xx) are skipped. Throws ClientError
  /// when it cannot come any more or is not well-formed.
  virtual std::optional<ResponseHead> read_head() = 0;
  /// Returns the next piece of the content that has come, of kContentPieceBytes at most. Throws as read_head() does.
  virtual std::optional<std::string> read_piece() = 0;
  /// True when read_piece() has returned all of the content.
  [[nodiscard]] virtual bool ended() const = 0;
  /// Awaits that receive() finds something, wake(), or `limit`.
  virtual Task<void> wait(std::optional<Clock::time_point> limit) = 0;
  virtual void wake() = 0;

  /// A part of the response has come.
  [[nodiscard]] virtual bool answered() const = 0;
  /// The connection has carried a request before: the server may have closed it before it saw this one.
  [[nodiscard]] virtual bool on_kept_connection() const = 0;
  /// The response has ended; `request_sent`: the request too.
  virtual void finish(bool request_sent) = 0;
};

}  // namespace tern::rest

// Client: HTTP requests to other services from a handler, as coroutines (RFC 9110). HTTP/2 is spoken where a server's
// TLS offers it (RFC 9113), else HTTP/1.1 (RFC 9112). The loop is never blocked, cancelling a call cancels the requests
// that it made, and connections are kept for the next request.
//
//   tern::rest::Client http{{.timeout = 2s}};
//   tern::rest::ClientResponse profile = co_await http.get("https://profiles.example/v1/profiles/7");
//   if (profile.status == 200) use(profile.body);
//
// A body that is too long for memory is read, or sent, piece by piece:
//
//   tern::rest::ClientStream download = co_await http.open({"GET", "https://files.example/large"});
//   while (std::optional<std::string> piece = co_await download.read()) file.write(*piece);
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

#include "tern/api.h"
#include "tern/async/async_generator.h"
#include "tern/async/task.h"
#include "tern/detail/shared_or_borrowed.h"
#include "tern/rest/message.h"
#include "tern/transport/tls.h"

namespace tern::rest {

struct ClientOptions {
  /// The limit for a whole exchange of send(), get() and post(): connecting, redirects and the response's body. open()
  /// applies it to each step instead: connecting, each wait for the server to take or to send something. An earlier
  /// deadline of the call that the request is made for replaces it. Default: 30 s. Raise it for slow answers.
  std::chrono::nanoseconds timeout = std::chrono::seconds{30};
  /// Connections to one origin (scheme, host and port) at a time. Further requests wait for one. The requests to an
  /// HTTP/2 server share one connection, and more only when its SETTINGS_MAX_CONCURRENT_STREAMS is used up.
  /// Default: 32.
  std::size_t max_connections_per_host = 32;
  /// Closes a connection that carried no request for this long. Default: 60 s. Lower it below the server's own, so that
  /// a request does not meet a connection that closes.
  std::chrono::nanoseconds idle_timeout = std::chrono::seconds{60};
  /// The longest header block of a response, in bytes. Over HTTP/1.1 all interim responses (1xx) to one request count
  /// together; over HTTP/2 each field counts 32 bytes more (RFC 9113 §6.5.2). Default: 64 KiB.
  std::size_t max_header_length = std::size_t{64} * 1024;
  /// The longest body that send() accepts, in bytes, counted after decompression. open() has no limit. Default: 16 MiB.
  /// Raise it for larger bodies, or read them with open().
  std::size_t max_body_length = std::size_t{16} * 1024 * 1024;
  /// Redirects that one request follows before it fails. 0 returns redirects as responses. Default: 10.
  unsigned max_redirects = 10;
  /// Asks for gzip and deflate, and decompresses what comes so, where the request has no Accept-Encoding or Range field
  /// of its own. The response's Content-Encoding and Content-Length fields are then removed.
  bool decompress = true;
  /// Offers HTTP/2 beside HTTP/1.1 to https servers (ALPN, RFC 7301). False offers HTTP/1.1 alone.
  bool http2 = true;
  /// For https: borrowed, and then it must outlive the client, or shared. Default: null, which uses the system's
  /// certificate authorities.
  tern::detail::SharedOrBorrowed<ClientTls> tls = nullptr;
};

/// Not an aggregate: g++ 12 destroys aggregates twice inside of co_await expressions.
class ClientRequest {
 public:
  ClientRequest(std::string its_method, std::string its_url) : method(std::move(its_method)), url(std::move(its_url)) {}

  std::string method;
  /// "http://host:8080/path?query" or "https://…". The part behind "#" is not sent.
  std::string url;
  /// Host, User-Agent and Accept-Encoding replace the client's own. Connection and other fields that are only for
  /// HTTP/1.1 (RFC 9113 §8.2.2) are left out over HTTP/2. Content-Length, Transfer-Encoding and Trailer are
  /// the client's: a request that has one is rejected with std::invalid_argument.
  Fields fields;
  std::string body;
  /// The body piece by piece, in place of `body`. The pieces run in a job of their own while the response is awaited.
  /// A request with pieces is sent once: it is not repeated, and a redirect that would need the body again is returned
  /// as the response.
  AsyncGenerator<std::string> pieces;
  /// The bytes of all pieces together, where they are known: sent as Content-Length, else the pieces are chunked.
  std::optional<std::uint64_t> length;
};

class ClientResponse {
 public:
  unsigned status = 0;
  Fields fields;
  std::string body;
  /// The URL that answered: the request's own, or the one that redirects led to.
  std::string url;
};

/// There is no response. The text says what was wrong with the host, the connection, TLS or the response, or that it
/// took too long.
class TERN_API ClientError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

class ClientExchange;
class ClientObserver;

/// A response whose body is read piece by piece. Belongs to the loop of its client and may outlive the client.
/// Destroyed before the body's end, it closes its connection; over HTTP/2 it resets its stream (CANCEL), and the
/// connection stays.
class TERN_API ClientStream {
 public:
  ClientStream(ClientStream&& other) noexcept;
  ClientStream& operator=(ClientStream&& other) noexcept;
  ~ClientStream();

  unsigned status = 0;
  Fields fields;
  std::string url;

  /// Awaits the next piece of the body, of 64 KiB at most; nothing at its end. Throws ClientError when the body breaks
  /// off or no byte comes within ClientOptions::timeout, and what the request's pieces threw. After a cancelled read()
  /// the stream can only be destroyed.
  Task<std::optional<std::string>> read();

 private:
  friend class Client;
  explicit ClientStream(std::unique_ptr<ClientExchange> exchange);
  std::unique_ptr<ClientExchange> exchange_;
};

/// Used only on the loop that made it. Requests that still run when it is destroyed must have been cancelled before.
class TERN_API Client {
 public:
  /// Throws std::logic_error outside of a loop, std::invalid_argument for an option whose value makes no sense.
  explicit Client(ClientOptions options = {});
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;
  ~Client();

  /// Sends the request and reads the whole response, whatever its status. Follows redirects (301, 302, 303, 307, 308;
  /// RFC 9110 §15.4): a POST becomes a GET on 301 and 302, every method but HEAD on 303; Authorization and Cookie are
  /// not sent to another origin. Interim responses (1xx) are skipped. A request without side effects (GET, HEAD, PUT,
  /// DELETE, OPTIONS) that a kept connection lost before any byte of a response is sent once more. Any request that the
  /// server says it did not process (REFUSED_STREAM, GOAWAY; RFC 9113 §8.7) is sent again, at most three times.
  /// Throws std::invalid_argument for a text that is not a URL, ClientError when there is no response.
  Task<ClientResponse> send(ClientRequest request);
  Task<ClientResponse> get(std::string url);
  Task<ClientResponse> post(std::string url, std::string_view content_type, std::string body);

  /// The same, but returns when the response's head has come.
  Task<ClientStream> open(ClientRequest request);

  /// Before the first request; `observer` must outlive the client and its streams. Each request that is sent, also
  /// again or after a redirect, is observed: a telemetry::Tracer makes it a span.
  void add_observer(ClientObserver& observer);

  /// Connections that are open now: in use, and kept.
  [[nodiscard]] std::size_t connections() const noexcept;

 private:
  class Core;
  std::unique_ptr<Core> core_;
};

}  // namespace tern::rest

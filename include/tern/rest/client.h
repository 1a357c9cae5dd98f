// Client: HTTP/1.1 for handlers that ask other services, as coroutines: nothing blocks the loop, a call that is
// cancelled cancels what it asked, and connections are kept for the next one.
//
//   tern::rest::Client http{{.timeout = 2s}};
//   tern::rest::ClientResponse profile = co_await http.get("https://profiles.example/v1/profiles/7");
//   if (profile.status == 200) use(profile.body);
#pragma once

#include <chrono>
#include <cstddef>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>

#include "tern/async/task.h"
#include "tern/rest/message.h"
#include "tern/transport/tls.h"

namespace tern::rest {

struct ClientOptions {
  /// For a whole exchange, connecting included. The deadline of the call that it is made for goes before it.
  std::chrono::nanoseconds timeout = std::chrono::seconds{30};
  /// Connections to one host at once; further requests wait for one.
  std::size_t max_connections_per_host = 32;
  /// Connections that were not used for this long are closed.
  std::chrono::nanoseconds idle_timeout = std::chrono::seconds{60};
  /// Longest header block and body of a response taken, in bytes.
  std::size_t max_header_length = std::size_t{64} * 1024;
  std::size_t max_body_length = std::size_t{16} * 1024 * 1024;
  /// For https; must outlive the client. Without: the system's authorities.
  ClientTls* tls = nullptr;
};

/// Built by its methods, not as an aggregate: g++ 12 destroys those twice inside of co_await expressions.
class ClientRequest {
 public:
  ClientRequest(std::string its_method, std::string its_url) : method(std::move(its_method)), url(std::move(its_url)) {}

  std::string method;
  /// "http://host:8080/path?query", "https://…"; a part behind "#" is not sent.
  std::string url;
  Fields fields;
  std::string body;
};

class ClientResponse {
 public:
  unsigned status = 0;
  Fields fields;
  std::string body;
};

/// No response came: what was wrong with the host, the connection, TLS, or the response; or it took too long.
class ClientError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// Used on the loop that it is made on. Destroyed while requests run, they must have been cancelled before: it outlives
/// them.
class Client {
 public:
  explicit Client(ClientOptions options = {});
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;
  ~Client();

  /// Any status is a response; redirections are not followed. Throws std::invalid_argument for what is no URL,
  /// ClientError when there is no response. A request without side effects (GET, HEAD, PUT, DELETE, OPTIONS) that a
  /// kept connection lost before any answer is sent once more.
  Task<ClientResponse> send(ClientRequest request);
  Task<ClientResponse> get(std::string url);
  Task<ClientResponse> post(std::string url, std::string_view content_type, std::string body);

  /// Connections that are open now: in use, and kept.
  [[nodiscard]] std::size_t connections() const noexcept;

 private:
  class Core;
  std::unique_ptr<Core> core_;
};

}  // namespace tern::rest

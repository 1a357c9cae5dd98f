// HTTP/1.1 beside gRPC: routes of one's own, as coroutines, on the same loops.
//
//   tern::rest::Server rest;
//   rest.route("GET", "/health", [](const tern::rest::Request&) -> tern::Task<tern::rest::Response> {
//     co_return tern::rest::Response::json(R"({"status":"ok"})");
//   });
//   rest.listen("[::]:8000");
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "tern/async/task.h"

namespace tern::rest {

struct Request {
  std::string method;
  /// As sent, with its query.
  std::string target;
  std::string body;
};

struct Response {
  unsigned status = 200;
  std::string content_type = "text/plain; charset=utf-8";
  std::string body;

  static Response json(std::string body) { return {200, "application/json", std::move(body)}; }
};

using Handler = std::function<Task<Response>(const Request&)>;

struct ServerOptions {
  /// Longest header block and body taken, in bytes.
  std::size_t max_header_length = std::size_t{16} * 1024;
  std::size_t max_body_length = std::size_t{1024} * 1024;
  /// For a request to arrive in full, counted from the end of the one before.
  std::chrono::nanoseconds read_timeout = std::chrono::seconds{60};
  /// For a response to be taken by the client.
  std::chrono::nanoseconds write_timeout = std::chrono::seconds{30};
};

/// Lives on the loop that it is made on, and spreads its connections over that loop's siblings. All methods there.
class Server {
 public:
  explicit Server(ServerOptions options = {});
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;
  /// Without stop() before: connections are closed, handlers destroyed where they stand.
  ~Server();

  /// Before listen(). `path` is matched as a whole, without the query. Answers 404 for unknown paths, 405 for a known
  /// path with another method, 500 when a handler throws.
  void route(std::string method, std::string path, Handler handler);

  /// As tern::Server::listen.
  std::uint16_t listen(std::string_view address);

  /// Takes no new requests, lets running ones end within the grace, then closes.
  Task<void> stop(std::chrono::nanoseconds grace = std::chrono::nanoseconds::zero());

 private:
  class Core;
  std::unique_ptr<Core> core_;
};

}  // namespace tern::rest

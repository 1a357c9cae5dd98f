// ClientExchange: one request and its response on one connection (RFC 9112). The request's body is written by a job of
// its own, so that a server may answer, and refuse the rest, while the body is still on its way.
#pragma once

#include <boost/beast/http/buffer_body.hpp>
#include <boost/beast/http/parser.hpp>
#include <exception>
#include <memory>
#include <optional>
#include <string>

#include "rest/body_inflater.h"
#include "rest/connection_pool.h"
#include "tern/async/task.h"
#include "tern/async/task_group.h"
#include "tern/rest/client.h"

namespace tern::rest {

class ClientExchange {
 public:
  ClientExchange(ConnectionPool::Lease lease, const ClientOptions& options)
      : lease_(std::move(lease)), options_(options) {}
  ClientExchange(const ClientExchange&) = delete;
  ClientExchange& operator=(const ClientExchange&) = delete;
  ~ClientExchange() = default;

  /// Begins to write. `head` is the request's header block as on the wire. Takes the request's pieces and copies its
  /// body.
  void begin(std::string head, ClientRequest& request);

  struct Head {
    unsigned status = 0;
    Fields fields;
  };
  /// Awaits the head of the final response; interim responses are skipped. Throws ClientError.
  Task<Head> read_head();
  /// The body from now on comes decompressed.
  void inflate(std::unique_ptr<BodyInflater> inflater) { inflater_ = std::move(inflater); }
  /// Awaits the next piece of the body; nothing at its end. Throws ClientError, and what the request's pieces threw.
  Task<std::optional<std::string>> read_body();

  /// A byte of the response has come.
  [[nodiscard]] bool answered() const noexcept { return answered_; }
  /// The server may have closed the kept connection before it saw the request.
  [[nodiscard]] bool on_kept_connection() const noexcept { return lease_.kept; }

 private:
  using Parser = boost::beast::http::response_parser<boost::beast::http::buffer_body>;

  Task<void> write(std::string text, AsyncGenerator<std::string> pieces, std::optional<std::uint64_t> length);
  Task<void> write_pieces(AsyncGenerator<std::string> pieces, std::optional<std::uint64_t> length) const;
  Task<std::optional<std::string>> read_plain();
  /// Awaits bytes behind those that are there. False at the connection's end.
  Task<bool> read_more();
  void end_of_connection() const;
  void finish();

  ConnectionPool::Lease lease_;
  ClientOptions options_;
  bool head_only_ = false;
  std::optional<Parser> parser_;
  std::unique_ptr<BodyInflater> inflater_;
  bool answered_ = false;
  bool written_ = false;               // the whole request
  std::exception_ptr write_failure_;   // of the connection
  std::exception_ptr pieces_failure_;  // of the request's own pieces
  TaskGroup writer_;                   // the last member: destroyed first, it still uses the others
};

}  // namespace tern::rest

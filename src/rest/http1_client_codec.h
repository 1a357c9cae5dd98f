// Http1ClientCodec: one request and its response on one HTTP/1.1 connection (RFC 9112), which no other request uses
// meanwhile.
#pragma once

#include <boost/beast/http/buffer_body.hpp>
#include <boost/beast/http/parser.hpp>
#include <cstddef>
#include <optional>
#include <string>

#include "rest/client_codec.h"
#include "rest/client_connection.h"
#include "rest/client_origin.h"

namespace tern::rest {

class Http1ClientCodec final : public ClientCodec {
 public:
  Http1ClientCodec(ClientOrigin::Lease lease, const ClientOptions& options);

  Task<void> write_head(RequestHead head, std::string content, bool more) override;
  Task<void> write_piece(std::string piece) override;
  Task<void> write_end() override;

  bool receive() override;
  std::optional<ResponseHead> read_head() override;
  std::optional<std::string> read_piece() override;
  [[nodiscard]] bool ended() const override { return parser_->is_done(); }
  Task<void> wait(std::optional<Clock::time_point> limit) override { return connection().wait_to_read(limit); }
  void wake() override { connection().wake_reader(); }

  [[nodiscard]] bool answered() const override { return answered_; }
  [[nodiscard]] bool on_kept_connection() const override { return lease_.kept; }
  void finish(bool request_sent) override { connection().set_reusable(request_sent && parser_->keep_alive()); }

 private:
  using Parser = boost::beast::http::response_parser<boost::beast::http::buffer_body>;

  ClientConnection& connection() const noexcept { return *lease_.connection; }
  void begin_response();
  /// Gives the parser what has come. Returns the bytes that it took.
  std::size_t parse();
  [[noreturn]] void connection_ended() const;

  ClientOrigin::Lease lease_;
  std::chrono::nanoseconds timeout_;
  std::size_t max_header_length_;
  std::optional<Parser> parser_;
  std::size_t head_bytes_ = 0;     // of the response that is being read
  std::size_t interim_bytes_ = 0;  // of all interim responses before it
  bool head_only_ = false;         // the method is HEAD
  bool chunked_ = false;           // the request
  bool answered_ = false;
  bool at_end_ = false;  // the server closed the connection
};

}  // namespace tern::rest

// Http2ClientCodec: one request and its response on a stream of an HTTP/2 connection that other requests share
// (RFC 9113 §8.1).
#pragma once

#include <optional>
#include <string>

#include "http2/stream.h"
#include "rest/client_codec.h"
#include "rest/http2_client_connection.h"
#include "tern/async/event.h"

namespace tern::rest {

class Http2ClientCodec final : public ClientCodec, private http2::Stream {
 public:
  Http2ClientCodec(Http2ClientConnection::Place place, const ClientOptions& options);
  ~Http2ClientCodec() override;

  Task<void> write_head(RequestHead head, std::string content, bool more) override;
  Task<void> write_piece(std::string piece) override;
  Task<void> write_end() override;

  bool receive() override;
  std::optional<ResponseHead> read_head() override;
  std::optional<std::string> read_piece() override;
  [[nodiscard]] bool ended() const override { return received_.empty() && head_ != nullptr && (ended_ || head_only_); }
  Task<void> wait(std::optional<Clock::time_point> limit) override;
  void wake() override { arrived_.set(); }

  [[nodiscard]] bool answered() const override { return head_ != nullptr; }
  [[nodiscard]] bool on_kept_connection() const override { return kept_; }
  /// The connection is for others meanwhile: a request that was not sent whole ends with its stream.
  void finish(bool /*request_sent*/) override {}

 private:
  void on_headers(const http2::HeaderBlockRef& block, std::string_view aside, bool ended) override;
  void on_headers_too_long(const http2::HeaderBlock& begun, http2::HeaderListSize size) override;
  void on_data(std::span<const std::uint8_t> bytes) override;
  void on_end() override;
  void on_sent() override { sent_.set(); }
  void on_closed(http2::ErrorCode code) override;

  void arrived();
  /// Awaits that no more than `bytes` wait for the server's windows.
  Task<void> await_room(std::size_t bytes);
  /// Throws what the stream's end means to a request whose response is not whole.
  [[noreturn]] void stream_closed() const;

  Http2ClientConnection::Place place_;
  std::chrono::nanoseconds timeout_;
  bool kept_;
  http2::HeaderBlockRef head_;
  std::string received_;    // of the content, and not read yet: a window's bytes at most
  bool head_only_ = false;  // the method is HEAD
  bool ended_ = false;      // the response
  bool too_long_ = false;   // a header section of it
  bool news_ = false;       // since the last receive()
  std::optional<http2::ErrorCode> closed_;
  Event arrived_;
  Event sent_;
};

}  // namespace tern::rest

// One request on a stream of an HTTP/2 connection, which the server that owns the connection has handed over.
#pragma once

#include <exception>
#include <optional>
#include <string>
#include <string_view>

#include "http2/stream.h"
#include "rest/exchange.h"
#include "tern/async/event.h"
#include "tern/async/job.h"
#include "tern/detail/intrusive_list.h"

namespace tern::rest {

class Part;

class Http2Exchange final : public http2::Stream, public Job, public ListNode<Http2Exchange>, private Exchange {
 public:
  /// Carries on `stream` (HttpPart::serve_stream).
  Http2Exchange(Part& part, http2::Stream& stream, const http2::HeaderBlock& head, std::string_view timeout, bool ended,
                const std::string& peer, RefusalLog& refusals);
  ~Http2Exchange() override { destroy_body(); }

  [[nodiscard]] const std::string& peer() const noexcept { return request_.peer; }
  /// `over`: the server's grace is (Exchange::end_when_begun).
  void start(bool over);
  /// Answers a request whose head was rejected, in place of start(). May destroy the exchange.
  void reject(const HttpError& error);
  /// The server's grace is over (Exchange::end_at_once).
  void end_at_once();

 private:
  template <class Folder>
  friend struct tern::DebugLayout;
  void add_fields(const http2::HeaderBlock& head);
  void on_headers(const http2::HeaderBlockRef& block, std::string_view aside, bool ended) override;
  void on_data(std::span<const std::uint8_t> bytes) override;
  void on_end() override;
  void on_sent() override { sent_.set(); }
  void on_closed(http2::ErrorCode code) override;

  [[nodiscard]] http2::MemoryBudget* memory() noexcept override { return Stream::memory(); }
  Task<std::optional<std::string>> read_body() override;
  void on_held(std::size_t bytes) override;
  void on_room() override;
  void on_stalled() override { body_stalled(arrived_); }
  void refused(Refusal why, std::string_view text) override;
  Task<void> send_head(const Response& response, std::optional<std::size_t> length) override;
  Task<void> send_piece(std::string piece) override;
  Task<void> finish() override;
  bool send_at_once(const Response& response) override;
  void write_head(const Response& response, std::optional<std::size_t> length);

  void finished(std::exception_ptr error) override;
  void leave_if_over();

  Part& part_;
  RefusalLog& refusals_;  // while the stream is open
  Request request_;
  BufferQueue received_;
  bool ended_;
  std::size_t length_;  // of the body, at most, as far as it is put together
  bool running_ = false;
  bool head_was_all_ = false;
  std::size_t read_ = 0;  // of the body, that the client's window is not yet opened for again
  std::size_t held_ = 0;  // of it, by who puts it together
  Event arrived_;
  Event sent_;
};

}  // namespace tern::rest

// Part: what a site has under way on one loop: HTTP/1.1 connections, and streams of HTTP/2 connections.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>

#include "rest/exchange.h"
#include "server/http_part.h"
#include "tern/detail/intrusive_list.h"
#include "transport/lingering_close.h"

namespace tern::rest {

class Http1Connection;
class Http2Exchange;

class Part final : public HttpPart {
 public:
  Part(Loop& loop, http2::LoopBudget& memory, transport::LingeringCloses& closing, const Answering& site,
       std::function<void()> emptied);
  ~Part() override;

  [[nodiscard]] Loop& loop() const noexcept { return loop_; }
  [[nodiscard]] http2::LoopBudget& memory() const noexcept { return memory_; }
  [[nodiscard]] const Answering& site() const noexcept { return site_; }
  /// Takes connections whose last response is written.
  [[nodiscard]] transport::LingeringCloses& closing() const noexcept { return closing_; }

  void serve_connection(std::unique_ptr<transport::ByteStream> stream, std::string first_bytes) override;
  void serve_stream(http2::Stream& stream, const http2::HeaderBlockRef& head, std::string_view timeout, bool ended,
                    const std::string& peer, RefusalLog& refusals) override;
  void reject_stream(http2::Stream& stream, const http2::HeaderBlock& begun, unsigned status, std::string_view text,
                     const std::string& peer, RefusalLog& refusals) override;
  void begin_stop(std::chrono::nanoseconds http1_idle) override;
  void cancel() override;
  [[nodiscard]] bool empty() const override { return connections_.empty() && exchanges_.empty(); }
  void add_running(std::vector<RunningCall>& calls) override;

  /// They are over, and destroyed here.
  void remove(Http1Connection& connection);
  void remove(Http2Exchange& exchange);

 private:
  template <class Folder>
  friend struct tern::DebugLayout;
  Loop& loop_;
  http2::LoopBudget& memory_;
  transport::LingeringCloses& closing_;
  const Answering& site_;
  std::function<void()> emptied_;
  IntrusiveList<Http1Connection> connections_;
  IntrusiveList<Http2Exchange> exchanges_;
  bool stopping_ = false;
  bool over_ = false;  // the grace
};

}  // namespace tern::rest

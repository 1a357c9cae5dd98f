// SpanBuilder: makes a span that every collector accepts. All texts go through it, and it makes them valid UTF-8 of a
// bounded length; a tracer has no other way to put a text into a span.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "telemetry/peer_address.h"
#include "tern/async/job.h"
#include "tern/otlp/trace.pb.h"
#include "tern/rpc/trace_context.h"

namespace tern::telemetry {

class SpanBuilder {
 public:
  /// A span that ends now and took so long. `kind` kServer: its parent, if any, is in another process.
  SpanBuilder(const TraceContext& context, otlp::Span::Kind kind, std::string_view name, Clock::duration took);

  void add(std::string_view key, std::string_view value);
  void add(std::string_view key, std::int64_t value);
  /// The status is an error; `type` is the attribute error.type.
  void fail(std::string_view type, std::string_view message = {});

  /// network.peer.address, .port, and network.transport; nothing for a peer that is not known.
  void add_peer(std::string_view peer);
  /// server.address and server.port.
  void add_server(const PeerAddress& server);

  [[nodiscard]] otlp::Span take() && noexcept { return std::move(span_); }

 private:
  otlp::Span span_;
};

}  // namespace tern::telemetry

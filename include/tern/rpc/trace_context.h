// TraceContext: which trace a piece of work belongs to, across services, as W3C Trace Context has it (the fields
// traceparent and tracestate). Jobs hand it down to what they start; who makes one and passes it on is a Tracer
// (telemetry/tracer.h).
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "tern/api.h"

namespace tern {

class TERN_API TraceContext {
 public:
  using TraceId = std::array<std::uint8_t, 16>;
  using SpanId = std::array<std::uint8_t, 8>;

  /// Reads the values of the two fields. Returns nothing when `traceparent` is malformed: a new trace then begins
  /// (Trace Context §3.2.2). A `tracestate` that is malformed, has more than 32 members or more than 512 bytes is
  /// dropped as a whole (§3.3.1), and the trace goes on without it.
  static std::optional<TraceContext> parse(std::string_view traceparent, std::string_view tracestate = {});
  /// The first span of a new trace, with ids by chance, and so with the random flag (Trace Context level 2). `sampled`:
  /// it is to be recorded.
  static TraceContext root(bool sampled);
  /// A span under this one: the same trace, an id of its own.
  [[nodiscard]] TraceContext child() const;

  /// "00-<trace id>-<span id>-<flags>".
  [[nodiscard]] std::string traceparent() const;
  /// As it came: what others add to a trace is passed on. Printable ASCII.
  [[nodiscard]] const std::string& tracestate() const noexcept { return state_; }

  [[nodiscard]] const TraceId& trace_id() const noexcept { return trace_; }
  [[nodiscard]] const SpanId& span_id() const noexcept { return span_; }
  /// All zeros: there is none.
  [[nodiscard]] const SpanId& parent_span_id() const noexcept { return parent_; }
  [[nodiscard]] bool sampled() const noexcept { return (flags_ & kSampled) != 0; }

 private:
  static constexpr std::uint8_t kSampled = 0x01;
  /// The trace id's last seven bytes are random (Trace Context level 2, §3.2.2.5.2). Only the trace's first span knows,
  /// and the others pass the flag on.
  static constexpr std::uint8_t kRandom = 0x02;

  TraceId trace_{};
  SpanId span_{};
  SpanId parent_{};
  std::uint8_t flags_ = 0;
  std::string state_;
};

/// Bytes as lower-case hexadecimal digits.
TERN_API std::string hex_of(const TraceContext::TraceId& id);
TERN_API std::string hex_of(const TraceContext::SpanId& id);

}  // namespace tern

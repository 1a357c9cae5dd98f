// TraceContext: which trace a piece of work belongs to, across services, as W3C Trace Context has it (the fields
// traceparent and tracestate). Jobs hand it down to what they start; who makes one and passes it on is a Tracer
// (telemetry/tracer.h).
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace tern {

class TraceContext {
 public:
  using TraceId = std::array<std::uint8_t, 16>;
  using SpanId = std::array<std::uint8_t, 8>;

  /// The values of the two fields. Nothing when traceparent is none (Trace Context §3.2): a new trace then begins.
  static std::optional<TraceContext> parse(std::string_view traceparent, std::string_view tracestate = {});
  /// The first span of a new trace, with ids by chance. `sampled`: it is to be recorded.
  static TraceContext root(bool sampled);
  /// A span under this one: the same trace, an id of its own.
  [[nodiscard]] TraceContext child() const;

  /// "00-<trace id>-<span id>-<flags>".
  [[nodiscard]] std::string traceparent() const;
  /// As it came; what others add to a trace is passed on and not looked at.
  [[nodiscard]] const std::string& tracestate() const noexcept { return state_; }

  [[nodiscard]] const TraceId& trace_id() const noexcept { return trace_; }
  [[nodiscard]] const SpanId& span_id() const noexcept { return span_; }
  /// All zeros: there is none.
  [[nodiscard]] const SpanId& parent_span_id() const noexcept { return parent_; }
  [[nodiscard]] bool sampled() const noexcept { return (flags_ & kSampled) != 0; }

 private:
  static constexpr std::uint8_t kSampled = 0x01;

  TraceId trace_{};
  SpanId span_{};
  SpanId parent_{};
  std::uint8_t flags_ = 0;
  std::string state_;
};

/// Bytes as lower-case hexadecimal digits.
std::string hex_of(const TraceContext::TraceId& id);
std::string hex_of(const TraceContext::SpanId& id);

}  // namespace tern

#include "tern/rpc/trace_context.h"

#include <algorithm>
#include <cstring>
#include <random>
#include <span>

namespace tern {

namespace {

constexpr std::string_view kDigits = "0123456789abcdef";
// "00-" + 32 + "-" + 16 + "-" + 2
constexpr std::size_t kLength = 55;
// What everyone has to pass on (§3.3.1.5); a longer one may be dropped.
constexpr std::size_t kMostState = 512;
constexpr int kMostMembers = 32;
constexpr std::size_t kLongestKey = 256;
constexpr std::size_t kLongestValue = 256;

bool read_hex(std::string_view text, std::span<std::uint8_t> bytes) {
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    const std::size_t high = kDigits.find(text[2 * i]);
    const std::size_t low = kDigits.find(text[2 * i + 1]);
    if (high == std::string_view::npos || low == std::string_view::npos) return false;
    bytes[i] = static_cast<std::uint8_t>(high << 4U | low);
  }
  return true;
}

/// Behind what is written.
char* write_hex(std::span<const std::uint8_t> bytes, char* to) {
  for (const std::uint8_t byte : bytes) {
    *to++ = kDigits[byte >> 4U];
    *to++ = kDigits[byte & 0x0FU];
  }
  return to;
}

std::string hex_text(std::span<const std::uint8_t> bytes) {
  std::string text(2 * bytes.size(), '\0');
  write_hex(bytes, text.data());
  return text;
}

template <std::size_t size>
bool is_zero(const std::array<std::uint8_t, size>& id) {
  return id == std::array<std::uint8_t, size>{};
}

/// Ids must differ, not be secrets: a counter that is mixed (SplitMix64) does, at a tenth of what std::mt19937_64
/// costs.
std::uint64_t draw_word() {
  thread_local std::uint64_t state = std::uint64_t{std::random_device{}()} << 32U | std::random_device{}();
  std::uint64_t word = state += 0x9e3779b97f4a7c15U;
  word = (word ^ (word >> 30U)) * 0xbf58476d1ce4e5b9U;
  word = (word ^ (word >> 27U)) * 0x94d049bb133111ebU;
  return word ^ (word >> 31U);
}

/// By chance, and not all zeros, which would be no id.
template <std::size_t size>
void draw(std::array<std::uint8_t, size>& id) {
  do {
    for (std::size_t at = 0; at < size; at += sizeof(std::uint64_t)) {
      const std::uint64_t word = draw_word();
      std::memcpy(id.data() + at, &word, sizeof word);
    }
  } while (is_zero(id));
}

bool begins_key(char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); }
bool is_in_key(char c) { return begins_key(c) || std::string_view{"_-*/@"}.find(c) != std::string_view::npos; }
bool is_in_value(char c) { return c >= ' ' && c <= '~' && c != ',' && c != '='; }

/// list-member = key "=" value, by the grammar of level 2, which allows whatever level 1 does (§3.3.1.3). The space
/// around it is not part of it, so a value does not end with one.
bool is_member(std::string_view member) {
  const std::size_t equals = member.find('=');
  if (equals == std::string_view::npos) return false;
  const std::string_view key = member.substr(0, equals);
  const std::string_view value = member.substr(equals + 1);
  return !key.empty() && key.size() <= kLongestKey && begins_key(key[0]) && std::ranges::all_of(key, is_in_key) &&
         !value.empty() && value.size() <= kLongestValue && std::ranges::all_of(value, is_in_value);
}

std::string_view without_space(std::string_view text) {
  const std::size_t first = text.find_first_not_of(" \t");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t") + 1 - first);
}

/// Members may be empty (§3.3.1.2). A key that comes twice is passed on, as §3.3.1.3 allows.
bool is_state(std::string_view state) {
  int members = 0;
  for (bool more = !state.empty(); more;) {
    const std::size_t comma = state.find(',');
    const std::string_view member = without_space(state.substr(0, comma));
    if (!member.empty() && (++members > kMostMembers || !is_member(member))) return false;
    more = comma != std::string_view::npos;
    if (more) state.remove_prefix(comma + 1);
  }
  return true;
}

}  // namespace

std::optional<TraceContext> TraceContext::parse(std::string_view traceparent, std::string_view tracestate) {
  TraceContext context;
  std::array<std::uint8_t, 1> version{};
  std::array<std::uint8_t, 1> flags{};
  if (traceparent.size() < kLength) return std::nullopt;
  const bool read = read_hex(traceparent, version) && traceparent[2] == '-' &&
                    read_hex(traceparent.substr(3), context.trace_) && traceparent[35] == '-' &&
                    read_hex(traceparent.substr(36), context.span_) && traceparent[52] == '-' &&
                    read_hex(traceparent.substr(53), flags);
  if (!read || version[0] == 0xFF || is_zero(context.trace_) || is_zero(context.span_)) return std::nullopt;
  // Later versions may have more behind another dash.
  if (traceparent.size() > kLength && (version[0] == 0 || traceparent[kLength] != '-')) return std::nullopt;
  context.flags_ = static_cast<std::uint8_t>(flags[0] & (kSampled | kRandom));
  if (tracestate.size() <= kMostState && is_state(tracestate)) context.state_ = tracestate;
  return context;
}

TraceContext TraceContext::root(bool sampled) {
  TraceContext context;
  draw(context.trace_);
  draw(context.span_);
  context.flags_ = sampled ? kSampled | kRandom : kRandom;
  return context;
}

TraceContext TraceContext::child() const {
  TraceContext context = *this;
  context.parent_ = span_;
  draw(context.span_);
  return context;
}

std::string TraceContext::traceparent() const {
  std::string text(kLength, '-');
  char* to = text.data();
  *to++ = '0';
  *to++ = '0';
  to = write_hex(trace_, to + 1);
  to = write_hex(span_, to + 1);
  write_hex({&flags_, 1}, to + 1);
  return text;
}

std::string hex_of(const TraceContext::TraceId& id) { return hex_text(id); }
std::string hex_of(const TraceContext::SpanId& id) { return hex_text(id); }

}  // namespace tern

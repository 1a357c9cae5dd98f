// Attributes, ids and times of OTLP's messages. Texts become valid UTF-8 of a bounded length.
#pragma once

#include <chrono>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "telemetry/wire_text.h"
#include "tern/otlp/common.pb.h"

namespace tern::telemetry {

template <class Message>
void add_attribute(Message& message, std::string_view key, std::string_view value) {
  otlp::KeyValue& attribute = *message.add_attributes();
  attribute.set_key(attribute_text(key));
  attribute.mutable_value()->set_string_value(attribute_text(value));
}
template <class Message>
void add_attribute(Message& message, std::string_view key, std::int64_t value) {
  otlp::KeyValue& attribute = *message.add_attributes();
  attribute.set_key(attribute_text(key));
  attribute.mutable_value()->set_int_value(value);
}

/// A trace's or span's id as OTLP has it.
inline std::string bytes_of(std::span<const std::uint8_t> id) {
  return {reinterpret_cast<const char*>(id.data()), id.size()};
}

/// A time as OTLP has it: nanoseconds since 1970.
inline std::uint64_t unix_nanoseconds(std::chrono::system_clock::time_point time) {
  return static_cast<std::uint64_t>(std::chrono::nanoseconds{time.time_since_epoch()}.count());
}

}  // namespace tern::telemetry

// What header fields say of a call: each line of the input is a field, "name:value".
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "fuzz/input.h"
#include "rpc/base64.h"
#include "rpc/percent.h"
#include "rpc/request_head.h"
#include "rpc/response_head.h"
#include "rpc/timeout.h"
#include "tern/rpc/trace_context.h"

using tern::fuzz::Input;
using tern::fuzz::require;

namespace {

void values(std::string_view text) {
  require(tern::rpc::decode_base64(tern::rpc::encode_base64(text)) == text, "base64 there and back");
  static_cast<void>(tern::rpc::decode_base64(text));
  require(tern::rpc::percent_decode(tern::rpc::percent_encode(text)) == text, "percent-encoding there and back");
  static_cast<void>(tern::rpc::percent_decode(text));
  static_cast<void>(tern::rpc::parse_milliseconds(text));
  if (const auto timeout = tern::rpc::parse_timeout(text)) {
    const tern::rpc::TimeoutText again{*timeout};
    const auto reread = tern::rpc::parse_timeout(again.view());
    require(reread && (*reread >= *timeout || timeout->count() < 0), "a timeout never becomes shorter");
    static_cast<void>(tern::rpc::deadline_after(tern::Clock::now(), *timeout));
  }
  if (const auto trace = tern::TraceContext::parse(text, text)) {
    const auto again = tern::TraceContext::parse(trace->traceparent());
    require(again && again->trace_id() == trace->trace_id() && again->span_id() == trace->span_id(),
            "a trace there and back");
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Input input{data, size};
  tern::rpc::RequestHead request;
  tern::rpc::ResponseBlock response;
  tern::rpc::ResponseBlock trailers;
  while (!input.empty()) {
    const std::string_view line = input.text_until('\n');
    const std::size_t colon = line.find(':', 1);
    const std::string_view value = colon == std::string_view::npos ? std::string_view{} : line.substr(colon + 1);
    request.add(line.substr(0, colon), value);
    (value.size() % 2 == 0 ? response : trailers).add(line.substr(0, colon), value);
    values(value);
  }
  static_cast<void>(request.http_refusal());
  static_cast<void>(request.problem());
  static_cast<void>(response.problem());
  static_cast<void>(tern::rpc::final_status(response, nullptr));
  static_cast<void>(tern::rpc::final_status(response, &trailers));
  static_cast<void>(tern::rpc::final_status(response, &response));
  return 0;
}

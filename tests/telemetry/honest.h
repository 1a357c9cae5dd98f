// HonestClient: calls whose traces are known, so that a test can look for the span, line and sample of each.
#pragma once

#include <fmt/format.h>

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "tern/async/task.h"
#include "tern/client/channel.h"
#include "tern/client/generic_stub.h"
#include "tern/rest/client.h"
#include "tern/rpc/metadata.h"

namespace tern::test {

/// The trace ids of honest calls begin so. The rest is their number.
inline constexpr std::string_view kHonestTraces = "c0ffee";

inline std::string honest_trace(std::uint64_t number) { return fmt::format("{}{:026x}", kHonestTraces, number); }

/// Lives on the loop that makes it.
class HonestClient {
 public:
  /// Calls `method` ("/package.Service/Method") with an empty message, and GETs `path`, both on this port of loopback.
  HonestClient(std::uint16_t port, std::string method, const std::string& path)
      : channel_("127.0.0.1:" + std::to_string(port)),
        method_(std::move(method)),
        url_("http://127.0.0.1:" + std::to_string(port) + path) {}

  /// One call and one request, with the next two numbers. Throws what they throw.
  Task<void> call_both() {
    Metadata metadata;
    metadata.add("traceparent", next_parent());
    co_await GenericStub{channel_}.unary(method_, RawMessage{}, {.metadata = &metadata});
    rest::ClientRequest request{"GET", url_};
    request.fields.add("traceparent", next_parent());
    const rest::ClientResponse response = co_await http_.send(std::move(request));
    if (response.status != 200) throw rest::ClientError(fmt::format("{} answered {}", url_, response.status));
  }
  Task<void> close() { co_await channel_.close(); }

  /// How many traces there are: those with even numbers are calls, the others requests.
  [[nodiscard]] std::uint64_t traces() const noexcept { return traces_; }

 private:
  std::string next_parent() { return fmt::format("00-{}-00000000000000ab-01", honest_trace(traces_++)); }

  Channel channel_;
  rest::Client http_{{.timeout = std::chrono::minutes{2}}};
  std::string method_;
  std::string url_;
  std::uint64_t traces_ = 0;
};

}  // namespace tern::test

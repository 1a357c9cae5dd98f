// Names of header fields that are not a call's metadata: HTTP/2 or gRPC sets them for each hop ("Custom-Metadata" of
// gRPC over HTTP/2, RFC 9113 §8.2.2).
#pragma once

#include <algorithm>
#include <array>
#include <string_view>

#include "rpc/header_names.h"

namespace tern::rpc {

/// Never sent as metadata. Received metadata may have some of these names (is_received), which are left out when the
/// metadata is passed on.
constexpr bool is_reserved(std::string_view name) noexcept {
  constexpr std::array<std::string_view, 10> kReserved{
      "te",         "content-type", "content-length",   "user-agent",        "host",
      "connection", "keep-alive",   "proxy-connection", "transfer-encoding", "upgrade"};
  // A server may say when to call again (gRPC proposal A6).
  if (name.starts_with("grpc-")) return name != kGrpcRetryPushback;
  return std::ranges::find(kReserved, name) != kReserved.end();
}

/// One of them that a received Metadata may hold.
constexpr bool is_received(std::string_view name) noexcept {
  return name == "user-agent" || name == "content-length" || name == "host" ||
         (name.starts_with("grpc-") && name.ends_with("-bin"));
}

}  // namespace tern::rpc

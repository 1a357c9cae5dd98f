// Names and values of header fields that gRPC gives a meaning (gRPC over HTTP/2).
#pragma once

#include <string_view>

namespace tern::rpc {

inline constexpr std::string_view kContentType = "content-type";
inline constexpr std::string_view kGrpcContentType = "application/grpc";
inline constexpr std::string_view kGrpcStatus = "grpc-status";
inline constexpr std::string_view kGrpcMessage = "grpc-message";
inline constexpr std::string_view kGrpcStatusDetails = "grpc-status-details-bin";
inline constexpr std::string_view kGrpcPreviousAttempts = "grpc-previous-rpc-attempts";
inline constexpr std::string_view kGrpcRetryPushback = "grpc-retry-pushback-ms";
inline constexpr std::string_view kGrpcTimeout = "grpc-timeout";
inline constexpr std::string_view kGrpcAcceptEncoding = "grpc-accept-encoding";
inline constexpr std::string_view kGrpcEncoding = "grpc-encoding";

// W3C Trace Context's.
inline constexpr std::string_view kTraceparent = "traceparent";
inline constexpr std::string_view kTracestate = "tracestate";

}  // namespace tern::rpc

#include "rpc/response_head.h"

#include <fmt/format.h>

#include <utility>

#include "rpc/base64.h"
#include "rpc/content_type.h"
#include "rpc/header_names.h"
#include "rpc/percent.h"
#include "text/number.h"

namespace tern::rpc {

namespace {

/// Returns the code; UNKNOWN for a number that gRPC does not define and for a text that is not a number.
int status_number(std::string_view text) {
  constexpr auto kUnknown = static_cast<unsigned>(StatusCode::kUnknown);
  const unsigned number = text::number_of<unsigned>(text).value_or(kUnknown);
  return static_cast<int>(number <= static_cast<unsigned>(StatusCode::kUnauthenticated) ? number : kUnknown);
}

StatusCode from_http(int status) {
  switch (status) {
    case 400:
      return StatusCode::kInternal;
    case 401:
      return StatusCode::kUnauthenticated;
    case 403:
      return StatusCode::kPermissionDenied;
    case 404:
      return StatusCode::kUnimplemented;
    case 429:
    case 502:
    case 503:
    case 504:
      return StatusCode::kUnavailable;
    default:
      return StatusCode::kUnknown;
  }
}

}  // namespace

void ResponseBlock::add(std::string_view name, std::string_view value) {
  if (name == ":status") {
    http_status_ = text::number_of<int>(value).value_or(0);
  } else if (name == kContentType) {
    ContentType type = parse_content_type(value);
    is_grpc_ = type.is_grpc;
    unknown_format_ = std::move(type.unknown_format);
    content_type_ = value;
  } else if (name == kGrpcStatus) {
    grpc_status_ = status_number(value);
  } else if (name == kGrpcMessage) {
    message_ = percent_decode(value);
  } else if (name == kGrpcStatusDetails) {
    details_ = decode_base64(value).value_or(std::string{});
  } else if (name == kGrpcEncoding) {
    encoding_ = value;
  } else if (name == kGrpcRetryPushback) {
    retry_pushback_ = value;
  } else if (!name.starts_with(':') && (!name.starts_with("grpc-") || name.ends_with("-bin")) &&
             !metadata_.add_received(name, value)) {
    bad_key_ = name;
  }
}

Status ResponseBlock::problem() const {
  if (http_status_ != 200) {
    return Status{from_http(http_status_), fmt::format("the peer answered with HTTP status {}", http_status_)};
  }
  if (!is_grpc_ && grpc_status_ < 0) {
    return Status{StatusCode::kUnknown,
                  fmt::format("the peer answered with content-type \"{}\": not gRPC", content_type_)};
  }
  if (!unknown_format_.empty()) {
    return Status{
        StatusCode::kInternal,
        fmt::format("the peer answered with content-type \"{}\": its message format is not supported", content_type_)};
  }
  if (!encoding_.empty() && !parse_compression(encoding_)) {
    return Status{StatusCode::kInternal, fmt::format("message encoding \"{}\" is not supported", encoding_)};
  }
  if (!bad_key_.empty()) return Status{StatusCode::kInternal, fmt::format("metadata \"{}\" is not base64", bad_key_)};
  return {};
}

Status final_status(const ResponseBlock& first, const ResponseBlock* last) {
  if (last != nullptr && last->grpc_status_ >= 0) {
    return Status{static_cast<StatusCode>(last->grpc_status_), last->message_, last->details_};
  }
  if (Status status = first.problem(); !status.ok()) return status;
  return Status{StatusCode::kInternal, "the stream ended without trailers (grpc-status is missing)"};
}

}  // namespace tern::rpc

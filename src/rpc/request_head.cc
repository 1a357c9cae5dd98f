#include "rpc/request_head.h"

#include "rpc/blanks.h"
#include "rpc/compression.h"
#include "rpc/content_type.h"
#include "rpc/header_names.h"

namespace tern::rpc {

void RequestHead::add(std::string_view name, std::string_view value) {
  if (name.starts_with(':')) {
    if (name == ":path") path_ = value;
    if (name == ":method") is_post_ = value == "POST";
  } else if (name == kContentType) {
    add_content_type(value);
  } else if (name.starts_with("grpc-")) {
    add_grpc(name, value);
  } else if (name != "te" && !metadata_.add_received(name, value)) {
    problem_ = Status{StatusCode::kInternal, "metadata \"" + std::string{name} + "\" is not base64"};
  }
}

void RequestHead::add_content_type(std::string_view value) {
  const ContentType type = parse_content_type(value);
  is_grpc_ = type.is_grpc;
  if (type.unknown_format.empty()) return;
  problem_ = Status{StatusCode::kUnimplemented,
                    "message format \"" + type.unknown_format +
                        "\" is not supported: send the content-type application/grpc or application/grpc+proto"};
}

void RequestHead::add_grpc(std::string_view name, std::string_view value) {
  if (name == kGrpcEncoding) {
    const auto encoding = parse_compression(value);
    if (encoding) {
      encoding_ = *encoding;
    } else {
      problem_ = Status{StatusCode::kUnimplemented, "message encoding \"" + std::string{value} +
                                                        "\" is not supported (grpc-accept-encoding says what is)"};
    }
  } else if (name == kGrpcAcceptEncoding) {
    accept(value);
  } else if (name.ends_with("-bin") && !metadata_.add_received(name, value)) {
    problem_ = Status{StatusCode::kInternal, "metadata \"" + std::string{name} + "\" is not base64"};
  }
}

void RequestHead::accept(std::string_view list) {
  while (!list.empty()) {
    const std::size_t comma = list.find(',');
    if (const auto known = parse_compression(without_blanks(list.substr(0, comma)))) {
      accepted_.at(static_cast<std::size_t>(*known)) = true;
    }
    if (comma == std::string_view::npos) break;
    list.remove_prefix(comma + 1);
  }
}

int RequestHead::http_refusal() const noexcept {
  if (!is_post_) return 405;
  if (!is_grpc_) return 415;
  return 0;
}

}  // namespace tern::rpc

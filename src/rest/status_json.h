// How calls' ends are told over HTTP: the codes of both, and google.rpc.Status as JSON.
#pragma once

#include <google/protobuf/any.pb.h>

#include <functional>
#include <string>
#include <string_view>

#include "tern/rpc/status.h"

namespace tern::rest {

/// google/rpc/code.proto says which belongs to which; Connect has the same.
unsigned http_status_of(StatusCode code) noexcept;
/// The other way, for what this side says by itself.
StatusCode code_of_http_status(unsigned status) noexcept;

/// "not_found": as Connect writes codes.
std::string lower_name_of(StatusCode code);

/// A JSON string, quotes and all (RFC 8259 §7). Bytes that are no UTF-8 become U+FFFD.
std::string json_string(std::string_view text);

/// The elements of an array: each of the status's error details as `write` has it; what it leaves empty is left out.
std::string join_details(const Status& status, const std::function<std::string(const google::protobuf::Any&)>& write);

/// {"code":5,"message":"…","details":[…]}: google.rpc.Status; details whose types this program does not know are left
/// out.
std::string to_json(const Status& status);

}  // namespace tern::rest

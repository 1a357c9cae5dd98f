#include "rest/status_json.h"

#include <fmt/format.h>
#include <google/protobuf/any.pb.h>
#include <google/protobuf/struct.pb.h>
#include <google/protobuf/util/json_util.h>

#include <array>

#include "google/rpc/status.pb.h"

namespace tern::rest {

namespace {

// By code.
constexpr std::array<unsigned, 17> kHttpStatuses{200, 499, 500, 400, 504, 404, 409, 403, 429,
                                                 400, 409, 400, 501, 500, 503, 500, 401};

}  // namespace

unsigned http_status_of(StatusCode code) noexcept {
  const auto index = static_cast<std::size_t>(code);
  return index < kHttpStatuses.size() ? kHttpStatuses.at(index) : 500;
}

StatusCode code_of_http_status(unsigned status) noexcept {
  switch (status) {
    case 401:
      return StatusCode::kUnauthenticated;
    case 403:
      return StatusCode::kPermissionDenied;
    case 404:
      return StatusCode::kNotFound;
    case 405:
    case 415:
    case 501:
      return StatusCode::kUnimplemented;
    case 413:
    case 429:
    case 431:
      return StatusCode::kResourceExhausted;
    case 408:
    case 504:
      return StatusCode::kDeadlineExceeded;
    case 503:
      return StatusCode::kUnavailable;
    default:
      return status < 500 ? StatusCode::kInvalidArgument : StatusCode::kInternal;
  }
}

std::string lower_name_of(StatusCode code) {
  // Connect spells this one with a single l.
  if (code == StatusCode::kCancelled) return "canceled";
  std::string name{name_of(code)};
  for (char& letter : name) {
    if (letter >= 'A' && letter <= 'Z') letter = static_cast<char>(letter - 'A' + 'a');
  }
  return name;
}

std::string json_string(std::string_view text) {
  google::protobuf::Value value;
  value.set_string_value(std::string{text});
  std::string json;
  if (google::protobuf::util::MessageToJsonString(value, &json).ok()) return json;
  return "\"\"";
}

std::string to_json(const Status& status) {
  std::string details;
  google::rpc::Status whole;
  if (whole.ParseFromString(status.error_details())) {
    for (const google::protobuf::Any& detail : whole.details()) {
      std::string json;
      if (!google::protobuf::util::MessageToJsonString(detail, &json).ok()) continue;
      if (!details.empty()) details += ',';
      details += json;
    }
  }
  return fmt::format(R"({{"code":{},"message":{},"details":[{}]}})", static_cast<int>(status.code()),
                     json_string(status.details()), details);
}

}  // namespace tern::rest

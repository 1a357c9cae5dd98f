#include "rest/status_json.h"

#include <fmt/format.h>
#include <google/protobuf/any.pb.h>
#include <google/protobuf/struct.pb.h>
#include <google/protobuf/util/json_util.h>

#include <array>

#include "google/rpc/status.pb.h"
#include "rpc/lower_case.h"
#include "text/utf8.h"

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
  return rpc::lower_case(name_of(code));
}

std::string json_string(std::string_view text) {
  google::protobuf::Value value;
  // Protobuf would replace the same bytes, and write a line to standard error for each text of a client that has some.
  value.set_string_value(text::valid_utf8(text));
  std::string json;
  if (google::protobuf::util::MessageToJsonString(value, &json).ok()) return json;
  return "\"\"";
}

std::string join_details(const Status& status, const std::function<std::string(const google::protobuf::Any&)>& write) {
  std::string joined;
  google::rpc::Status whole;
  if (!whole.ParseFromString(status.error_details())) return joined;
  for (const google::protobuf::Any& detail : whole.details()) {
    const std::string json = write(detail);
    if (!joined.empty() && !json.empty()) joined += ',';
    joined += json;
  }
  return joined;
}

std::string to_json(const Status& status) {
  const std::string details = join_details(status, [](const google::protobuf::Any& detail) {
    std::string json;
    return google::protobuf::util::MessageToJsonString(detail, &json).ok() ? json : std::string{};
  });
  return fmt::format(R"({{"code":{},"message":{},"details":[{}]}})", static_cast<int>(status.code()),
                     json_string(status.details()), details);
}

}  // namespace tern::rest

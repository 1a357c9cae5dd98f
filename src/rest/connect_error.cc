#include "rest/connect_error.h"

#include <fmt/format.h>
#include <google/protobuf/any.pb.h>

#include <map>
#include <utility>

#include "rest/status_json.h"
#include "rpc/base64.h"

namespace tern::rest {

namespace {

/// ,"debug":{…} for a detail whose type this program knows.
std::string debug_of(const Gateway& gateway, const std::string& type, const google::protobuf::Any& detail) {
  if (!gateway.options().debug_error_details) return {};
  const auto* known = google::protobuf::DescriptorPool::generated_pool()->FindMessageTypeByName(type);
  if (known == nullptr) return {};
  const Result<std::string> json = gateway.to_json(*known, detail.value());
  return json.ok() ? R"(,"debug":)" + *json : std::string{};
}

std::string write_error(std::string_view code, std::string_view message) {
  return fmt::format(R"({{"code":"{}","message":{})", code, json_string(message));
}

}  // namespace

std::string connect_error(const Gateway& gateway, const Status& status) {
  const std::string details = join_details(status, [&gateway](const google::protobuf::Any& detail) {
    const std::string& url = detail.type_url();
    const std::string type = url.substr(url.rfind('/') + 1);
    return fmt::format(R"({{"type":{},"value":{}{}}})", json_string(type),
                       json_string(rpc::encode_base64(detail.value())), debug_of(gateway, type, detail));
  });
  std::string text = write_error(lower_name_of(status.code()), status.details());
  if (!details.empty()) text += R"(,"details":[)" + details + "]";
  return text + "}";
}

std::string connect_end(const Gateway& gateway, const Status& status, const Metadata& trailing) {
  std::string text = "{";
  if (!status.ok()) text += R"("error":)" + connect_error(gateway, status);
  std::map<std::string, std::string> values;
  Fields fields;
  add_fields(fields, trailing);
  for (const auto& [name, value] : fields) {
    std::string& all = values[name];
    if (!all.empty()) all += ',';
    all += json_string(value);
  }
  if (!values.empty()) {
    if (text.size() > 1) text += ',';
    text += R"("metadata":{)";
    for (const auto& [name, all] : values) {
      if (!text.ends_with('{')) text += ',';
      text += json_string(name) + ":[" + all + "]";
    }
    text += '}';
  }
  return text + "}";
}

Response connect_failure(const Gateway& gateway, const Status& status) {
  return Response::json(connect_error(gateway, status), http_status_of(status.code()));
}

Response connect_refusal(unsigned http_status, std::string_view message) {
  const std::string_view code = http_status == 404 ? "unimplemented" : "unknown";
  return Response::json(write_error(code, message) + "}", http_status);
}

Status status_of(const HttpError& error) {
  const auto* coded = dynamic_cast<const CodedHttpError*>(&error);
  return Status{coded != nullptr ? coded->code() : code_of_http_status(error.status()), error.what()};
}

}  // namespace tern::rest

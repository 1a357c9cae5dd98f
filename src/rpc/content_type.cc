#include "rpc/content_type.h"

#include "rpc/blanks.h"
#include "rpc/header_names.h"
#include "rpc/lower_case.h"

namespace tern::rpc {

ContentType parse_content_type(std::string_view value) {
  const std::string lower = lower_case(without_blanks(value.substr(0, value.find(';'))));
  if (!lower.starts_with(kGrpcContentType)) return {};
  const std::string_view suffix = std::string_view{lower}.substr(kGrpcContentType.size());
  if (suffix.empty()) return {.is_grpc = true, .unknown_format = {}};
  if (suffix.front() != '+') return {};  // application/grpc-web, say
  const std::string_view format = suffix.substr(1);
  return {.is_grpc = true, .unknown_format = format == "proto" ? std::string{} : std::string{format}};
}

}  // namespace tern::rpc

#include "rest/media_type.h"

#include <boost/beast/http/rfc7230.hpp>
#include <string_view>

#include "rpc/lower_case.h"

namespace tern::rest {

bool MediaType::is_utf8() const { return charset.empty() || charset == "utf-8" || charset == "us-ascii"; }

bool MediaType::is_json() const {
  const bool json = type == "application/json" || (type.starts_with("application/") && type.ends_with("+json"));
  return json && is_utf8();
}

MediaType media_type_of(const Request& request) {
  const std::string_view text = request.fields.get("content-type").value_or(std::string_view{});
  const std::size_t parameters = text.find(';');
  std::string_view type = text.substr(0, parameters);
  while (type.ends_with(' ') || type.ends_with('\t')) type.remove_suffix(1);
  MediaType media{.type = rpc::lower_case(type), .charset = {}};
  if (parameters == std::string_view::npos) return media;
  for (const auto& [name, value] : boost::beast::http::param_list{text.substr(parameters)}) {
    const std::string_view its_name{name.data(), name.size()};
    const std::string_view its_value{value.data(), value.size()};
    if (rpc::lower_case(its_name) == "charset") media.charset = rpc::lower_case(its_value);
  }
  return media;
}

}  // namespace tern::rest

#include "rest/client_url.h"

#include <fmt/format.h>

#include <boost/url/parse.hpp>
#include <boost/url/url.hpp>
#include <boost/url/url_view.hpp>
#include <stdexcept>

#include "rpc/lower_case.h"

namespace tern::rest {

ClientUrl ClientUrl::parse(std::string_view text) {
  const auto parsed = boost::urls::parse_uri(text);
  if (!parsed || (parsed->scheme() != "http" && parsed->scheme() != "https") || parsed->host().empty()) {
    throw std::invalid_argument(fmt::format("\"{}\" is not a URL like http://host/path or https://host/path", text));
  }
  ClientUrl url;
  url.host = parsed->host_address();
  url.authority = parsed->encoded_host_and_port();
  url.secure = parsed->scheme() == "https";
  url.port = url.secure ? 443 : 80;
  if (parsed->has_port() && !parsed->port().empty()) url.port = parsed->port_number();
  url.target = parsed->encoded_target();
  if (!url.target.starts_with('/')) url.target.insert(0, "/");
  return url;
}

std::string ClientUrl::origin() const {
  return fmt::format("{}://{}:{}", secure ? "https" : "http", rpc::lower_case(host), port);
}

std::string resolve_location(std::string_view url, std::string_view location) {
  const auto base = boost::urls::parse_uri(url);
  const auto reference = boost::urls::parse_uri_reference(location);
  boost::urls::url resolved;
  const bool well_formed = base && reference && boost::urls::resolve(*base, *reference, resolved);
  if (!well_formed) throw std::invalid_argument(fmt::format("the location \"{}\" is not a URL", location));
  std::string text{resolved.buffer().data(), resolved.buffer().size()};
  static_cast<void>(ClientUrl::parse(text));
  return text;
}

}  // namespace tern::rest

#include "client/target.h"

#include <stdexcept>

namespace tern {

namespace {

std::vector<transport::Address> parse_list(std::string_view list) {
  std::vector<transport::Address> addresses;
  for (;;) {
    const std::size_t comma = list.find(',');
    addresses.push_back(transport::Address::parse(list.substr(0, comma)));
    if (!addresses.back().is_numeric()) {
      throw std::invalid_argument("target: \"" + addresses.back().host + "\" is no numeric address");
    }
    if (comma == std::string_view::npos) return addresses;
    list.remove_prefix(comma + 1);
  }
}

}  // namespace

Target Target::parse(std::string_view text) {
  Target target;
  if (text.starts_with("ipv4:") || text.starts_with("ipv6:")) {
    std::string_view list = text.substr(5);
    if (list.starts_with("///")) list.remove_prefix(3);
    target.addresses = parse_list(list);
  } else {
    target.addresses.push_back(transport::Address::parse(text));
  }
  const transport::Address& first = target.addresses.front();
  target.by_dns = first.by_name();
  target.authority = first.host.empty() ? "localhost" : first.to_string();
  return target;
}

}  // namespace tern

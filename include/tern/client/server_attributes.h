// ServerAttributes: what a resolver knows of a server besides its address; for balancers.
#pragma once

#include <any>
#include <cstdint>
#include <string>

namespace tern {

struct ServerAttributes {
  /// How much of the calls it shall have, in relation to the others.
  std::uint32_t weight = 1;
  /// Where it is: "region/zone/sub-zone", say.
  std::string locality = {};
  /// The resolver's own, for a balancer that knows its type.
  std::any own = {};
};

}  // namespace tern

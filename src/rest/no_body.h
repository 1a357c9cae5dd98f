// NoBody: the body of a request that has none to read, such as one whose head was rejected.
#pragma once

#include <optional>
#include <string>

#include "tern/rest/message.h"

namespace tern::rest {

class NoBody final : public BodySource {
 public:
  Task<std::optional<std::string>> read_body() override { co_return std::nullopt; }
};

}  // namespace tern::rest

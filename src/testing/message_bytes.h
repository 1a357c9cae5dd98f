// A message's bytes, as records keep them.
#pragma once

#include <string>

#include "tern/rpc/message_ref.h"

namespace tern::testing {

inline std::string bytes_of(MessageRef message) {
  return message.raw() != nullptr ? message.raw()->bytes : message.message()->SerializePartialAsString();
}

}  // namespace tern::testing

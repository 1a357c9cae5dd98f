#include "client/kept_request.h"

#include <cassert>

namespace tern {

bool KeptRequest::keep(const Buffer& message) {
  bytes_ += message.size();
  if (too_long()) return false;
  assert(bytes_ <= kMostBytes);
  messages_.push_back(message);
  return true;
}

}  // namespace tern

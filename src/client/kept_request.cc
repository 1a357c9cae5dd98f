#include "tern/client/kept_request.h"

namespace tern {

bool KeptRequest::keep(const Buffer& message) {
  bytes_ += message.size();
  if (too_long()) return false;
  messages_.push_back(message);
  return true;
}

}  // namespace tern

// The body of a REST response: the message as JSON, one field of it (response_body), or the bytes of a
// google.api.HttpBody.
#pragma once

#include <string>

#include "rest/gateway.h"
#include "rest/http_binding.h"

namespace tern::rest {

struct ResponseBody {
  std::string content_type;
  std::string bytes;
};

/// Returns the body for a serialised response. INTERNAL if protobuf cannot write the message as JSON.
Result<ResponseBody> response_body(const Gateway& gateway, const HttpBinding& binding, const std::string& serialised);

}  // namespace tern::rest

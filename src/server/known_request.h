// What a request's header block means to the server: read once for each block that differs, and kept with it.
#pragma once

#include <cassert>

#include "http2/header_block.h"
#include "rpc/request_head.h"
#include "server/service_registry.h"

namespace tern {

struct KnownRequest {
  rpc::RequestHead head;
  MethodHandler* handler = nullptr;  // null when nobody serves the method
  std::uint32_t method_id = 0;       // ServerContext::method_id
};

/// Lives as long as the block.
inline const KnownRequest& known_request(const http2::HeaderBlock& block, const ServiceRegistry& registry) {
  if (block.meaning == nullptr) {
    const auto read = std::make_shared<KnownRequest>();
    for (std::size_t i = 0; i < block.size(); ++i) read->head.add(block[i].name, block[i].value);
    read->handler = registry.find(read->head.path());
    if (read->handler != nullptr && !registry.is_fallback(*read->handler)) read->method_id = read->handler->id();
    block.meaning = read;
  }
  assert(block.meaning != nullptr);
  return *static_cast<const KnownRequest*>(block.meaning.get());
}

}  // namespace tern

// GenericService: calls by name and bytes, for a server that does not know the messages: a proxy, a recorder.
#pragma once

#include <memory>

#include "tern/api.h"
#include "tern/async/async_generator.h"
#include "tern/rpc/message_ref.h"
#include "tern/server/reader.h"
#include "tern/server/server_context.h"
#include "tern/server/service.h"

namespace tern {

/// Outlives the server that it is given to.
class TERN_API GenericService {
 public:
  GenericService();
  GenericService(const GenericService&) = delete;
  GenericService& operator=(const GenericService&) = delete;
  virtual ~GenericService() = default;

  /// Any kind of call: a stream of one message is what a unary method has. context.method() names the method.
  virtual AsyncGenerator<RawMessage> Call(ServerContext& context, Reader<RawMessage>& requests) = 0;

  [[nodiscard]] MethodHandler& handler() noexcept { return *handler_; }

 private:
  std::unique_ptr<MethodHandler> handler_;
};

}  // namespace tern

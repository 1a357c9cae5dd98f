// CallCredentials: who makes a call, as metadata that a coroutine supplies for each one: a token, say.
#pragma once

#include <string>
#include <string_view>

#include "tern/api.h"
#include "tern/async/task.h"
#include "tern/rpc/metadata.h"

namespace tern {

/// What credentials may depend on.
struct CallTarget {
  /// "https://host/package.Service", the audience of tokens.
  std::string service_url;
  /// "/package.Service/Method".
  std::string_view method;
};

/// Outlives the channel or call that it is given to; serves all loops at once.
class TERN_API CallCredentials {
 public:
  CallCredentials() = default;
  CallCredentials(const CallCredentials&) = delete;
  CallCredentials& operator=(const CallCredentials&) = delete;
  virtual ~CallCredentials() = default;

  /// Sent along with the call. An RpcError ends the call with its status, any other exception with UNAUTHENTICATED.
  virtual Task<Metadata> metadata(CallTarget target) = 0;

  /// Whether they may travel where anybody can read them. Without it a call over plaintext ends with UNAUTHENTICATED,
  /// and nothing is sent.
  [[nodiscard]] virtual bool allowed_on_plaintext() const noexcept { return false; }
};

}  // namespace tern

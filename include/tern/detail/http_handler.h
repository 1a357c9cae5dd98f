// HttpHandler: answers the requests on a server's ports that are not gRPC calls: HTTP/1.1, and HTTP/2 with another
// content type. tern::rest::Site is the one; what it does on each loop is an HttpPart (src/server/http_part.h).
#pragma once

#include <functional>
#include <memory>

#include "tern/api.h"

namespace tern {

namespace transport {
class LingeringCloses;
}
namespace http2 {
class LoopBudget;
}
class HttpPart;
class Loop;

/// Outlives the servers that it is given to.
class TERN_API HttpHandler {
 public:
  /// Called once on each loop of a server. Bytes that are held for clients count in `memory`. `closing` takes
  /// connections whose last response is written. The part calls `emptied` each time that nothing is under way any more.
  virtual std::unique_ptr<HttpPart> make_part(Loop& loop, http2::LoopBudget& memory,
                                              transport::LingeringCloses& closing, std::function<void()> emptied) = 0;

 protected:
  ~HttpHandler() = default;
};

}  // namespace tern

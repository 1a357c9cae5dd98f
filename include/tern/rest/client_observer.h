// ClientObserver: sees every request that a rest::Client sends begin and end: for figures and traces. A request that is
// sent again, or that follows a redirect, is another one.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "tern/api.h"
#include "tern/detail/timer_queue.h"

namespace tern {
class TraceContext;
}

namespace tern::rest {

/// One request of a rest::Client on its way.
struct SentRequest {
  /// "GET" and so on.
  std::string method;
  /// The absolute URL, as far as it is sent: "https://host/path?query".
  std::string url;
  /// The host without brackets, and the port.
  std::string host;
  std::uint16_t port = 0;
  /// True for https.
  bool secure = false;
  /// How often the request was sent before, by a redirect or because the server had not processed it.
  unsigned resent = 0;
  /// The trace that it belongs to: its job's, unless an observer sets another as it begins. Sent along as "traceparent"
  /// where the request has no such field of its own. Null when there is none.
  std::shared_ptr<const TraceContext> trace;
};

struct EndedSentRequest {
  const SentRequest& request;
  /// Of the response's head; 0: there was none.
  unsigned status;
  /// Why there was no response, or no whole one; empty when the response was read to its end. "cancelled" when its
  /// reader gave it up before.
  std::string_view failure;
  /// Since the request was about to be sent, waiting for a connection included, until the response's end.
  Clock::duration took;
};

/// Outlives the client that it is added to and its streams. Called on the client's loop. Its exceptions are logged and
/// have no other effect: the request and the other observers go on.
class TERN_API ClientObserver {
 public:
  ClientObserver() = default;
  ClientObserver(const ClientObserver&) = delete;
  ClientObserver& operator=(const ClientObserver&) = delete;
  virtual ~ClientObserver() = default;

  virtual void on_request_begun(SentRequest& request) = 0;
  /// Called once for each request that began.
  virtual void on_request_ended(const EndedSentRequest& request) = 0;
};

}  // namespace tern::rest

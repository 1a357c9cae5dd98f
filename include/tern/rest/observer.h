// RequestObserver: sees every request of a site begin and end, whichever version of HTTP it comes by; those that become
// gRPC calls too, which a ServerObserver sees besides.
#pragma once

#include <cstdint>

#include "tern/api.h"
#include "tern/detail/timer_queue.h"
#include "tern/rest/message.h"
#include "tern/server/refusal.h"

namespace tern::rest {

struct EndedRequest {
  const Request& request;
  /// Of the response; 0: its client left before there was one.
  unsigned status;
  /// Since the request's head was there, until the response was sent.
  Clock::duration took;
  /// Of the response's body.
  std::uint64_t bytes_sent;
};

/// Outlives the site's server. Called on the request's loop, of which a server may have several. Its exceptions are
/// logged and have no other effect: the request, the other observers and the server go on.
class TERN_API RequestObserver {
 public:
  RequestObserver() = default;
  RequestObserver(const RequestObserver&) = delete;
  RequestObserver& operator=(const RequestObserver&) = delete;
  virtual ~RequestObserver() = default;

  virtual void on_request_begun(Request& request) = 0;
  /// Once for each that began.
  virtual void on_request_ended(const EndedRequest& request) = 0;
  /// Something of a client was not taken. On the connection's loop.
  virtual void on_refused(const Refused& /*refused*/) {}
};

}  // namespace tern::rest

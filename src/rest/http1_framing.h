// Http1Framing: how long the body of an HTTP/1.1 request is (RFC 9112 §6.3). It is decided in this one place, before
// any byte of the body is read. Two servers that disagree here take one's body for the other's next request, so
// whatever can be read in two ways is rejected:
//
//   Transfer-Encoding      Content-Length        body
//   none                   none                  none
//   none                   one, 1*DIGIT          that many bytes
//   none                   a list, two, others   400
//   "chunked"              none                  chunks
//   others                 none                  400; 501 where "chunked" is last, once
//   any, in HTTP/1.0       any                   400
//   any                    any                   400
#pragma once

#include <cstdint>
#include <variant>

#include "rest/http1_rejection.h"
#include "tern/rest/message.h"

namespace tern::rest {

struct Http1Framing {
  enum class Kind : unsigned char { kNone, kLength, kChunked };
  Kind kind = Kind::kNone;
  /// In bytes, of Kind::kLength.
  std::uint64_t length = 0;
};

/// Decides by the fields of a request's head. `minor_version` is HTTP/1's.
std::variant<Http1Framing, Http1Rejection> framing_of(const Fields& fields, unsigned minor_version);

}  // namespace tern::rest

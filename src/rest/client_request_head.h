// RequestHead: the header section of a client's request before a version of HTTP writes it (RFC 9110 §6.3).
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "rest/client_url.h"
#include "tern/rest/client.h"

namespace tern {
class TraceContext;
}

namespace tern::rest {

/// Not an aggregate: g++ 12 destroys aggregates twice inside of co_await expressions.
class RequestHead {
 public:
  /// Adds the client's own fields to the request's, and the trace, if there is one. `compressed` asks for compressed
  /// content.
  RequestHead(const ClientRequest& request, const ClientUrl& url, bool compressed, const TraceContext* trace);

  std::string method;
  /// Path and query.
  std::string target;
  bool secure;
  /// The request's Host field, or else the URL's host and port.
  std::string authority;
  /// Without "host". Names are in lower case.
  std::vector<Fields::Field> fields;
  /// The content's length is not known: no field tells it.
  bool unknown_length;

 private:
  void add(std::string_view name, std::string value) { fields.emplace_back(name, std::move(value)); }
  void add_trace(const ClientRequest& request, const TraceContext* trace);
};

}  // namespace tern::rest

#include "rest/client_request_head.h"

#include "rpc/header_names.h"
#include "tern/rpc/trace_context.h"
#include "tern/version.h"

namespace tern::rest {

RequestHead::RequestHead(const ClientRequest& request, const ClientUrl& url, bool compressed, const TraceContext* trace)
    : method(request.method),
      target(url.target),
      secure(url.secure),
      authority(request.fields.get("host").value_or(url.authority)),
      unknown_length(request.pieces && !request.length) {
  if (!request.fields.get("user-agent")) add("user-agent", std::string{kUserAgent});
  if (compressed) add("accept-encoding", "gzip, deflate");
  const bool expects_body = method == "POST" || method == "PUT" || method == "PATCH";
  if (request.pieces && request.length) {
    add("content-length", std::to_string(*request.length));
  } else if (!request.pieces && (expects_body || !request.body.empty())) {
    add("content-length", std::to_string(request.body.size()));
  }
  for (const auto& [name, value] : request.fields) {
    if (name != "host") add(name, value);
  }
  add_trace(request, trace);
}

void RequestHead::add_trace(const ClientRequest& request, const TraceContext* trace) {
  if (trace == nullptr || request.fields.get(rpc::kTraceparent)) return;
  add(rpc::kTraceparent, trace->traceparent());
  if (!trace->tracestate().empty()) add(rpc::kTracestate, std::string{trace->tracestate()});
}

}  // namespace tern::rest

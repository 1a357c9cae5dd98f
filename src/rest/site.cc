#include "tern/rest/site.h"

#include <exception>
#include <utility>

#include "async/error_text.h"
#include "call/option_check.h"
#include "rest/connect_error.h"
#include "rest/cors.h"
#include "rest/decoded_body.h"
#include "rest/error_response.h"
#include "rest/files.h"
#include "rest/json_route.h"
#include "rest/media_type.h"
#include "rest/openapi.h"
#include "rest/part.h"
#include "rest/response_compression.h"
#include "rest/rpc_protocol.h"
#include "rest/running_calls.h"
#include "rest/site_core.h"
#include "rest/transcoding.h"
#include "rpc/compression.h"
#include "tern/client/channel.h"
#include "text/log.h"
#include "text/utf8.h"

namespace tern::rest {

namespace {

/// True for the status of a response that ends its request: RFC 9110 §15 has 100 to 599, of which those below 200 are
/// interim.
constexpr bool is_final_status(unsigned status) noexcept { return status >= 200 && status <= 599; }

Task<Response> ready(Response response) { co_return response; }

/// Tells browsers to believe the content type, whatever the body looks like (the Fetch standard, §3.6).
void forbid_sniffing(Response& response) {
  if (response.body.empty() && !response.pieces) return;
  response.fields.set("x-content-type-options", "nosniff");
}

}  // namespace

Site::Core::Core(SiteOptions options) : options_(std::move(options)), gateway_(options_) { check(options_.cors); }

void Site::Core::add_services(Server& server) {
  gateway_.connect_to(server);
  for (const auto& [path, method] : gateway_.methods()) {
    for (HttpBinding& binding : bindings_of(*method)) {
      add_binding(std::move(binding));
    }
  }
}

void Site::Core::add_binding(HttpBinding binding) {
  const HttpBinding& kept = bindings_.emplace_back(std::move(binding));
  try {
    router_.add(kept.http_method(), kept.path(), [this, &kept](Request& request) {
      check_json_request(kept, options_.cors, request);
      return serve_binding(gateway_, kept, request);
    });
  } catch (const std::invalid_argument& error) {
    warn_left_out(kept.method(), kept.http_method(), kept.path(), error.what());
    bindings_.pop_back();
  }
}

void Site::Core::add_openapi() {
  openapi_ = openapi_of({bindings_.begin(), bindings_.end()}, options_);
  router_.add("GET", "/openapi.json", [this](Request& /*request*/) { return ready(Response::json(openapi_)); });
}

Task<Response> Site::Core::dispatch(Request& request) const {
  // OPTIONS of the server itself is a ping (RFC 9110 §9.3.7); the versions of HTTP allow "*" for no other method.
  if (request.target == "*") return ready(Response{204});
  if (!request.target.starts_with('/')) throw HttpError{400, "\"" + request.target + "\" is no path"};
  if (gateway_.connected()) {
    const google::protobuf::MethodDescriptor* method = gateway_.find(request.path());
    if (std::optional<RpcProtocol> protocol = protocol_of(method, request)) {
      if (method != nullptr) request.route = protocol->path;
      return protocol->kind == RpcProtocol::Kind::kConnectUnary
                 ? serve_connect_unary(gateway_, request, *std::move(protocol))
                 : serve_enveloped(gateway_, request, *std::move(protocol));
    }
    // A method's path may be a route as well.
    if (method != nullptr && router_.methods_of(request.path()).empty()) {
      return ready(refuse_protocol(options_, *method, request));
    }
  }
  return serve_route(request);
}

Task<Response> Site::Core::serve_route(Request& request) const {
  const Handler& handler = router_.find(request);
  if (options_.decompress_requests) decode_body(request, options_.max_body_length);
  Response response = co_await handler(request);
  if (options_.compress_responses) co_await compress_response(request, response);
  co_return response;
}

std::string Site::Core::methods_of(std::string_view path) const {
  std::string methods = router_.methods_of(path);
  if (const google::protobuf::MethodDescriptor* method = gateway_.find(path)) {
    if (!methods.empty()) methods += ", ";
    methods += http_methods_of(*method);
  }
  return methods;
}

std::optional<RpcProtocol> Site::Core::enveloped(const Request& request) const {
  if (request.method != "POST" || !gateway_.connected()) return std::nullopt;
  std::optional<RpcProtocol> protocol = protocol_of(gateway_.find(request.path()), request);
  if (protocol && protocol->kind == RpcProtocol::Kind::kConnectUnary) return std::nullopt;
  return protocol;
}

// As the request's protocol writes errors; otherwise in the site's form.
Response Site::Core::error(const Request& request, const HttpError& error) const {
  if (const std::optional<RpcProtocol> protocol = enveloped(request)) {
    return enveloped_error(gateway_, *protocol, status_of(error));
  }
  const auto as_connect = [this, &error] {
    const bool is_path_problem = error.status() == 404 || error.status() == 405;
    return is_path_problem ? connect_refusal(error.status(), error.what())
                           : connect_failure(gateway_, status_of(error));
  };
  Response response = is_connect(request) ? as_connect() : error_response(options_, request, error);
  if (error.status() == 405) response.fields.set("allow", methods_of(request.path()));
  // Never with another 415: the field says that the coding was the problem (RFC 9110 §15.5.16).
  if (dynamic_cast<const UnsupportedCoding*>(&error) != nullptr) {
    response.fields.set("accept-encoding", "gzip, deflate");
  }
  return response;
}

Response Site::Core::error(const Request& request, const Status& status) const {
  if (const std::optional<RpcProtocol> protocol = enveloped(request)) {
    return enveloped_error(gateway_, *protocol, status);
  }
  if (!is_connect(request)) return error_response(options_, request, status);
  Response response = connect_failure(gateway_, status);
  // No call was made, so that the code says that the request's coding is not supported.
  if (status.code() == StatusCode::kUnimplemented) response.fields.add("accept-encoding", rpc::kAcceptedEncodings);
  return response;
}

bool Site::Core::is_connect(const Request& request) const {
  if (gateway_.find(request.path()) != nullptr) return speaks_connect(request);
  // JSON to another path is REST.
  return request.fields.get("connect-protocol-version") || media_type_of(request).type == "application/proto";
}

Task<Response> Site::Core::answer(Request& request) const {
  Response response;
  std::string what;
  try {
    if (is_preflight(request)) {
      co_return answer_preflight(options_.cors, request, methods_of(request.path()));
    }
    response = co_await dispatch(request);
  } catch (const HttpError& failure) {
    response = error(request, failure);
  } catch (const RpcError& failure) {
    response = error(request, failure.status());
  } catch (const Cancelled&) {
    throw;
  } catch (...) {
    what = error_text(std::current_exception());
    response = error(request, HttpError{500, "internal server error"});
  }
  if (!what.empty()) {
    log_error("rest", "{} {}: unexpected exception in the handler: {}", text::log_text(request.method),
              text::log_text(request.path()), text::log_text(what));
  }
  if (!is_final_status(response.status)) {
    log_error("rest", "{} {}: the handler answered with status {}, which is not between 200 and 599: 500 is sent",
              request.method, request.path(), response.status);
    response = error(request, HttpError{500, "internal server error"});
  }
  complete(request, response);
  co_return response;
}

Response Site::Core::reject(const Request& request, const HttpError& failure) const {
  Response response = error(request, failure);
  complete(request, response);
  return response;
}

void Site::Core::complete(const Request& request, Response& response) const {
  permit(options_.cors, request, response);
  forbid_sniffing(response);
}

namespace {

SiteOptions checked(SiteOptions options) {
  require_not_zero("SiteOptions::max_header_length", options.max_header_length,
                   "is 0: every request would be rejected");
  require_not_zero("SiteOptions::max_body_length", options.max_body_length,
                   "is 0: every request with a body would be rejected");
  require_positive("SiteOptions::read_timeout", options.read_timeout);
  require_positive("SiteOptions::write_timeout", options.write_timeout);
  return options;
}

}  // namespace

Site::Site(SiteOptions options) : core_(std::make_unique<Core>(checked(std::move(options)))) {}
Site::~Site() = default;

void Site::route(std::string_view method, std::string_view path, Handler handler) {
  core_->router().add(method, path, std::move(handler));
}
void Site::add_files(std::string_view path, std::span<const EmbeddedFile> files) {
  add_file_routes(core_->router(), path, files, core_->options().compress_responses);
}
void Site::add_services(Server& server) { core_->add_services(server); }
void Site::add_openapi() { core_->add_openapi(); }
void Site::add_running_calls(const Server& server, const std::vector<const Channel*>& channels, std::string_view path) {
  auto sources = std::make_shared<RunningCallSources>();
  sources->server = server.inspector();
  for (const Channel* channel : channels) sources->channels.push_back(channel->inspector());
  core_->router().add("GET", path, [sources](Request& /*request*/) { return running_calls_page(*sources); });
}
void Site::add_observer(RequestObserver& observer) { core_->add_observer(observer); }
std::unique_ptr<HttpPart> Site::make_part(Loop& loop, http2::LoopBudget& memory, transport::LingeringCloses& closing,
                                          std::function<void()> emptied) {
  return std::make_unique<Part>(loop, memory, closing, *core_, std::move(emptied));
}

}  // namespace tern::rest

#include "tern/rest/site.h"

#include <spdlog/spdlog.h>

#include <exception>
#include <utility>

#include "rest/cors.h"
#include "rest/files.h"
#include "rest/openapi.h"
#include "rest/part.h"
#include "rest/rpc_protocol.h"
#include "rest/site_core.h"
#include "rest/transcoding.h"

namespace tern::rest {

namespace {

Task<Response> ready(Response response) { co_return response; }

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
    router_.add(kept.http_method(), kept.path(),
                [this, &kept](Request& request) { return serve_binding(gateway_, kept, request); });
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
    if (std::optional<RpcProtocol> protocol = protocol_of(gateway_, request)) {
      if (protocol->method != nullptr) request.route = protocol->path;
      if (protocol->kind != RpcProtocol::Kind::kConnectUnary) {
        return serve_enveloped(gateway_, request, *std::move(protocol));
      }
      // JSON to another path is REST.
      if (protocol->method != nullptr) {
        return serve_connect_unary(gateway_, request, *std::move(protocol));
      }
    }
  }
  return router_.find(request)(request);
}

Task<Response> Site::Core::answer(Request& request) const {
  Response response;
  std::string what;
  try {
    if (is_preflight(request)) {
      std::string methods = router_.methods_of(request.path());
      if (gateway_.find(request.path()) != nullptr) methods = "GET, POST";
      co_return answer_preflight(options_.cors, request, methods);
    }
    response = co_await dispatch(request);
  } catch (const HttpError& error) {
    response = Response::error(error.status(), error.what());
    if (error.status() == 405) response.fields.add("allow", router_.methods_of(request.path()));
  } catch (const RpcError& error) {
    response = Response::error(error.status());
  } catch (const Cancelled&) {
    throw;
  } catch (const std::exception& error) {
    what = error.what();
    response = Response::error(500, "internal server error");
  }
  if (!what.empty()) {
    spdlog::error("{} {}: unexpected exception in the handler: {}", request.method, request.path(), what);
  }
  permit(options_.cors, request, response);
  co_return response;
}

Site::Site(SiteOptions options) : core_(std::make_unique<Core>(std::move(options))) {}
Site::~Site() = default;

void Site::route(std::string_view method, std::string_view path, Handler handler) {
  core_->router().add(method, path, std::move(handler));
}
void Site::add_files(std::string_view path, std::span<const EmbeddedFile> files) {
  add_file_routes(core_->router(), path, files);
}
void Site::add_services(Server& server) { core_->add_services(server); }
void Site::add_openapi() { core_->add_openapi(); }
void Site::add_observer(RequestObserver& observer) { core_->add_observer(observer); }
std::unique_ptr<HttpPart> Site::make_part(Loop& loop, http2::LoopBudget& memory, std::function<void()> emptied) {
  return std::make_unique<Part>(loop, memory, *core_, std::move(emptied));
}

}  // namespace tern::rest

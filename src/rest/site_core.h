// The site itself: whose answer a request gets.
//
//   preflight -> cors;   gRPC-Web or Connect -> enveloped, connect;   everything else -> router, which knows
//   the user's routes, the files, and each method's bindings -> json_route, transcoding
#pragma once

#include <list>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "rest/exchange.h"
#include "rest/gateway.h"
#include "rest/http_binding.h"
#include "rest/router.h"
#include "rest/rpc_protocol.h"
#include "tern/rest/site.h"

namespace tern::rest {

class Site::Core final : public Answering {
 public:
  explicit Core(SiteOptions options);

  [[nodiscard]] Router& router() noexcept { return router_; }
  [[nodiscard]] const SiteOptions& options() const noexcept override { return options_; }
  void add_services(Server& server);
  void add_openapi();
  void add_observer(RequestObserver& observer) { observers_.push_back(&observer); }
  [[nodiscard]] const std::vector<RequestObserver*>& observers() const noexcept override { return observers_; }

  Task<Response> answer(Request& request) const override;
  [[nodiscard]] Response reject(const Request& request, const HttpError& failure) const override;

 private:
  Task<Response> dispatch(Request& request) const;
  /// A route's response, with the content codings of both bodies.
  Task<Response> serve_route(Request& request) const;
  /// Leaves it out with a warning where another route has the same method and path.
  void add_binding(HttpBinding binding);
  /// The HTTP methods that this path may be asked by, routes and services together.
  [[nodiscard]] std::string methods_of(std::string_view path) const;
  [[nodiscard]] Response error(const Request& request, const HttpError& error) const;
  [[nodiscard]] Response error(const Request& request, const Status& status) const;
  /// Adds what every response of the site has.
  void complete(const Request& request, Response& response) const;
  /// The request's protocol, if it has errors in an envelope.
  [[nodiscard]] std::optional<RpcProtocol> enveloped(const Request& request) const;
  /// True when the request's errors are to be written as Connect writes them.
  [[nodiscard]] bool is_connect(const Request& request) const;

  SiteOptions options_;
  Gateway gateway_;
  Router router_;
  std::list<HttpBinding> bindings_;  // the routes point to them
  std::string openapi_;
  std::vector<RequestObserver*> observers_;
};

}  // namespace tern::rest

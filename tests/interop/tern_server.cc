// Serves probe.proto with tern until SIGTERM: tern_server async|sync|site|defaults|aging [site | CERTIFICATE KEY]; site
// takes every protocol on its port; with files it speaks TLS; aging ends each connection after a fifth of a second;
// async prints "CANCELLED=METHOD" when a client's cancellation has ended a handler; defaults has no option set, and no
// watch for blocked loops:
// naming what blocks takes 20 to 30 MiB, once, for the tables of symbols where there are some, which would look like an
// attack's.
#include <csignal>
#include <cstdio>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "support/probe_service.h"
#include "tern/rest/site.h"
#include "tern/tern.h"

namespace {

tern::AsyncGenerator<std::string> never_ending() {
  std::string begun = "begun\n";
  co_yield std::move(begun);
  co_await tern::sleep(std::chrono::hours{1});
}

/// Two resources by GET, for clients that know HTTP alone: one is answered at once, one keeps its stream open.
void add_routes(tern::rest::Site& site) {
  site.route("GET", "/now", [](tern::rest::Request&) -> tern::Task<tern::rest::Response> {
    co_return tern::rest::Response{200, "text/plain", std::string(1000, 'x')};
  });
  site.route("GET", "/open", [](tern::rest::Request&) -> tern::Task<tern::rest::Response> {
    co_return tern::rest::Response::stream("text/plain", never_ending());
  });
}

class CancellationReport final : public tern::ServerInterceptor {
  tern::Task<tern::Status> intercept(tern::ServerContext& context, Next next) override {
    try {
      co_return co_await next();
    } catch (const tern::Cancelled&) {
      std::printf("CANCELLED=%s\n", std::string{context.method()}.c_str());
      std::fflush(stdout);
      throw;
    }
  }
};

struct Options {
  tern::ServerOptions server;
  tern::ServerInterceptor* interceptor = nullptr;
  std::optional<tern::rest::SiteOptions> site;
  tern::ServerTls* tls = nullptr;
};

tern::Task<void> serve(tern::Service& service, Options options) {
  std::optional<tern::rest::Site> site;
  tern::Server server{options.server};
  server.add_service(service);
  if (options.interceptor != nullptr) server.add_interceptor(*options.interceptor);
  tern::ListenOptions listen_options{.tls = options.tls};
  if (options.site) {
    listen_options.http = &site.emplace(*options.site);
    site->add_services(server);
    add_routes(*site);
  }
  tern::CaughtSignals stop_signal = tern::signals(SIGTERM, SIGINT);
  std::printf("PORT=%d\n", server.listen("127.0.0.1:0", listen_options));
  std::fflush(stdout);
  co_await server.serve_until(std::move(stop_signal));
}

}  // namespace

int main(int argc, char** argv) {
  const std::string_view kind = argc > 1 ? argv[1] : "async";
  const bool defaults = kind == "defaults";
  Options options;
  if (kind == "aging") options.server.max_connection_age = std::chrono::milliseconds{200};
  if (!defaults) options.server.max_receive_message_length = 50 << 20;
  if (kind == "site" || (argc == 3 && std::string_view{argv[2]} == "site")) options.site.emplace();
  if (options.site && !defaults) {
    options.site->max_body_length = 50 << 20;
    options.site->cors.origins = {"*"};
  }
  std::optional<tern::ServerTls> tls;
  if (argc == 4) options.tls = &tls.emplace(tern::ServerTlsOptions{.certificate_file = argv[2], .key_file = argv[3]});
  if (kind == "sync") {
    tern::test::SyncProbeService service;
    return tern::run(serve(service, options));
  }
  CancellationReport report;
  if (kind == "async") options.interceptor = &report;
  tern::test::ProbeService service;
  tern::RunOptions watch;
  if (defaults) watch.blocked_after.reset();
  return tern::run(serve(service, options), watch);
}

// Serves probe.proto with tern until SIGTERM: tern_server async|sync|site|defaults [CERTIFICATE KEY]; site takes every
// protocol on its port; with files it speaks TLS; defaults has no option set, and no watch for blocked loops: naming
// what blocks takes 20 to 30 MiB, once, for the tables of symbols where there are some, which would look like an
// attack's.
#include <csignal>
#include <cstdio>
#include <optional>
#include <string_view>
#include <utility>

#include "support/probe_service.h"
#include "tern/rest/site.h"
#include "tern/tern.h"

namespace {

tern::Task<void> serve(tern::Service& service, bool with_site, tern::ServerOptions server_options,
                       tern::ServerTls* tls) {
  tern::rest::SiteOptions options;
  options.max_body_length = 50 << 20;
  options.cors.origins = {"*"};
  tern::rest::Site site{options};
  tern::Server server{server_options};
  server.add_service(service);
  if (with_site) site.add_services(server);
  tern::ListenOptions listen_options{.tls = tls};
  if (with_site) listen_options.http = &site;
  tern::Task<int> stop_signal = tern::signals(SIGTERM, SIGINT);
  std::printf("PORT=%d\n", server.listen("127.0.0.1:0", listen_options));
  std::fflush(stdout);
  co_await server.serve_until(std::move(stop_signal));
}

}  // namespace

int main(int argc, char** argv) {
  const std::string_view kind = argc > 1 ? argv[1] : "async";
  tern::ServerOptions options;
  if (kind != "defaults") options.max_receive_message_length = 50 << 20;
  std::optional<tern::ServerTls> tls;
  if (argc == 4) tls.emplace(tern::ServerTlsOptions{.certificate_file = argv[2], .key_file = argv[3]});
  tern::ServerTls* const its_tls = tls ? &*tls : nullptr;
  if (kind == "sync") {
    tern::test::SyncProbeService service;
    return tern::run(serve(service, false, options, its_tls));
  }
  tern::test::ProbeService service;
  tern::RunOptions watch;
  if (kind == "defaults") watch.blocked_after = {};
  return tern::run(serve(service, kind == "site", options, its_tls), watch);
}

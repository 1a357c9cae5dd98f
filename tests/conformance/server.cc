// The server under test of Connect's conformance suite: reads a ServerCompatRequest from stdin, serves every protocol
// on one port, writes a ServerCompatResponse with the port to stdout, and ends at SIGTERM.
#include <connectrpc/conformance/v1/server_compat.pb.h>

#include <csignal>
#include <memory>
#include <utility>

#include "conformance/service.h"
#include "tern/rest/site.h"

namespace {

using connectrpc::conformance::v1::ServerCompatRequest;
using connectrpc::conformance::v1::ServerCompatResponse;

tern::Task<void> serve() {
  ServerCompatRequest request;
  if (!tern::conformance::read_delimited(request)) throw std::runtime_error("no ServerCompatRequest on stdin");
  tern::conformance::TemporaryFolder files;
  std::unique_ptr<tern::ServerTls> tls;
  if (request.use_tls()) {
    tls = std::make_unique<tern::ServerTls>(
        tern::ServerTlsOptions{.certificate_file = files.write(request.server_creds().cert()),
                               .key_file = files.write(request.server_creds().key()),
                               .client_authority_file = files.write(request.client_tls_cert())});
  }
  tern::ServerOptions options{.compression = tern::Compression::kGzip};
  tern::rest::SiteOptions site_options;
  if (request.message_receive_limit() != 0) {
    options.max_receive_message_length = request.message_receive_limit();
    site_options.max_body_length = request.message_receive_limit();
  }
  tern::conformance::ConformanceService service;
  tern::rest::Site site{site_options};
  tern::Server server{options};
  server.add_service(service);
  site.add_services(server);
  tern::CaughtSignals stop_signal = tern::signals(SIGTERM, SIGINT);
  ServerCompatResponse response;
  response.set_host("127.0.0.1");
  response.set_port(server.listen("127.0.0.1:0", {.tls = tls.get(), .http = &site}));
  response.set_pem_cert(request.server_creds().cert());
  tern::conformance::write_delimited(response);
  co_await server.serve_until(std::move(stop_signal));
}

}  // namespace

int main() { return tern::run(serve()); }

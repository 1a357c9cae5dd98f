#include <chrono>
#include <cstdlib>
#include <optional>

#include "arguments.h"
#include "tern/tern.h"
#include "tern_services.h"

namespace {

tern::Task<void> serve(const bench::Arguments& arguments) {
  bench::Users users{arguments};
  bench::Chats chat;
  std::optional<tern::ServerTls> tls;
  if (arguments.tls()) tls.emplace(tern::ServerTlsOptions{arguments.certificate, arguments.key});
  tern::Server server{bench::server_options()};
  server.add_service(users);
  server.add_service(chat);
  server.listen(arguments.address(), {.tls = tls ? &*tls : nullptr});
  co_await server.wait_for_termination();
}

}  // namespace

int main(int argc, char** argv) {
  const bench::Arguments arguments = bench::read_arguments(argc, argv);
  const char* busy_poll = std::getenv("BUSY_POLL_US");
  return tern::run(serve(arguments), {.threads = arguments.threads,
                                      .busy_poll = std::chrono::microseconds{busy_poll ? std::atoi(busy_poll) : 0}});
}

// Runs a test's body against a server in the process, in a time that moves by itself as soon as nothing else is left to
// do: hours of keepalive and backoff cost no time.
#pragma once

#include <functional>

#include "support/serve.h"
#include "tern/testing.h"

namespace tern::test {

inline Task<void> serve_in_held_time(Service& service, const Served& served, const Body& body) {
  const tern::testing::Time time{{.automatic = true}};
  tern::testing::InProcessServer server{served.server_options, served.channel_options};
  server.server().add_service(service);
  co_await body(server.channel(), server.server());
  co_await server.stop();
}

/// As with_server(), with the options of `served` alone, and without a socket.
inline void with_server_in_held_time(Service& service, const Body& body, const Served& served = {}) {
  block_on(serve_in_held_time(service, served, body));
}

inline Task<void> serve_over_sockets_in_held_time(Service& service, const Served& served, const Body& body) {
  const tern::testing::Time time{{.automatic = true}};
  co_await serve_and_run(service, served, body);
}

/// As with_server(), over sockets, in the same time.
inline void with_server_over_sockets_in_held_time(Service& service, const Body& body, const Served& served = {}) {
  block_on(serve_over_sockets_in_held_time(service, served, body));
}

}  // namespace tern::test

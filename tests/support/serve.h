// Runs a test's body against a server on a port that the kernel picks.
#pragma once

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "support/probe_service.h"
#include "tern/tern.h"

namespace tern::test {

/// How one unary call ends.
inline Task<Status> call(Channel& channel, CallOptions options = {}) {
  ProbeStub stub{channel};
  const Result<Payload> result = co_await stub.Unary(Order{}, options).result();
  co_return result.status();
}

/// A server with one service, its address, and the loops that both run on.
struct Served {
  ServerOptions server_options = {};
  ChannelOptions channel_options = {};
  std::size_t threads = 1;
  std::string listen = "127.0.0.1:0";
  ServerTls* tls = nullptr;
  std::vector<ServerInterceptor*> server_interceptors = {};
  std::vector<ClientInterceptor*> client_interceptors = {};
  GenericService* generic = nullptr;
};

using Body = std::function<Task<void>(Channel&, Server&)>;

inline Task<void> serve_and_run(Service& service, const Served& served, const Body& body) {
  Server server{served.server_options};
  server.add_service(service);
  for (ServerInterceptor* interceptor : served.server_interceptors) server.add_interceptor(*interceptor);
  if (served.generic != nullptr) server.set_generic_service(*served.generic);
  const std::uint16_t port = server.listen(served.listen, {.tls = served.tls});
  Channel channel{port == 0 ? served.listen : "127.0.0.1:" + std::to_string(port), served.channel_options};
  for (ClientInterceptor* interceptor : served.client_interceptors) channel.add_interceptor(*interceptor);
  co_await body(channel, server);
  co_await channel.close();
  co_await server.stop();
}

inline void with_server(Service& service, const Body& body, const Served& served = {}) {
  block_on(serve_and_run(service, served, body), {.threads = served.threads});
}

}  // namespace tern::test

// A service that tells of itself: figures for Prometheus, and traces that go on to the services that it asks. With a
// collector (TracerOptions::collector) these are sent there; docs/observability.md has the rest.
#include <cstdio>
#include <sstream>
#include <string>

#include "example/v1/greeter.tern.h"
#include "tern/rest/client.h"
#include "tern/rest/site.h"
#include "tern/telemetry/metrics.h"
#include "tern/telemetry/tracer.h"
#include "tern/tern.h"

using example::v1::Greeter;
using example::v1::Greeting;
using example::v1::Name;

/// The last one, which is asked by the first.
class Names final : public Greeter::AsyncService {
  tern::Task<Greeting> Greet(tern::ServerContext& context, const Name& request) override {
    const std::string traceparent{context.metadata().get("traceparent").value_or("none")};
    std::printf("the trace that it came with: %s\n", traceparent.substr(3, 32).c_str());
    Greeting reply;
    reply.set_text(request.name());
    co_return reply;
  }
};

class Front final : public Greeter::AsyncService {
 public:
  explicit Front(tern::Channel& names) : names_(names) {}

 private:
  tern::Task<Greeting> Greet(tern::ServerContext& /*context*/, const Name& request) override {
    co_return co_await Greeter::Stub{names_}.Greet(request);  // in the same trace, without a word of it
  }
  tern::Channel& names_;
};

tern::Task<void> run() {
  tern::telemetry::Metrics metrics;
  tern::telemetry::Tracer tracer;

  Names names;
  tern::Server names_server;
  names_server.add_service(names);
  tern::Channel to_names{"127.0.0.1:" + std::to_string(names_server.listen("127.0.0.1:0"))};
  to_names.add_observer(tracer);

  Front front{to_names};
  tern::rest::Site site;
  tern::Server server;
  server.add_service(front);
  server.add_observer(tracer);
  server.add_observer(metrics);
  site.route("GET", "/metrics", metrics.handler());
  const std::string address = "127.0.0.1:" + std::to_string(server.listen("127.0.0.1:0", {.http = &site}));

  tern::Channel channel{address};
  tern::Metadata metadata;
  metadata.add("traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01");
  Name request;
  request.set_name("World");
  for (int i = 0; i < 2; ++i) co_await Greeter::Stub{channel}.Greet(request, {.metadata = &metadata});

  tern::rest::Client http;
  const tern::rest::ClientResponse figures = co_await http.get("http://" + address + "/metrics");
  std::printf("of /metrics:\n");
  std::istringstream lines{figures.body};
  for (std::string line; std::getline(lines, line);) {
    // Methods that nobody has called are there too, at 0.
    const bool calls = line.starts_with("rpc_server_call_duration_seconds_count") && !line.ends_with(" 0");
    if (calls) std::printf("%s\n", line.c_str());
  }
  co_await channel.close();
  co_await to_names.close();
  co_await server.stop();
  co_await names_server.stop();
  co_await tracer.close();
}

int main() { return tern::run(run()); }

// Servers that a resolver names with their weights, and a balancer of one's own: each call goes to the server with the
// fewest calls for its weight, and a server that fails again and again gets none for a while.
#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <tuple>
#include <vector>

#include "example/v1/greeter.tern.h"
#include "tern/client/balancer.h"
#include "tern/client/resolver.h"
#include "tern/tern.h"

using example::v1::Greeter;
using example::v1::Greeting;
using example::v1::Name;
using namespace std::chrono_literals;

class LeastRequest final : public tern::Balancer {
  std::size_t pick(std::span<const tern::BalancedServer> ready, const tern::CallToBalance& call) override {
    const auto load = [&](const tern::BalancedServer& server) {
      const Record& record = records_[server.id];
      const bool ejected = call.now < record.ejected_until;
      const double calls = static_cast<double>(server.calls_in_flight) / server.attributes.weight;
      return std::tuple{ejected, calls, record.picked};
    };
    const auto least = std::ranges::min_element(ready, {}, load);
    records_[least->id].picked = ++picks_;
    return static_cast<std::size_t>(least - ready.begin());
  }

  void call_ended(std::uint64_t server, const tern::BalancedCallEnd& end) override {
    Record& record = records_[server];
    record.failures = end.status.code() == tern::StatusCode::kUnavailable ? record.failures + 1 : 0;
    if (record.failures >= 3) record.ejected_until = end.now + 30s;
  }

  struct Record {
    int failures = 0;          // in a row
    std::uint64_t picked = 0;  // the number of its last pick: of equals the one that has waited longest
    tern::Clock::time_point ejected_until;
  };
  std::map<std::uint64_t, Record> records_;
  std::uint64_t picks_ = 0;
};

class Names final : public tern::Resolver {
 public:
  void add(int port, std::uint32_t weight) {
    found_.servers.emplace_back("127.0.0.1:" + std::to_string(port), tern::ServerAttributes{.weight = weight});
  }

 private:
  // A registry that tells of changes would be asked in a loop here, and yield anew.
  tern::AsyncGenerator<tern::Resolution> resolve(std::string_view /*target*/) override { co_yield found_; }
  tern::Resolution found_;
};

class GreeterService final : public Greeter::AsyncService {
 public:
  bool broken = false;
  int calls = 0;

 private:
  tern::Task<Greeting> Greet(tern::ServerContext& context, const Name& request) override {
    ++calls;
    if (broken) context.abort(tern::StatusCode::kUnavailable, "the disk is full");
    Greeting greeting;
    greeting.set_text("Hello, " + request.name());
    co_return greeting;
  }
};

tern::Task<void> run() {
  std::vector<std::unique_ptr<GreeterService>> services;
  std::vector<std::unique_ptr<tern::Server>> servers;
  Names names;
  for (const std::uint32_t weight : {1, 2, 4}) {
    servers.push_back(std::make_unique<tern::Server>());
    servers.back()->add_service(*services.emplace_back(std::make_unique<GreeterService>()));
    names.add(servers.back()->listen("127.0.0.1:0"), weight);
  }
  services.back()->broken = true;

  const tern::ChannelOptions options{.resolver = &names, .balancer = [] { return std::make_unique<LeastRequest>(); }};
  tern::Channel channel{"greeters", options};
  Greeter::Stub stub{channel};
  Name name;
  name.set_name("Ada");
  int failed = 0;
  int answered = 0;
  while (answered < 100) {
    const tern::Result<Greeting> greeting = co_await stub.Greet(name).result();
    ++(greeting.ok() ? answered : failed);
  }
  std::printf("%d answered\n%d failed, on the broken server, before it was left out\n", answered, failed);
  std::printf("%d calls of the broken server\n", services.back()->calls);
  co_await channel.close();
  for (const auto& server : servers) co_await server->stop();
}

int main() { return tern::run(run()); }

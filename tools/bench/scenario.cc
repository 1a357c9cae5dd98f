#include "bench/scenario.h"

#include <algorithm>

#include "bench/work_server.h"
#include "tern/bench/v1/work.tern.h"
#include "tern/client/generic_stub.h"
#include "tern/tern.h"

namespace tern::tool {

namespace {

Task<void> call_once(Channel& channel, const Scenario& scenario, const RawMessage& request, Histogram& latency) {
  const Clock::time_point begin = Clock::now();
  UnaryCall<RawMessage> call = GenericStub{channel}.unary(scenario.method, request);
  co_await std::move(call);
  latency.record(Clock::now() - begin);
}

Task<std::chrono::nanoseconds> call_at_once(Channel& channel, const Scenario& scenario, std::size_t calls,
                                            Histogram& latency) {
  bench::v1::WorkRequest message;
  message.set_microseconds(scenario.each.count());
  const RawMessage request{message.SerializeAsString()};
  const Clock::time_point begin = Clock::now();
  TaskGroup group;
  for (std::size_t call = 0; call < calls; ++call) group.spawn(call_once(channel, scenario, request, latency));
  co_await group.join();
  co_return Clock::now() - begin;
}

Task<void> measure(const Scenario& scenario, ScenarioResult& result) {
  Channel channel{"127.0.0.1:" + std::to_string(scenario.port)};
  co_await channel.connect();
  Histogram ignored;
  // Computing needs no warming up beyond a call, and would take as long again.
  const std::size_t warming = scenario.method.ends_with("/Wait") ? scenario.calls : 1;
  co_await call_at_once(channel, scenario, warming, ignored);
  const std::chrono::nanoseconds time = co_await call_at_once(channel, scenario, scenario.calls, result.latency);
  result.rounds.insert(std::ranges::upper_bound(result.rounds, time), time);
  co_await channel.close();
}

}  // namespace

void run_round(const Scenario& scenario, ScenarioResult& result) {
  use_processor(scenario.client_apart ? std::optional{1} : std::nullopt);
  block_on(measure(scenario, result));
}

}  // namespace tern::tool

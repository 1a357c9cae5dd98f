// telemetry_storm PORT CONNECTIONS SECONDS METHOD PATH KNOWN…: a storm on this port of loopback, and an honest client
// that calls METHOD and GETs PATH meanwhile. KNOWN are paths for the storm. Prints how many requests and honest traces
// there were; ends with 1 when an honest call fails.
#include <fmt/format.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include "telemetry/honest.h"
#include "telemetry/storm.h"
#include "tern/tern.h"

namespace {

tern::Task<void> run(std::uint16_t port, std::size_t connections, std::chrono::seconds time, std::string method,
                     std::string path, std::vector<std::string> known) {
  constexpr std::uint64_t kUntilCancelled = ~std::uint64_t{0};
  tern::test::Storm storm{port, std::move(known), 1};
  tern::test::HonestClient honest{port, std::move(method), path};
  storm.start(connections, kUntilCancelled);
  for (const auto end = tern::Clock::now() + time; tern::Clock::now() < end;) co_await honest.call_both();
  storm.cancel();
  try {
    co_await storm.finish();
  } catch (const tern::Cancelled&) {
    // All of it was.
  }
  co_await honest.close();
  fmt::print("{{\"storm\":{},\"honest\":{}}}\n", storm.sent(), honest.traces());
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 7) {
    fmt::print(stderr, "telemetry_storm PORT CONNECTIONS SECONDS METHOD PATH KNOWN…\n");
    return 2;
  }
  const auto number = [argv](int at) { return std::strtoul(argv[at], nullptr, 10); };
  return tern::run(run(static_cast<std::uint16_t>(number(1)), number(2), std::chrono::seconds{number(3)}, argv[4],
                       argv[5], {argv + 6, argv + argc}));
}

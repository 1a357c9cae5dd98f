#include "telemetry/loop_families.h"

#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "async/run_on_loops.h"
#include "tern/async/with_timeout.h"

namespace tern::telemetry {

namespace {

constexpr std::chrono::milliseconds kLongestWait{50};

/// In seconds, for each loop.
Task<std::vector<double>> lags_of(std::span<Loop* const> loops) {
  // Shared with loops that come round later than anybody waits.
  const auto late = std::make_shared<std::vector<std::atomic<std::int64_t>>>(loops.size());
  const Clock::time_point sent = Clock::now();
  std::function<void(std::size_t)> look = [late, sent](std::size_t i) {
    late->at(i).store(std::chrono::nanoseconds{Clock::now() - sent}.count() + 1, std::memory_order_relaxed);
  };
  std::int64_t waited = 0;
  try {
    co_await with_timeout(kLongestWait, run_on_loops({loops.begin(), loops.end()}, std::move(look)));
  } catch (const TimedOut&) {
    waited = std::chrono::nanoseconds{Clock::now() - sent}.count();
  }
  std::vector<double> lags;
  lags.reserve(loops.size());
  for (const auto& one : *late) {
    const std::int64_t known = one.load(std::memory_order_relaxed);
    lags.push_back(static_cast<double>(known == 0 ? waited : known) * 1e-9);
  }
  co_return lags;
}

struct LoopFigure {
  Family (*make)(std::string_view name, std::string_view unit, std::string_view help);
  std::string_view name;
  std::string_view unit;
  std::string_view help;
  std::uint64_t (*value)(const Loop& loop);
};

constexpr LoopFigure kFigures[] = {
    {make_counter, "tern.loop.blocked", "{time}",
     "How often the loop did not come round for RunOptions::blocked_after.",
     [](const Loop& loop) { return loop.times_blocked(); }},
    {make_counter, "tern.loop.turns", "{turn}", "Turns: each begins with an event and runs all that it made ready.",
     [](const Loop& loop) { return std::uint64_t{loop.turn()} / 2; }},
    {make_up_down_counter, "tern.loop.connections", "{connection}",
     "Sockets that are connected now: a server's, a channel's, HTTP.",
     [](const Loop& loop) {
       return loop.traffic().connections_opened.value() - loop.traffic().connections_closed.value();
     }},
    {make_counter, "tern.loop.connections_opened", "{connection}", "Sockets that were ever connected.",
     [](const Loop& loop) { return loop.traffic().connections_opened.value(); }},
    {make_counter, "tern.loop.streams", "{stream}", "HTTP/2 streams, at both ends, inside of the process too.",
     [](const Loop& loop) { return loop.traffic().streams.value(); }},
    {make_counter, "tern.loop.received", "By", "Bytes that came by sockets.",
     [](const Loop& loop) { return loop.traffic().bytes_received.value(); }},
    {make_counter, "tern.loop.sent", "By", "Bytes that left by sockets.",
     [](const Loop& loop) { return loop.traffic().bytes_sent.value(); }},
};

}  // namespace

Task<Families> families_of(std::span<Loop* const> loops) {
  const std::vector<double> lags = co_await lags_of(loops);
  Families families;
  families.push_back(make_gauge("tern.loop.lag", "s", "How long the loop takes now to come round to something new."));
  for (std::size_t i = 0; i < loops.size(); ++i) {
    add_value(families.back(), lags[i], {{"loop", std::to_string(i)}});
  }
  for (const LoopFigure& figure : kFigures) {
    families.push_back(figure.make(figure.name, figure.unit, figure.help));
    for (std::size_t i = 0; i < loops.size(); ++i) {
      add_value(families.back(), static_cast<double>(figure.value(*loops[i])), {{"loop", std::to_string(i)}});
    }
  }
  co_return families;
}

}  // namespace tern::telemetry

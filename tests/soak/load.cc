// Calls of every kind against a server of probe.proto, with cancellations, deadlines, dropped calls and reconnections
// among them: load TARGET SECONDS WINDOWS. At the end of each window it prints how many calls ended and how long small
// ones took: "WINDOW calls p50-in-us p99-in-us". Its status is 1 when a call ended as none may.
#include <array>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "probe.tern.h"
#include "report/histogram.h"
#include "tern/tern.h"

namespace {

using namespace std::chrono_literals;
using tern::CallOptions;
using tern::Clock;
using tern::StatusCode;
using tern::Task;
using tern::test::v1::Order;
using tern::test::v1::Payload;
using Stub = tern::test::v1::Probe::Stub;
using Random = std::minstd_rand;

struct Figures {
  std::uint64_t calls = 0;
  tern::tool::Histogram small;
  int wrong = 0;
};

void must(Figures& figures, bool holds, const char* what, const tern::Status& status = {}) {
  if (holds) return;
  if (++figures.wrong > 20) return;
  std::fprintf(stderr, "%s: %s\n", what, status.to_string().c_str());
}

Order order(int count, int size) {
  Order made;
  made.set_count(count);
  made.set_size(size);
  return made;
}

Task<void> small(Stub stub, Random& /*random*/, Figures& figures) {
  const Clock::time_point begin = Clock::now();
  const auto result = co_await stub.Unary(order(0, 10)).result();
  figures.small.record(Clock::now() - begin);
  must(figures, result.ok(), "a small call", result.status());
}

Task<void> large(Stub stub, Random& random, Figures& figures) {
  const int size = static_cast<int>(random() % 500'000);
  const auto result = co_await stub.Unary(order(0, size)).result();
  must(figures, result.ok() && result->data().size() == static_cast<std::size_t>(size), "a large call",
       result.status());
}

Task<void> refused(Stub stub, Random& /*random*/, Figures& figures) {
  Order refusal;
  refusal.set_status(static_cast<int>(StatusCode::kNotFound));
  const auto result = co_await stub.Unary(refusal).result();
  must(figures, result.status().code() == StatusCode::kNotFound, "a call that is refused", result.status());
}

Task<void> download(Stub stub, Random& random, Figures& figures) {
  const int count = static_cast<int>(random() % 50);
  auto call = stub.Download(order(count, 1000));
  int seen = 0;
  while (const std::optional<Payload> payload = co_await call.read()) ++seen;
  const tern::Status status = co_await call.status();
  must(figures, status.ok() && seen == count, "a download", status);
}

Task<void> upload(Stub stub, Random& random, Figures& figures) {
  const int count = static_cast<int>(random() % 50);
  auto call = stub.Upload();
  Payload payload;
  payload.set_data(std::string(1000, 'u'));
  for (int i = 0; i < count; ++i) co_await call.write(payload);
  const auto result = co_await call.result();
  must(figures, result.ok() && result->number() == count, "an upload", result.status());
}

Task<void> echo(Stub stub, Random& random, Figures& figures) {
  const int count = static_cast<int>(random() % 20);
  auto call = stub.Echo();
  bool same = true;
  for (int i = 0; i < count; ++i) {
    Payload payload;
    payload.set_number(i);
    co_await call.write(payload);
    const std::optional<Payload> back = co_await call.read();
    same = same && back && back->number() == i;
  }
  co_await call.done_writing();
  const std::optional<Payload> nothing = co_await call.read();
  const tern::Status status = co_await call.status();
  must(figures, status.ok() && same && !nothing, "an echo", status);
}

/// When a call is given up: not so early that a connection resets a thousand streams a second, which the server takes
/// for an attack.
std::chrono::microseconds soon(Random& random) { return std::chrono::microseconds{random() % 20'000}; }

Task<void> late(Stub stub, Random& random, Figures& figures) {
  const CallOptions options{.timeout = soon(random)};
  const auto result = co_await stub.Hang(Order{}, options).result();
  must(figures, result.status().code() == StatusCode::kDeadlineExceeded, "a call with a deadline", result.status());
}

/// Until its deadline, if it has one.
Task<tern::Status> endless_download(Stub stub) {
  auto call = stub.Download(order(1'000'000, 1000));
  while (const std::optional<Payload> payload = co_await call.read()) {
  }
  co_return co_await call.status();
}
Task<void> endless_download_unheard(Stub stub) {
  const tern::Status ignored = co_await endless_download(stub);
  static_cast<void>(ignored);
}

Task<void> cancelled(Stub stub, Random& random, Figures& figures) {
  tern::Status status{StatusCode::kDeadlineExceeded};
  try {
    status = co_await tern::with_timeout(soon(random), endless_download(stub));
  } catch (const tern::TimedOut&) {
    co_return;
  }
  must(figures, status.code() == StatusCode::kDeadlineExceeded, "a download without end", status);
}

Task<void> dropped(Stub stub, Random& random, Figures& /*figures*/) {
  tern::TaskGroup group;
  group.spawn(endless_download_unheard(stub));
  co_await tern::sleep(soon(random));
}

Task<void> reconnect(const std::string& target, Figures& figures) {
  tern::Channel channel{target};
  const auto result = co_await Stub{channel}.Unary(order(0, 10)).result();
  must(figures, result.ok(), "a call on a connection of its own", result.status());
  co_await channel.close();
}

/// One call after the other.
Task<void> go_on(tern::Channel& channel, std::uint32_t seed, Clock::time_point end, Figures& figures) {
  Random random{seed};
  constexpr std::array kKinds{small, small, small, large, refused, download, upload, echo, late, cancelled, dropped};
  while (Clock::now() < end) {
    const auto dice = random();
    if (dice % 100 == 0) {
      co_await reconnect(channel.target(), figures);
    } else {
      co_await kKinds.at(dice % kKinds.size())(Stub{channel}, random, figures);
    }
    ++figures.calls;
  }
}

/// Streams that last as long as all of it.
Task<void> long_stream(tern::Channel& channel, Clock::time_point end, Figures& figures) {
  auto call = Stub{channel}.Echo();
  std::int64_t number = 0;
  while (Clock::now() < end) {
    Payload payload;
    payload.set_number(++number);
    const bool written = co_await call.write(payload);
    const std::optional<Payload> back = co_await call.read();
    must(figures, written && back && back->number() == number, "a long stream");
    if (!back) co_return;
    co_await tern::sleep(10ms);
  }
  co_await call.done_writing();
  const std::optional<Payload> nothing = co_await call.read();
  const tern::Status status = co_await call.status();
  must(figures, !nothing && status.ok(), "the end of a long stream", status);
}

Task<void> report(Clock::duration window, int windows, Figures& figures) {
  for (int i = 0; i < windows; ++i) {
    co_await tern::sleep(window);
    const auto microseconds = [&figures](double percent) {
      return static_cast<long long>(figures.small.percentile(percent).count() / 1000);
    };
    std::printf("WINDOW %llu %lld %lld\n", static_cast<unsigned long long>(figures.calls), microseconds(50),
                microseconds(99));
    std::fflush(stdout);
    figures.calls = 0;
    figures.small = {};
  }
}

Task<int> run(std::string target, std::chrono::seconds duration, int windows) {
  // A server sends those away that reset more than a thousand streams a second.
  constexpr std::uint32_t kChannels = 4;
  constexpr std::uint32_t kWorkers = 40;
  constexpr std::uint32_t kLongStreams = 12;
  Figures figures;
  std::vector<std::unique_ptr<tern::Channel>> channels;
  for (std::uint32_t i = 0; i < kChannels; ++i) channels.push_back(std::make_unique<tern::Channel>(target));
  const Clock::time_point end = Clock::now() + duration;
  tern::TaskGroup group;
  for (std::uint32_t i = 0; i < kWorkers; ++i) group.spawn(go_on(*channels[i % kChannels], i + 1, end, figures));
  for (std::uint32_t i = 0; i < kLongStreams; ++i) group.spawn(long_stream(*channels[i % kChannels], end, figures));
  group.spawn(report(duration / windows, windows, figures));
  co_await group.join();
  for (const auto& channel : channels) co_await channel->close();
  co_return figures.wrong == 0 ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 4) {
    std::fputs("usage: load TARGET SECONDS WINDOWS\n", stderr);
    return 2;
  }
  return tern::run(run(argv[1], std::chrono::seconds{std::atoi(argv[2])}, std::atoi(argv[3])));
}

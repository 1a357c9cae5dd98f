// The implementations of probe.proto that tests serve.
#pragma once

#include <atomic>
#include <stdexcept>
#include <string>
#include <thread>

#include "probe.tern.h"
#include "tern/tern.h"

namespace tern::test {

using tern::test::v1::Order;
using tern::test::v1::Payload;
using ProbeStub = tern::test::v1::Probe::Stub;

/// Counts a handler's beginning and end.
class Running {
 public:
  explicit Running(std::atomic<int>& count) : count_(count) {
    ++count_;
    count_.notify_all();
  }
  Running(const Running&) = delete;
  Running& operator=(const Running&) = delete;
  ~Running() {
    --count_;
    count_.notify_all();
  }

 private:
  std::atomic<int>& count_;
};

/// Waits, off the loop, until a count that is notified of its changes has this value.
inline Task<void> until(const std::atomic<int>& count, int value) {
  co_await run_in_executor([&count, value] {
    for (int now = count.load(); now != value; now = count.load()) count.wait(now);
  });
}

inline Payload answer(const Order& order, std::int64_t number) {
  Payload payload;
  payload.set_number(number);
  payload.set_text(order.text());
  payload.set_data(std::string(static_cast<std::size_t>(order.size()), 'x'));
  return payload;
}

/// Gives back metadata: "echo-initial…" as initial, "echo-trailing…" as trailing. "compress" is what to answer with.
inline void echo_metadata(ServerContext& context) {
  if (const auto name = context.metadata().get("compress")) {
    for (const Compression compression : {Compression::kIdentity, Compression::kDeflate, Compression::kGzip}) {
      if (name_of(compression) == *name) context.set_compression(compression);
    }
  }
  if (context.message_was_compressed()) context.trailing_metadata().add("request-was-compressed", "yes");
  for (const auto& [key, value] : context.metadata()) {
    if (key.starts_with("echo-initial")) context.initial_metadata().add(key, value);
    if (key.starts_with("echo-trailing")) context.trailing_metadata().add(key, value);
  }
}

inline void end_as_ordered(const Order& order) {
  if (order.fail()) throw std::runtime_error("secret of the inside");
  if (order.status() != 0) ServerContext::abort(static_cast<StatusCode>(order.status()), order.details());
}

class ProbeService final : public tern::test::v1::Probe::AsyncService {
 public:
  std::atomic<int> running = 0;
  std::atomic<int> cancelled = 0;
  std::atomic<int> yielded = 0;
  std::atomic<int> begun = 0;    // unary calls
  std::atomic<int> failing = 0;  // as many of the next ones end with UNAVAILABLE
  std::atomic<int> hanging = 0;  // as many of the next ones never answer
  std::string pushback;          // which is what they then say of calling again, in milliseconds

  Task<Payload> Unary(ServerContext& context, const Order& order) override {
    const Running counted{running};
    ++begun;
    if (hanging > 0) {
      --hanging;
      co_return co_await hang();
    }
    if (failing > 0) {
      --failing;
      if (!pushback.empty()) context.trailing_metadata().add("grpc-retry-pushback-ms", pushback);
      ServerContext::abort(StatusCode::kUnavailable, "failing as ordered");
    }
    echo_metadata(context);
    if (order.wait_us() > 0) co_await sleep(std::chrono::microseconds{order.wait_us()});
    end_as_ordered(order);
    co_return answer(order, order.number());
  }

  AsyncGenerator<Payload> Download(ServerContext& context, const Order& order) override {
    const Running counted{running};
    echo_metadata(context);
    for (int i = 0; i < order.count(); ++i) {
      if (order.wait_us() > 0) co_await sleep(std::chrono::microseconds{order.wait_us()});
      ++yielded;
      co_yield answer(order, i);
    }
    end_as_ordered(order);
  }

  Task<Payload> Upload(ServerContext& context, Reader<Payload>& payloads) override {
    const Running counted{running};
    echo_metadata(context);
    Payload sum;
    std::int64_t bytes = 0;
    while (const std::optional<Payload> payload = co_await payloads.next()) {
      sum.set_number(sum.number() + 1);
      bytes += static_cast<std::int64_t>(payload->data().size());
    }
    sum.set_text(std::to_string(bytes));
    co_return sum;
  }

  AsyncGenerator<Payload> Echo(ServerContext& context, Reader<Payload>& payloads) override {
    const Running counted{running};
    echo_metadata(context);
    while (std::optional<Payload> payload = co_await payloads.next()) co_yield *std::move(payload);
  }

  Task<Payload> Hang(ServerContext& /*context*/, const Order& /*order*/) override {
    const Running counted{running};
    ++begun;
    co_return co_await hang();
  }

  AsyncGenerator<Payload> Ignore(ServerContext& context, Reader<Payload>& /*payloads*/) override {
    const Running counted{running};
    context.send_initial_metadata();
    co_await sleep(std::chrono::hours{1});
    co_yield Payload{};
  }

 private:
  Task<Payload> hang() {
    try {
      co_await sleep(std::chrono::hours{1});
    } catch (const Cancelled&) {
      ++cancelled;
      cancelled.notify_all();
      throw;
    }
    co_return Payload{};
  }
};

/// The same, blocking.
class SyncProbeService final : public tern::test::v1::Probe::SyncService {
 public:
  std::atomic<int> running = 0;
  std::atomic<int> most_running = 0;

  Payload Unary(ServerContext& context, const Order& order) override {
    const Running counted{running};
    int seen = most_running.load();
    const int now = running.load();
    while (seen < now && !most_running.compare_exchange_weak(seen, now)) {
    }
    echo_metadata(context);
    const auto end = Clock::now() + std::chrono::microseconds{order.wait_us()};
    while (Clock::now() < end && !context.cancelled()) std::this_thread::sleep_for(std::chrono::milliseconds{1});
    end_as_ordered(order);
    return answer(order, order.number());
  }

  void Download(ServerContext& context, const Order& order, BlockingWriter<Payload>& payloads) override {
    const Running counted{running};
    echo_metadata(context);
    for (int i = 0; i < order.count(); ++i) payloads.write(answer(order, i));
    end_as_ordered(order);
  }

  Payload Upload(ServerContext& /*context*/, BlockingReader<Payload>& payloads) override {
    const Running counted{running};
    Payload sum;
    std::int64_t bytes = 0;
    while (const std::optional<Payload> payload = payloads.next()) {
      sum.set_number(sum.number() + 1);
      bytes += static_cast<std::int64_t>(payload->data().size());
    }
    sum.set_text(std::to_string(bytes));
    return sum;
  }

  void Echo(ServerContext& /*context*/, BlockingReader<Payload>& payloads, BlockingWriter<Payload>& back) override {
    const Running counted{running};
    while (const std::optional<Payload> payload = payloads.next()) back.write(*payload);
  }

  void Ignore(ServerContext& /*context*/, BlockingReader<Payload>& /*payloads*/,
              BlockingWriter<Payload>& back) override {
    const Running counted{running};
    for (;;) back.write(Payload{});
  }
};

}  // namespace tern::test

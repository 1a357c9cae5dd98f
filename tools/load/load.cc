#include "load/load.h"

#include <algorithm>
#include <exception>
#include <latch>
#include <memory>
#include <thread>
#include <utility>

#include "tern/client/generic_stub.h"
#include "tern/tern.h"

namespace tern::tool {

namespace {

/// The part of `whole` that falls to `index` of `parts`, which are equal but for the remainder.
template <class Number>
Number share_of(Number whole, std::size_t index, std::size_t parts) {
  return whole / parts + (index < whole % parts ? 1 : 0);
}

/// One thread's part of a load, on a loop of its own.
class LoadThread {
 public:
  LoadThread(const Load& load, std::size_t index, LoadProgress& progress, std::latch& connected)
      : load_(load), progress_(progress), connected_(connected) {
    const std::size_t connections = share_of(load.connections, index, load.threads);
    const std::size_t concurrency = share_of(load.concurrency, index, load.threads);
    for (std::size_t place = 0; place < connections; ++place)
      workers_.push_back(share_of(concurrency, place, connections));
    if (load.count) left_ = share_of<std::uint64_t>(*load.count, index, load.threads);
    if (load.rate) {
      step_ = std::chrono::duration<double>(static_cast<double>(load.threads) / *load.rate);
      offset_ = step_ * static_cast<double>(index) / static_cast<double>(load.threads);
    }
  }

  Task<void> run() {
    co_await connect_and_call();
    // They end on their loop, before it does.
    channels_.clear();
  }

  [[nodiscard]] const LoadResult& result() const noexcept { return result_; }
  [[nodiscard]] const std::exception_ptr& error() const noexcept { return error_; }

 private:
  Task<void> connect_and_call() {
    try {
      co_await connect();
    } catch (...) {
      error_ = std::current_exception();
    }
    // All threads begin together, and none when one could not.
    connected_.arrive_and_wait();
    if (error_ || progress_.stopping) co_return;
    start_ = Clock::now();
    measured_from_ = start_ + load_.warm_up;
    last_end_ = measured_from_;
    if (load_.duration) end_ = measured_from_ + *load_.duration;
    TaskGroup group;
    std::size_t first_request = 0;
    for (std::size_t place = 0; place < channels_.size(); ++place) {
      for (std::size_t worker = 0; worker < workers_[place]; ++worker) {
        group.spawn(make_calls(*channels_[place], first_request++));
      }
    }
    co_await group.join();
    result_.elapsed = last_end_ - measured_from_;
    for (const auto& channel : channels_) co_await channel->close();
  }

  Task<void> connect() {
    try {
      for (std::size_t place = 0; place < workers_.size(); ++place) {
        channels_.push_back(std::make_unique<Channel>(load_.target, load_.channel));
        co_await channels_.back()->connect();
      }
    } catch (...) {
      progress_.stopping = true;
      throw;
    }
  }

  /// One call after the other, until the load is over.
  Task<void> make_calls(Channel& channel, std::size_t request) {
    Clock::time_point now = Clock::now();
    for (;; ++request) {
      Clock::time_point begin = now;
      if (load_.rate) {
        begin = start_ + std::chrono::duration_cast<Clock::duration>(offset_ + step_ * static_cast<double>(begun_++));
        if (begin >= end_) co_return;
        if (begin > now) co_await sleep_until(begin);
      }
      const bool measured = begin >= measured_from_;
      if (progress_.stopping.load(std::memory_order_relaxed) || begin >= end_ || (measured && left_ == 0)) co_return;
      if (measured) --left_;
      const Status status = co_await call(channel, load_.requests[request % load_.requests.size()], measured);
      now = Clock::now();
      if (measured) record(status, begin, now);
    }
  }

  void record(const Status& status, Clock::time_point begin, Clock::time_point end) {
    last_end_ = std::max(last_end_, end);
    result_.latency.record(end - begin);
    StatusCount& count = result_.statuses[status.code()];
    if (count.calls++ == 0) count.details = status.details();
    const auto second =
        static_cast<std::size_t>(std::chrono::duration_cast<std::chrono::seconds>(end - measured_from_).count());
    if (second >= result_.by_second.size()) result_.by_second.resize(second + 1);
    ++result_.by_second[second];
    progress_.ended.fetch_add(1, std::memory_order_relaxed);
  }

  void received(const RawMessage& message, bool measured) noexcept {
    if (!measured) return;
    ++result_.messages_received;
    result_.bytes_received += message.bytes.size();
  }

  [[nodiscard]] CallOptions options() const noexcept { return {.timeout = load_.timeout, .metadata = &load_.metadata}; }

  Task<Status> call(Channel& channel, const RawMessage& request, bool measured) {
    if (load_.client_streams || load_.server_streams) return stream(channel, request, measured);
    return unary(channel, request, measured);
  }

  Task<Status> unary(Channel& channel, const RawMessage& request, bool measured) {
    UnaryCall<RawMessage> call = GenericStub{channel}.unary(load_.method, request, options());
    const Result<RawMessage> response = co_await std::move(call).result();
    if (response.ok()) received(*response, measured);
    co_return response.status();
  }

  Task<Status> stream(Channel& channel, const RawMessage& request, bool measured) {
    auto call = GenericStub{channel}.stream(load_.method, options());
    const std::size_t messages = load_.client_streams ? load_.messages : 1;
    if (load_.ping_pong) {
      for (std::size_t message = 0; message < messages; ++message) {
        const Clock::time_point begin = Clock::now();
        const bool sent = co_await call.write(request);
        if (!sent) break;
        const std::optional<RawMessage> answer = co_await call.read();
        if (!answer) break;
        received(*answer, measured);
        if (measured) result_.round_trips.record(Clock::now() - begin);
      }
      co_await call.done_writing();
      co_return co_await call.status();
    }
    // Beside the reading: a server may stop to take requests until its responses are read.
    TaskGroup writing;
    writing.spawn(write(call, request, messages));
    while (const std::optional<RawMessage> message = co_await call.read()) received(*message, measured);
    co_await writing.join();
    co_return co_await call.status();
  }

  static Task<void> write(BidiStreamCall<RawMessage, RawMessage>& call, const RawMessage& request,
                          std::size_t messages) {
    for (std::size_t message = 0; message < messages; ++message) {
      const bool sent = co_await call.write(request);
      if (!sent) co_return;
    }
    co_await call.done_writing();
  }

  const Load& load_;
  LoadProgress& progress_;
  std::latch& connected_;
  std::vector<std::unique_ptr<Channel>> channels_;
  /// Calls at once on each.
  std::vector<std::size_t> workers_;
  /// Measured calls that may still begin.
  std::uint64_t left_ = UINT64_MAX;
  /// With a rate: between calls of this thread, and before its first; calls begun.
  std::chrono::duration<double, std::nano> step_{};
  std::chrono::duration<double, std::nano> offset_{};
  std::uint64_t begun_ = 0;
  Clock::time_point start_;
  Clock::time_point measured_from_;
  Clock::time_point end_ = Clock::time_point::max();
  Clock::time_point last_end_;
  LoadResult result_;
  std::exception_ptr error_;
};

}  // namespace

void LoadResult::add(const LoadResult& other) {
  elapsed = std::max(elapsed, other.elapsed);
  latency.add(other.latency);
  round_trips.add(other.round_trips);
  for (const auto& [code, count] : other.statuses) {
    StatusCount& sum = statuses[code];
    if (sum.calls == 0) sum.details = count.details;
    sum.calls += count.calls;
  }
  messages_received += other.messages_received;
  bytes_received += other.bytes_received;
  by_second.resize(std::max(by_second.size(), other.by_second.size()));
  for (std::size_t second = 0; second < other.by_second.size(); ++second) by_second[second] += other.by_second[second];
}

double LoadResult::calls_per_second() const {
  return elapsed.count() == 0 ? 0 : static_cast<double>(latency.count()) / seconds();
}

LoadResult run_load(const Load& load, LoadProgress& progress) {
  std::latch connected{static_cast<std::ptrdiff_t>(load.threads)};
  std::vector<std::unique_ptr<LoadThread>> parts;
  parts.reserve(load.threads);
  for (std::size_t index = 0; index < load.threads; ++index) {
    parts.push_back(std::make_unique<LoadThread>(load, index, progress, connected));
  }
  {
    std::vector<std::jthread> threads;
    threads.reserve(parts.size());
    for (const auto& part : parts) threads.emplace_back([&part] { block_on(part->run()); });
  }
  LoadResult result;
  for (const auto& part : parts) {
    if (part->error()) std::rethrow_exception(part->error());
    result.add(part->result());
  }
  return result;
}

}  // namespace tern::tool

// A load on a server: what is called, how often and how many at once, and what came of it.
#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "report/histogram.h"
#include "tern/client/channel.h"
#include "tern/rpc/message_ref.h"
#include "tern/rpc/metadata.h"
#include "tern/rpc/status.h"

namespace tern::tool {

struct Load {
  std::string target;
  ChannelOptions channel;
  /// "/package.Service/Method", and which side streams.
  std::string method;
  bool client_streams = false;
  bool server_streams = false;
  /// Sent in turn; never empty.
  std::vector<RawMessage> requests;
  /// Of each call, where the client streams.
  std::size_t messages = 1;
  /// With both sides streaming: each message is sent when the one before was answered.
  bool ping_pong = false;
  Metadata metadata;
  std::optional<std::chrono::nanoseconds> timeout;

  std::size_t connections = 1;
  /// Calls at once, on all connections together.
  std::size_t concurrency = 1;
  /// Loops, one thread each.
  std::size_t threads = 1;
  /// Calls a second, begun on time whether or not earlier ones have ended (open loop); none: each as the one before it
  /// ends (closed loop).
  std::optional<double> rate;
  /// Ends after this many calls or this long, whichever is set and first.
  std::optional<std::uint64_t> count;
  std::optional<std::chrono::nanoseconds> duration;
  /// Calls begun before this has passed are made, and left out of every figure.
  std::chrono::nanoseconds warm_up{};
};

struct StatusCount {
  std::uint64_t calls = 0;
  /// Of the first that ended so.
  std::string details;
};

struct LoadResult {
  /// From the first measured call's begin to the last one's end.
  std::chrono::nanoseconds elapsed{};
  /// Of every call, however it ended; counted from when it should have begun, where a rate is given.
  Histogram latency;
  /// Of each message and its answer, in ping_pong.
  Histogram round_trips;
  std::map<StatusCode, StatusCount> statuses;
  std::uint64_t messages_received = 0;
  std::uint64_t bytes_received = 0;
  /// Calls that ended in each second.
  std::vector<std::uint64_t> by_second;

  void add(const LoadResult& other);
  [[nodiscard]] double seconds() const { return std::chrono::duration<double>(elapsed).count(); }
  [[nodiscard]] double calls_per_second() const;
};

/// Written while a load runs, by its threads; read by whoever shows progress.
struct LoadProgress {
  std::atomic<std::uint64_t> ended = 0;
  /// Set it, and no further calls are begun.
  std::atomic<bool> stopping = false;
};

/// Makes the load, blocking until it is over. `stopping` and the counts may be used meanwhile. Throws RpcError when a
/// connection cannot be made.
LoadResult run_load(const Load& load, LoadProgress& progress);

}  // namespace tern::tool

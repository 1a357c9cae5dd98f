// CallFigures: counts a server's calls as they end; FiguresService shows how the counts grow. Each loop counts for
// itself, so that no call waits for another's.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>

#include "figures/v1/figures.tern.h"
#include "tern/async.h"
#include "tern/server/observer.h"

namespace userchat {

/// Made on one of the server's loops.
class CallFigures final : public tern::ServerObserver {
 public:
  void on_call_begun(tern::ServerContext& context) override;
  void on_call_ended(const tern::EndedCall& call) override;

  /// Four latencies to each doubling, from a microsecond to an hour.
  static constexpr std::size_t kLatencies = 128;

  /// All that ended so far, on all loops. From any thread.
  struct Counts {
    std::uint64_t begun = 0;
    std::uint64_t ended = 0;
    std::uint64_t failed = 0;
    std::array<std::uint64_t, kLatencies> latencies{};  // of unary ones
  };
  [[nodiscard]] Counts counts() const;

 private:
  struct LoopCounts {
    tern::Counter begun;
    tern::Counter ended;
    tern::Counter failed;
    std::array<tern::Counter, kLatencies> latencies;
  };

  tern::PerLoop<LoopCounts> loops_;
};

class FiguresService final : public figures::v1::FiguresService::AsyncService {
 public:
  explicit FiguresService(const CallFigures& figures) : figures_(figures) {}

  tern::AsyncGenerator<figures::v1::Figures> Watch(tern::ServerContext& context,
                                                   const figures::v1::WatchRequest& request) override;

  /// Nobody watches any more: the server stops. From any loop.
  void close() noexcept { closed_ = true; }

 private:
  const CallFigures& figures_;
  std::atomic<bool> closed_ = false;
};

}  // namespace userchat

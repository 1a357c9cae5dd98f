// ChannelCore: a channel's parts on all loops, and where to find them. Calls share it, so that their channel may go
// before they do.
#pragma once

#include <atomic>
#include <cstddef>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "async/on_loop.h"
#include "client/channel_config.h"
#include "client/channel_loop.h"
#include "tern/async/task.h"
#include "tern/client/channel_info.h"
#include "tern/client/channel_options.h"
#include "transport/entity_id.h"

namespace tern {

class ChannelCore {
 public:
  ChannelCore(std::string target, ChannelOptions options)
      : config_(std::make_shared<ChannelConfig>(std::move(target), std::move(options))) {}
  ChannelCore(const ChannelCore&) = delete;
  ChannelCore& operator=(const ChannelCore&) = delete;
  /// On any thread: the parts are destroyed on their loops.
  ~ChannelCore() = default;

  [[nodiscard]] const ChannelConfig& config() const noexcept { return *config_; }
  /// Before the first call: throws std::logic_error with `sentence` when a loop uses the channel already.
  [[nodiscard]] ChannelConfig& config_before_use(const char* sentence);
  /// Keeps an interceptor or observer that was added just now.
  void keep(std::shared_ptr<const void> shared) { config_->keep(std::move(shared)); }
  [[nodiscard]] std::uint64_t id() const noexcept { return id_; }

  /// The channel's part on one loop. The counts stay when the loop has ended.
  struct Part {
    std::optional<OnLoop<ChannelLoop>> on_loop;
    CallCounts calls;
  };
  /// That of the loop that runs now, made at the first call. Takes no lock, once it is made. Throws std::logic_error
  /// outside of a loop.
  ChannelLoop& part_here();

  /// Closes the parts, each on its own loop, and waits for them. On any loop; `self` is kept until then.
  static Task<void> close(std::shared_ptr<ChannelCore> self);
  /// Closes the part on the loop that runs now, and asks the others to. On any thread.
  void begin_close();
  [[nodiscard]] bool closed() const noexcept { return closed_.load(std::memory_order_relaxed); }

  /// The loop of blocking calls; null when the Channel is gone. Any thread.
  void set_home(Loop* home) noexcept { home_.store(home, std::memory_order_release); }
  [[nodiscard]] Loop* home() const noexcept { return home_.load(std::memory_order_acquire); }

  static Task<ChannelInfo> inspect(std::shared_ptr<const ChannelCore> self, Inspect what);

 private:
  // More loops than cores of any machine that this was thought for.
  static constexpr std::size_t kMostLoops = 256;
  ChannelLoop& make_part(Loop& loop);
  [[nodiscard]] std::vector<const OnLoop<ChannelLoop>*> parts() const;

  std::uint64_t id_ = transport::next_entity_id();
  std::shared_ptr<ChannelConfig> config_;
  std::atomic<bool> closed_ = false;
  std::atomic<Loop*> home_ = nullptr;
  std::mutex mutex_;  // for making parts
  std::unique_ptr<Part[]> parts_ = std::make_unique<Part[]>(kMostLoops);
  std::atomic<std::size_t> used_ = 0;
};

}  // namespace tern

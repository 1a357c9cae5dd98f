// ChannelCore: what a channel's parts on all loops have in common, and where to find them.
#pragma once

#include <atomic>
#include <cstddef>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "client/channel_loop.h"
#include "client/service_config.h"
#include "client/target.h"
#include "tern/async/loop.h"
#include "tern/client/channel.h"
#include "transport/entity_id.h"

namespace tern {

class ChannelCore {
 public:
  ChannelCore(std::string target, ChannelOptions options);
  ChannelCore(const ChannelCore&) = delete;
  ChannelCore& operator=(const ChannelCore&) = delete;
  ~ChannelCore();

  [[nodiscard]] const std::string& target() const noexcept { return target_; }
  [[nodiscard]] const ChannelOptions& options() const noexcept { return options_; }
  /// Whether nobody on the way can read what is sent.
  [[nodiscard]] bool secure() const noexcept { return options_.tls != nullptr; }
  /// The value of ":authority".
  [[nodiscard]] const std::string& authority() const noexcept { return authority_; }
  [[nodiscard]] const std::string& tls_name() const noexcept { return tls_name_; }
  [[nodiscard]] const Target& target_addresses() const noexcept { return addresses_; }
  [[nodiscard]] const std::shared_ptr<const ServiceConfig>& service_config() const noexcept { return service_config_; }

  void add_interceptor(ClientInterceptor& interceptor) { interceptors_.push_back(&interceptor); }
  [[nodiscard]] const std::vector<ClientInterceptor*>& interceptors() const noexcept { return interceptors_; }
  void add_observer(ClientObserver& observer) { observers_.push_back(&observer); }
  [[nodiscard]] const std::vector<ClientObserver*>& observers() const noexcept { return observers_; }

  /// The part on the loop that runs now, made at the first call. Takes no lock, once it is made. Any loop.
  ChannelLoop& part_here();

  [[nodiscard]] std::uint64_t id() const noexcept { return id_; }
  Task<ChannelInfo> inspect();

  /// Closes the parts, each on its own loop, and waits for them.
  Task<void> close();
  /// Closes the part on the loop that runs now, and asks the others to.
  void begin_close();
  [[nodiscard]] bool closed() const noexcept { return closed_.load(std::memory_order_relaxed); }

 private:
  // More loops than cores of any machine that this was thought for.
  static constexpr std::size_t kMostLoops = 256;
  struct Slot {
    std::atomic<Loop*> loop = nullptr;
    std::shared_ptr<ChannelLoop> part;
  };
  ChannelLoop& make_part(Loop& loop);
  [[nodiscard]] std::vector<std::shared_ptr<ChannelLoop>> parts() const;

  std::uint64_t id_ = transport::next_entity_id();
  std::string target_;
  ChannelOptions options_;
  Target addresses_;
  std::string authority_;
  std::string tls_name_;
  std::shared_ptr<const ServiceConfig> service_config_;
  std::vector<ClientInterceptor*> interceptors_;
  std::vector<ClientObserver*> observers_;
  std::atomic<bool> closed_ = false;
  std::mutex mutex_;
  std::unique_ptr<Slot[]> slots_ = std::make_unique<Slot[]>(kMostLoops);
  std::atomic<std::size_t> used_ = 0;
};

}  // namespace tern

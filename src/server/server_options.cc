#include "tern/server/server_options.h"

#include <sys/resource.h>

#include <algorithm>
#include <thread>

namespace tern {

std::size_t default_max_connections() noexcept {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY) return SIZE_MAX;
  return std::max<std::size_t>(1, static_cast<std::size_t>(limit.rlim_cur) / 4 * 3);
}

std::size_t default_max_workers() noexcept { return std::min(32U, std::thread::hardware_concurrency() + 4); }

}  // namespace tern

#include "memory_user_repository.h"

#include <algorithm>
#include <mutex>

namespace userchat {

std::optional<User> MemoryUserRepository::find(std::int64_t id) {
  const std::shared_lock lock{mutex_};
  if (id < 1 || static_cast<std::uint64_t>(id) > users_.size()) return std::nullopt;
  return users_[static_cast<std::size_t>(id - 1)];
}

std::vector<User> MemoryUserRepository::list(std::int64_t after, std::int64_t limit) {
  const std::shared_lock lock{mutex_};
  const auto size = static_cast<std::int64_t>(users_.size());
  const std::int64_t first = std::clamp<std::int64_t>(after, 0, size);
  const std::int64_t count = limit > 0 ? std::min(limit, size - first) : size - first;
  return {users_.begin() + first, users_.begin() + first + count};
}

User MemoryUserRepository::create(const std::string& name, const std::string& email) {
  const std::unique_lock lock{mutex_};
  User& user = users_.emplace_back();
  user.set_id(static_cast<std::int64_t>(users_.size()));
  user.set_name(name);
  user.set_email(email);
  user.set_status(user::v1::USER_STATUS_ACTIVE);
  return user;
}

}  // namespace userchat

// Users in memory, gone with the process.
#pragma once

#include <shared_mutex>
#include <vector>

#include "user_repository.h"

namespace userchat {

class MemoryUserRepository final : public BlockingUserRepository {
 public:
  std::optional<User> find(std::int64_t id) override;
  std::vector<User> list(std::int64_t after, std::int64_t limit) override;
  User create(const std::string& name, const std::string& email) override;

 private:
  std::shared_mutex mutex_;
  std::vector<User> users_ = sample_users();  // the user with id n stands at n - 1
};

}  // namespace userchat

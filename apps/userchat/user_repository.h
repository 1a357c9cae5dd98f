// Where users are kept: the interface of a store that may block, and the one that coroutines await.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "tern/async.h"
#include "user/v1/user.pb.h"

namespace userchat {

using user::v1::User;

/// May block. From any thread.
class BlockingUserRepository {
 public:
  BlockingUserRepository() = default;
  BlockingUserRepository(const BlockingUserRepository&) = delete;
  BlockingUserRepository& operator=(const BlockingUserRepository&) = delete;
  virtual ~BlockingUserRepository() = default;

  virtual std::optional<User> find(std::int64_t id) = 0;
  /// Those with ids above `after` (0: from the first), in order of id; at most `limit`, or all when it is 0.
  virtual std::vector<User> list(std::int64_t after, std::int64_t limit) = 0;
  /// Stored for good when this returns; ids count up.
  virtual User create(const std::string& name, const std::string& email) = 0;
};

/// The same for coroutines: no call blocks the loop.
class UserRepository {
 public:
  UserRepository() = default;
  UserRepository(const UserRepository&) = delete;
  UserRepository& operator=(const UserRepository&) = delete;
  virtual ~UserRepository() = default;

  virtual tern::Task<std::optional<User>> find(std::int64_t id) = 0;
  virtual tern::Task<std::vector<User>> list(std::int64_t after, std::int64_t limit) = 0;
  virtual tern::Task<User> create(std::string name, std::string email) = 0;
};

/// For stores that never block: calls them where they are awaited.
std::unique_ptr<UserRepository> inline_repository(BlockingUserRepository& store);

/// For stores that do: calls them on two threads of their own, so that reads do not wait for writes.
std::unique_ptr<UserRepository> executor_repository(BlockingUserRepository& store);

/// The two users that every new store begins with.
std::vector<User> sample_users();

}  // namespace userchat

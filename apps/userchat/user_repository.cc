#include "user_repository.h"

#include <utility>

namespace userchat {

namespace {

class InlineUserRepository final : public UserRepository {
 public:
  explicit InlineUserRepository(BlockingUserRepository& store) : store_(store) {}
  tern::Task<std::optional<User>> find(std::int64_t id) override { co_return store_.find(id); }
  tern::Task<std::vector<User>> list(std::int64_t after, std::int64_t limit) override {
    co_return store_.list(after, limit);
  }
  tern::Task<User> create(std::string name, std::string email) override { co_return store_.create(name, email); }

 private:
  BlockingUserRepository& store_;
};

class ExecutorUserRepository final : public UserRepository {
 public:
  explicit ExecutorUserRepository(BlockingUserRepository& store) : store_(store) {}
  tern::Task<std::optional<User>> find(std::int64_t id) override {
    co_return co_await tern::run_in_executor(reading_, [&] { return store_.find(id); });
  }
  tern::Task<std::vector<User>> list(std::int64_t after, std::int64_t limit) override {
    co_return co_await tern::run_in_executor(reading_, [&] { return store_.list(after, limit); });
  }
  tern::Task<User> create(std::string name, std::string email) override {
    co_return co_await tern::run_in_executor(writing_, [&] { return store_.create(name, email); });
  }

 private:
  BlockingUserRepository& store_;
  tern::Executor reading_{1};
  tern::Executor writing_{1};
};

}  // namespace

std::unique_ptr<UserRepository> inline_repository(BlockingUserRepository& store) {
  return std::make_unique<InlineUserRepository>(store);
}

std::unique_ptr<UserRepository> executor_repository(BlockingUserRepository& store) {
  return std::make_unique<ExecutorUserRepository>(store);
}

std::vector<User> sample_users() {
  std::vector<User> users(2);
  users[0].set_id(1);
  users[0].set_name("홍길동");
  users[0].set_email("hong@example.com");
  users[1].set_id(2);
  users[1].set_name("김철수");
  users[1].set_email("kim@example.com");
  for (User& user : users) user.set_status(user::v1::USER_STATUS_ACTIVE);
  return users;
}

}  // namespace userchat

// The document's user service and its client, whole.
#include <fmt/core.h>

#include <map>
#include <optional>

#include "tern/tern.h"
#include "user/v1/user.tern.h"

using namespace std::chrono_literals;
using namespace user::v1;

class Users final : public UserService::AsyncService {
 public:
  Users() {
    add("홍길동", "hong@example.com");
    add("김철수", "kim@example.com");
  }

 private:
  const User& add(const std::string& name, const std::string& email) {
    User user;
    user.set_id(static_cast<int>(users_.size()) + 1);
    user.set_name(name);
    user.set_email(email);
    user.set_status(USER_STATUS_ACTIVE);
    return users_[user.id()] = user;
  }

  tern::Task<GetUserResponse> GetUser(tern::ServerContext& context, const GetUserRequest& request) override {
    fmt::print("[GetUser] id={}\n", request.id());
    co_await tern::sleep(10ms);
    const auto user = users_.find(request.id());
    if (user == users_.end())
      context.abort(tern::StatusCode::kNotFound, fmt::format("User {} not found", request.id()));
    co_return tern::make<GetUserResponse>([&](auto& response) { *response.mutable_user() = user->second; });
  }

  tern::Task<ListUsersResponse> ListUsers(tern::ServerContext& /*context*/, const ListUsersRequest& request) override {
    fmt::print("[ListUsers] page_size={}\n", request.page_size());
    ListUsersResponse response;
    for (const auto& [id, user] : users_) {
      if (request.page_size() > 0 && response.users_size() == request.page_size()) break;
      *response.add_users() = user;
    }
    co_return response;
  }

  tern::Task<CreateUserResponse> CreateUser(tern::ServerContext& context, const CreateUserRequest& request) override {
    fmt::print("[CreateUser] name={}\n", request.name());
    if (request.name().empty() || request.email().empty()) {
      context.abort(tern::StatusCode::kInvalidArgument, "Name and email are required");
    }
    const User& user = add(request.name(), request.email());
    co_return tern::make<CreateUserResponse>([&](auto& response) { *response.mutable_user() = user; });
  }

  std::map<std::int64_t, User> users_;
};

class UserClient {
 public:
  explicit UserClient(std::string target) : channel_(std::move(target)) {}

  tern::Task<std::optional<User>> get_user(int id) {
    try {
      const auto request = tern::make<GetUserRequest>([id](auto& message) { message.set_id(id); });
      const GetUserResponse response = co_await stub_.GetUser(request, {.timeout = 5s});
      co_return response.user();
    } catch (const tern::RpcError& error) {
      fmt::print("Error: {}\n", error.what());
      co_return std::nullopt;
    }
  }

  tern::Task<ListUsersResponse> list_users(int page_size = 10) {
    const auto request = tern::make<ListUsersRequest>([=](auto& message) { message.set_page_size(page_size); });
    co_return co_await stub_.ListUsers(request, {.timeout = 5s});
  }

  tern::Task<std::optional<User>> create_user(std::string name, std::string email) {
    try {
      CreateUserRequest request;
      request.set_name(name);
      request.set_email(email);
      const CreateUserResponse response = co_await stub_.CreateUser(request, {.timeout = 5s});
      co_return response.user();
    } catch (const tern::RpcError& error) {
      fmt::print("Error: {}\n", error.what());
      co_return std::nullopt;
    }
  }

 private:
  tern::Channel channel_;
  UserService::Stub stub_{channel_};
};

tern::Task<void> run() {
  constexpr std::size_t kMegabytes50 = 50 * 1024 * 1024;
  Users users;
  tern::Server server{{.max_receive_message_length = kMegabytes50, .max_send_message_length = kMegabytes50}};
  server.add_service(users);
  const int port = server.listen("127.0.0.1:0");
  fmt::print("Async server started\n");

  UserClient client{fmt::format("127.0.0.1:{}", port)};
  const ListUsersResponse all = co_await client.list_users();
  for (const User& user : all.users()) fmt::print("  - {}: {} ({})\n", user.id(), user.name(), user.email());
  const std::optional<User> user = co_await client.get_user(1);
  if (user) fmt::print("  - {}: {} ({})\n", user->id(), user->name(), user->email());
  const std::optional<User> created = co_await client.create_user("박지민", "park@example.com");
  if (created) fmt::print("  Created: {}: {}\n", created->id(), created->name());
  co_await client.get_user(9);
  co_await client.create_user("", "x@example.com");

  fmt::print("Shutting down...\n");
  co_await server.stop({.grace = 5s});
}

int main() { return tern::run(run()); }

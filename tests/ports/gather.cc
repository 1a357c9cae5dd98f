// Ten users, one after the other and at once.
#include <fmt/core.h>

#include <ranges>

#include "tern/tern.h"
#include "user/v1/user.tern.h"

using namespace std::chrono_literals;
using namespace user::v1;

class Users final : public UserService::AsyncService {
  tern::Task<GetUserResponse> GetUser(tern::ServerContext& /*context*/, const GetUserRequest& request) override {
    co_await tern::sleep(20ms);
    GetUserResponse response;
    response.mutable_user()->set_id(request.id());
    response.mutable_user()->set_name(fmt::format("user {}", request.id()));
    co_return response;
  }
};

tern::Task<User> get_user(const UserService::Stub& stub, int id) {
  const auto request = tern::make<GetUserRequest>([id](auto& message) { message.set_id(id); });
  const GetUserResponse response = co_await stub.GetUser(request, {.timeout = 5s});
  co_return response.user();
}

tern::Task<void> run() {
  Users service;
  tern::Server server;
  server.add_service(service);
  tern::Channel channel{fmt::format("127.0.0.1:{}", server.listen("127.0.0.1:0"))};

  const UserService::Stub stub{channel};
  auto start = tern::Clock::now();
  for (int id = 1; id <= 10; ++id) co_await get_user(stub, id);
  const auto sequential = tern::Clock::now() - start;

  start = tern::Clock::now();
  const auto get = [&](int id) { return get_user(stub, id); };
  const std::vector<User> users = co_await tern::gather(std::views::iota(1, 11) | std::views::transform(get));
  const auto concurrent = tern::Clock::now() - start;
  fmt::print("{} users, from {} to {}\n", users.size(), users.front().name(), users.back().name());
  fmt::print("{}\n", concurrent < sequential ? "at once is faster" : "at once is slower");

  co_await server.stop();
}

int main() { return tern::run(run()); }

// One request, one response; and a call that fails.
#include <fmt/core.h>

#include <map>

#include "tern/tern.h"
#include "user/v1/user.tern.h"

using namespace std::chrono_literals;
using namespace user::v1;

const std::map<int, std::string> kUsers{{1, "홍길동"}, {2, "김철수"}};

class Users final : public UserService::AsyncService {
  tern::Task<GetUserResponse> GetUser(tern::ServerContext& context, const GetUserRequest& request) override {
    fmt::print("[GetUser] id={}\n", request.id());
    co_await tern::sleep(10ms);
    const auto found = kUsers.find(static_cast<int>(request.id()));
    if (found == kUsers.end())
      context.abort(tern::StatusCode::kNotFound, fmt::format("User {} not found", request.id()));
    co_return tern::make<GetUserResponse>([&](auto& response) { response.mutable_user()->set_name(found->second); });
  }
};

tern::Task<void> run() {
  Users users;
  tern::Server server;
  server.add_service(users);
  tern::Channel channel{fmt::format("127.0.0.1:{}", server.listen("127.0.0.1:0"))};

  const UserService::Stub stub{channel};
  for (const int id : {1, 2, 3}) {
    try {
      const auto request = tern::make<GetUserRequest>([id](auto& message) { message.set_id(id); });
      const GetUserResponse response = co_await stub.GetUser(request, {.timeout = 5s});
      fmt::print("{}\n", response.user().name());
    } catch (const tern::RpcError& error) {
      fmt::print("Error: {}\n", error.what());
    }
  }

  co_await server.stop();
}

int main() { return tern::run(run()); }

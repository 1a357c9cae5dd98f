// One request, a stream of responses: the handler is an asynchronous generator.
#include <fmt/core.h>

#include "tern/tern.h"
#include "user/v1/user.tern.h"

using namespace std::chrono_literals;
using namespace user::v1;

constexpr std::array kNames{"홍길동", "김철수", "박지민"};

class Users final : public UserService::AsyncService {
  tern::AsyncGenerator<User> ListUsersStream(tern::ServerContext& /*context*/, const ListUsersRequest&) override {
    for (const char* name : kNames) {
      co_await tern::sleep(100ms);
      co_yield tern::make<User>([name](auto& user) { user.set_name(name); });
    }
  }
};

tern::Task<void> run() {
  Users users;
  tern::Server server;
  server.add_service(users);
  tern::Channel channel{fmt::format("127.0.0.1:{}", server.listen("127.0.0.1:0"))};

  const UserService::Stub stub{channel};
  auto stream = stub.ListUsersStream(ListUsersRequest{});
  while (const auto user = co_await stream.next()) fmt::print("Received: {}\n", user->name());

  co_await server.stop();
}

int main() { return tern::run(run()); }

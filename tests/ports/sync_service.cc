// The synchronous server: plain handlers on ten threads; and a client without a loop.
#include <fmt/core.h>

#include <thread>

#include "tern/tern.h"
#include "user/v1/user.tern.h"

using namespace std::chrono_literals;
using namespace user::v1;

class Users final : public UserService::SyncService {
  GetUserResponse GetUser(tern::ServerContext& context, const GetUserRequest& request) override {
    std::this_thread::sleep_for(10ms);
    if (request.id() != 1) context.abort(tern::StatusCode::kNotFound, fmt::format("User {} not found", request.id()));
    return tern::make<GetUserResponse>([](auto& response) { response.mutable_user()->set_name("홍길동"); });
  }

  void ListUsersStream(tern::ServerContext&, const ListUsersRequest&, tern::BlockingWriter<User>& users) override {
    for (const char* name : {"홍길동", "김철수"}) {
      users.write(tern::make<User>([name](auto& user) { user.set_name(name); }));
    }
  }
};

void ask(const std::string& target) {
  tern::Channel channel{target};
  const UserService::BlockingStub stub{channel};
  for (const int id : {1, 2}) {
    try {
      const auto request = tern::make<GetUserRequest>([id](auto& message) { message.set_id(id); });
      fmt::print("{}\n", stub.GetUser(request, {.timeout = 5s}).user().name());
    } catch (const tern::RpcError& error) {
      fmt::print("Error: {}\n", error.what());
    }
  }
  auto users = stub.ListUsersStream(ListUsersRequest{});
  while (const auto user = users.next()) fmt::print("Received: {}\n", user->name());
}

tern::Task<void> run() {
  Users users;
  tern::Server server{{.max_workers = 10}};
  server.add_service(users);
  const std::string target = fmt::format("127.0.0.1:{}", server.listen("127.0.0.1:0"));
  co_await tern::run_in_executor([&] { ask(target); });
  co_await server.stop();
}

int main() { return tern::run(run()); }

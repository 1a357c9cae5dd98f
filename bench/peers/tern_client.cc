#include <cstdio>
#include <cstdlib>

#include "tern/tern.h"
#include "user/v1/user.tern.h"

namespace {

using namespace user::v1;

struct Load {
  long left;
  long failed = 0;
};

tern::Task<void> call(const UserService::Stub& stub, Load& load) {
  GetUserRequest request;
  request.set_id(1);
  while (load.left-- > 0) {
    const tern::Result<GetUserResponse> reply = co_await stub.GetUser(request).result();
    if (!reply.ok() || reply->user().id() != 1) ++load.failed;
  }
}

tern::Task<int> run(std::string target, long calls, int concurrency) {
  tern::Channel channel{std::move(target)};
  const UserService::Stub stub{channel};
  Load load{.left = calls};
  tern::TaskGroup group;
  for (int index = 0; index < concurrency; ++index) group.spawn(call(stub, load));
  co_await group.join();
  std::printf("%ld failed\n", load.failed);
  co_return load.failed == 0 ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 4) {
    std::fputs("usage: TARGET CALLS CONCURRENCY\n", stderr);
    return 2;
  }
  return tern::run(run(argv[1], std::atol(argv[2]), std::atoi(argv[3])));
}

#include <grpcpp/grpcpp.h>

#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <latch>
#include <memory>
#include <vector>

#include "user/v1/user.grpc.pb.h"

namespace {

using namespace user::v1;

struct Load {
  UserService::Stub& stub;
  std::atomic<long> left;
  std::latch running;
  std::atomic<long> failed = 0;
};

/// One call after the other.
class Caller {
 public:
  explicit Caller(Load& load) : load_(load) { request_.set_id(1); }

  void next() {
    if (load_.left-- <= 0) {
      load_.running.count_down();
      return;
    }
    context_ = std::make_unique<grpc::ClientContext>();
    load_.stub.async()->GetUser(context_.get(), &request_, &response_, [this](const grpc::Status& status) {
      if (!status.ok() || response_.user().id() != 1) ++load_.failed;
      next();
    });
  }

 private:
  Load& load_;
  GetUserRequest request_;
  GetUserResponse response_;
  std::unique_ptr<grpc::ClientContext> context_;
};

}  // namespace

int main(int argc, char** argv) {
  if (argc != 4) {
    std::fputs("usage: TARGET CALLS CONCURRENCY\n", stderr);
    return 2;
  }
  const auto channel = grpc::CreateChannel(argv[1], grpc::InsecureChannelCredentials());
  const auto stub = UserService::NewStub(channel);
  const int concurrency = std::atoi(argv[3]);
  Load load{.stub = *stub, .left = std::atol(argv[2]), .running = std::latch{concurrency}};
  std::vector<std::unique_ptr<Caller>> callers;
  for (int index = 0; index < concurrency; ++index) {
    callers.push_back(std::make_unique<Caller>(load));
    callers.back()->next();
  }
  load.running.wait();
  std::printf("%ld failed\n", load.failed.load());
  return load.failed == 0 ? 0 : 1;
}

// GetUser of user.proto by grpc++'s callback API, from memory: grpcpp_callback_server PORT
#include <grpcpp/grpcpp.h>

#include <cstdio>
#include <string>

#include "user/v1/user.grpc.pb.h"

namespace {

class UserService final : public user::v1::UserService::CallbackService {
  grpc::ServerUnaryReactor* GetUser(grpc::CallbackServerContext* context, const user::v1::GetUserRequest* request,
                                    user::v1::GetUserResponse* response) override {
    grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
    if (request->id() != 1) {
      reactor->Finish({grpc::NOT_FOUND, "User " + std::to_string(request->id()) + " not found"});
      return reactor;
    }
    user::v1::User* user = response->mutable_user();
    user->set_id(1);
    user->set_name("홍길동");
    user->set_email("hong@example.com");
    user->set_status(user::v1::USER_STATUS_ACTIVE);
    reactor->Finish(grpc::Status::OK);
    return reactor;
  }
};

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fputs("usage: grpcpp_callback_server PORT\n", stderr);
    return 2;
  }
  UserService service;
  grpc::ServerBuilder builder;
  builder.AddListeningPort("127.0.0.1:" + std::string{argv[1]}, grpc::InsecureServerCredentials());
  builder.RegisterService(&service);
  builder.BuildAndStart()->Wait();
}

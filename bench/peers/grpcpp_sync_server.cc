#include <grpcpp/grpcpp.h>

#include <thread>

#include "arguments.h"
#include "chat/v1/chat.grpc.pb.h"
#include "grpcpp_server.h"
#include "user/v1/user.grpc.pb.h"

namespace {

using namespace user::v1;

class Users final : public UserService::Service {
 public:
  explicit Users(const bench::Arguments& arguments) : arguments_(arguments), user_(bench::sample(arguments)) {}

 private:
  grpc::Status GetUser(grpc::ServerContext* /*context*/, const GetUserRequest* request,
                       GetUserResponse* response) override {
    if (arguments_.wait.count() > 0) std::this_thread::sleep_for(arguments_.wait);
    if (!arguments_.knows(request->id())) return {grpc::NOT_FOUND, bench::not_found(request->id())};
    *response->mutable_user() = user_;
    return grpc::Status::OK;
  }
  grpc::Status CreateUser(grpc::ServerContext* /*context*/, const CreateUserRequest* request,
                          CreateUserResponse* response) override {
    response->mutable_user()->set_name(request->name());
    return grpc::Status::OK;
  }
  grpc::Status ListUsersStream(grpc::ServerContext* /*context*/, const ListUsersRequest* request,
                               grpc::ServerWriter<User>* writer) override {
    for (int index = 0; index < request->page_size(); ++index) writer->Write(user_);
    return grpc::Status::OK;
  }

  const bench::Arguments& arguments_;
  User user_;
};

class Chats final : public chat::v1::ChatService::Service {
  grpc::Status Chat(grpc::ServerContext* /*context*/,
                    grpc::ServerReaderWriter<chat::v1::ChatMessage, chat::v1::ChatMessage>* stream) override {
    chat::v1::ChatMessage message;
    while (stream->Read(&message)) {
      chat::v1::ChatMessage answer;
      answer.set_content("Echo: " + message.content());
      stream->Write(answer);
    }
    return grpc::Status::OK;
  }
};

}  // namespace

int main(int argc, char** argv) { bench::serve<Users, Chats>(argc, argv); }

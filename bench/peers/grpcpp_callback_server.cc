#include <grpcpp/alarm.h>
#include <grpcpp/grpcpp.h>

#include <chrono>

#include "arguments.h"
#include "chat/v1/chat.grpc.pb.h"
#include "grpcpp_server.h"
#include "user/v1/user.grpc.pb.h"

namespace {

using namespace user::v1;

class UserStream final : public grpc::ServerWriteReactor<User> {
 public:
  UserStream(const User& user, int left) : user_(user), left_(left) { next(); }
  void OnWriteDone(bool ok) override {
    if (ok) {
      next();
    } else {
      Finish(grpc::Status::CANCELLED);
    }
  }
  void OnDone() override { delete this; }

 private:
  void next() {
    if (left_-- > 0) {
      StartWrite(&user_);
    } else {
      Finish(grpc::Status::OK);
    }
  }
  const User& user_;
  int left_;
};

class Users final : public UserService::CallbackService {
 public:
  explicit Users(const bench::Arguments& arguments) : arguments_(arguments), user_(bench::sample(arguments)) {}

 private:
  grpc::ServerUnaryReactor* GetUser(grpc::CallbackServerContext* context, const GetUserRequest* request,
                                    GetUserResponse* response) override {
    grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
    if (arguments_.wait.count() == 0) {
      finish(reactor, request, response);
      return reactor;
    }
    auto* alarm = new grpc::Alarm;
    alarm->Set(std::chrono::system_clock::now() + arguments_.wait, [=, this](bool /*ok*/) {
      finish(reactor, request, response);
      delete alarm;
    });
    return reactor;
  }
  void finish(grpc::ServerUnaryReactor* reactor, const GetUserRequest* request, GetUserResponse* response) const {
    if (!arguments_.knows(request->id())) {
      reactor->Finish({grpc::NOT_FOUND, bench::not_found(request->id())});
      return;
    }
    *response->mutable_user() = user_;
    reactor->Finish(grpc::Status::OK);
  }

  grpc::ServerUnaryReactor* CreateUser(grpc::CallbackServerContext* context, const CreateUserRequest* request,
                                       CreateUserResponse* response) override {
    response->mutable_user()->set_name(request->name());
    grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
    reactor->Finish(grpc::Status::OK);
    return reactor;
  }
  grpc::ServerWriteReactor<User>* ListUsersStream(grpc::CallbackServerContext* /*context*/,
                                                  const ListUsersRequest* request) override {
    return new UserStream{user_, request->page_size()};
  }

  const bench::Arguments& arguments_;
  User user_;
};

using chat::v1::ChatMessage;

class Conversation final : public grpc::ServerBidiReactor<ChatMessage, ChatMessage> {
 public:
  Conversation() { StartRead(&message_); }
  void OnReadDone(bool ok) override {
    if (!ok) {
      Finish(grpc::Status::OK);
      return;
    }
    answer_.set_content("Echo: " + message_.content());
    StartWrite(&answer_);
  }
  void OnWriteDone(bool ok) override {
    if (ok) {
      StartRead(&message_);
    } else {
      Finish(grpc::Status::CANCELLED);
    }
  }
  void OnDone() override { delete this; }

 private:
  ChatMessage message_;
  ChatMessage answer_;
};

class Chats final : public chat::v1::ChatService::CallbackService {
  grpc::ServerBidiReactor<ChatMessage, ChatMessage>* Chat(grpc::CallbackServerContext* /*context*/) override {
    return new Conversation;
  }
};

}  // namespace

int main(int argc, char** argv) { bench::serve<Users, Chats>(argc, argv); }

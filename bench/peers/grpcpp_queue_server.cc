// Unary calls only: GetUser and CreateUser.
#include <grpcpp/alarm.h>
#include <grpcpp/grpcpp.h>

#include <chrono>
#include <memory>
#include <thread>
#include <vector>

#include "arguments.h"
#include "grpcpp_server.h"
#include "user/v1/user.grpc.pb.h"

namespace {

using namespace user::v1;
using grpc::ServerCompletionQueue;

struct Shared {
  const bench::Arguments& arguments;
  User user;
  UserService::AsyncService service;
};

/// What the queue gives back.
class Tag {
 public:
  virtual ~Tag() = default;
  virtual void proceed(bool ok) = 0;
};

/// One call: waits for a request, perhaps for the clock, then for the reply to be sent; another takes its place at
/// once.
template <class Request, class Response>
class Call : public Tag {
 public:
  Call(Shared& shared, ServerCompletionQueue& queue) : shared_(shared), queue_(queue) {}

  void proceed(bool ok) override {
    switch (state_) {
      case State::kRequested:
        if (!ok) {
          delete this;
          return;
        }
        serve_another();
        if (waits()) {
          state_ = State::kWaiting;
          alarm_.Set(&queue_, std::chrono::system_clock::now() + shared_.arguments.wait, this);
          return;
        }
        [[fallthrough]];
      case State::kWaiting: {
        state_ = State::kFinishing;
        Response response;
        const grpc::Status status = answer(response);
        if (status.ok()) {
          responder_.Finish(response, status, this);
        } else {
          responder_.FinishWithError(status, this);
        }
        return;
      }
      case State::kFinishing:
        delete this;
    }
  }

 protected:
  virtual bool waits() const { return false; }
  virtual void serve_another() = 0;
  virtual grpc::Status answer(Response& response) = 0;

  enum class State { kRequested, kWaiting, kFinishing };
  Shared& shared_;
  ServerCompletionQueue& queue_;
  State state_ = State::kRequested;
  grpc::ServerContext context_;
  Request request_;
  grpc::ServerAsyncResponseWriter<Response> responder_{&context_};
  grpc::Alarm alarm_;
};

class GetUser final : public Call<GetUserRequest, GetUserResponse> {
 public:
  GetUser(Shared& shared, ServerCompletionQueue& queue) : Call(shared, queue) {
    shared_.service.RequestGetUser(&context_, &request_, &responder_, &queue_, &queue_, this);
  }

 private:
  bool waits() const override { return shared_.arguments.wait.count() > 0; }
  void serve_another() override { new GetUser{shared_, queue_}; }
  grpc::Status answer(GetUserResponse& response) override {
    if (!shared_.arguments.knows(request_.id())) return {grpc::NOT_FOUND, bench::not_found(request_.id())};
    *response.mutable_user() = shared_.user;
    return grpc::Status::OK;
  }
};

class CreateUser final : public Call<CreateUserRequest, CreateUserResponse> {
 public:
  CreateUser(Shared& shared, ServerCompletionQueue& queue) : Call(shared, queue) {
    shared_.service.RequestCreateUser(&context_, &request_, &responder_, &queue_, &queue_, this);
  }

 private:
  void serve_another() override { new CreateUser{shared_, queue_}; }
  grpc::Status answer(CreateUserResponse& response) override {
    response.mutable_user()->set_name(request_.name());
    return grpc::Status::OK;
  }
};

void run(Shared& shared, ServerCompletionQueue& queue) {
  // Several wait at once: a call is taken only by one that waits.
  for (int index = 0; index < 100; ++index) {
    new GetUser{shared, queue};
    new CreateUser{shared, queue};
  }
  void* tag = nullptr;
  bool ok = false;
  while (queue.Next(&tag, &ok)) static_cast<Tag*>(tag)->proceed(ok);
}

}  // namespace

int main(int argc, char** argv) {
  const bench::Arguments arguments = bench::read_arguments(argc, argv);
  Shared shared{arguments, bench::sample(arguments), {}};
  grpc::ServerBuilder builder;
  bench::set_up(builder, arguments);
  builder.RegisterService(&shared.service);
  std::vector<std::unique_ptr<ServerCompletionQueue>> queues;
  for (std::size_t index = 0; index < arguments.threads; ++index) queues.push_back(builder.AddCompletionQueue());
  const std::unique_ptr<grpc::Server> server = builder.BuildAndStart();
  std::vector<std::jthread> threads;
  for (const auto& queue : queues) threads.emplace_back([&] { run(shared, *queue); });
}

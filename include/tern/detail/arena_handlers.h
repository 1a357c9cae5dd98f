// Typed handlers whose messages live on their call's arena: one block of memory for a request or response of many
// parts, given back at once (Service::on_arena, docs/guide.md). Used by generated code.
#pragma once

#include <google/protobuf/arena.h>

#include <memory>
#include <string_view>
#include <typeinfo>

#include "tern/async/async_generator.h"
#include "tern/async/task.h"
#include "tern/detail/method_handler.h"
#include "tern/detail/server_call.h"
#include "tern/server/abort_error.h"
#include "tern/server/server_context.h"
#include "tern/server/service.h"

namespace tern {

template <class Message>
Message* ServerContext::make() {
#if GOOGLE_PROTOBUF_VERSION >= 5026000
  return google::protobuf::Arena::Create<Message>(&arena());
#else
  return google::protobuf::Arena::CreateMessage<Message>(&arena());  // there, Create() puts it on the heap
#endif
}

namespace detail {
/// What a handler answered with; throws AbortError (INTERNAL) when that is nothing.
template <class Response>
const Response& required(const Response* response) {
  if (response == nullptr) throw AbortError{Status{StatusCode::kInternal, "the handler gave no response"}};
  return *response;
}

/// Task<Response*> method(ServerContext&, const Request&)
template <class ServiceType, class Request, class Response>
class ArenaUnaryHandler final : public MethodHandler {
 public:
  using Method = Task<Response*> (ServiceType::*)(ServerContext&, const Request&);
  ArenaUnaryHandler(ServiceType& service, Method method)
      : MethodHandler(Requests::kOne, {&typeid(Request), &typeid(Response), false}),
        service_(service),
        method_(method) {}

  Task<void> handle(ServerCall& call) override {
    auto& request = *context_of(call).make<Request>();
    take_request(call, request);
    const Response* response = co_await (service_.*method_)(context_of(call), request);
    send_message(call, required(response));
  }

 private:
  ServiceType& service_;
  Method method_;
};

/// AsyncGenerator<Response*> method(ServerContext&, const Request&). Each response has been sent, or copied, when the
/// generator goes on: it may change that one, or make another.
template <class ServiceType, class Request, class Response>
class ArenaServerStreamHandler final : public MethodHandler {
 public:
  using Method = AsyncGenerator<Response*> (ServiceType::*)(ServerContext&, const Request&);
  ArenaServerStreamHandler(ServiceType& service, Method method)
      : MethodHandler(Requests::kOne, {&typeid(Request), &typeid(Response), true}),
        service_(service),
        method_(method) {}

  Task<void> handle(ServerCall& call) override {
    auto& request = *context_of(call).make<Request>();
    take_request(call, request);
    AsyncGenerator<Response*> responses = (service_.*method_)(context_of(call), request);
    while (Response* const* response = co_await responses.next_pointer()) {
      co_await write(call, required(*response));
    }
  }

 private:
  ServiceType& service_;
  Method method_;
};

template <class Owner, class Request, class Response>
std::unique_ptr<MethodHandler> make_arena_handler(Owner& owner,
                                                  Task<Response*> (Owner::*method)(ServerContext&, const Request&)) {
  return std::make_unique<ArenaUnaryHandler<Owner, Request, Response>>(owner, method);
}
template <class Owner, class Request, class Response>
std::unique_ptr<MethodHandler> make_arena_handler(Owner& owner,
                                                  AsyncGenerator<Response*> (Owner::*method)(ServerContext&,
                                                                                             const Request&)) {
  return std::make_unique<ArenaServerStreamHandler<Owner, Request, Response>>(owner, method);
}

}  // namespace detail

template <class Owner, class Handler>
void Service::on_arena(std::string_view method, Owner& owner, Handler handler) {
  constexpr bool kIsHandler = requires { detail::make_arena_handler(owner, handler); };
  static_assert(kIsHandler,
                "on_arena() needs a member function of the service: Task<Response*> or AsyncGenerator<Response*> of "
                "(ServerContext&, const Request&)");
  if constexpr (kIsHandler) replace_method(method, detail::make_arena_handler(owner, handler));
}

}  // namespace tern

// Typed handlers of asynchronous services: a few lines each over detail/server_call.h. Used by generated code.
#pragma once

#include <memory>
#include <typeinfo>

#include "tern/async/async_generator.h"
#include "tern/async/task.h"
#include "tern/detail/method_handler.h"
#include "tern/detail/server_call.h"
#include "tern/server/reader.h"
#include "tern/server/server_context.h"

namespace tern::detail {

/// Task<Response> method(ServerContext&, const Request&)
template <class ServiceType, class Request, class Response>
class UnaryHandler final : public MethodHandler {
 public:
  using Method = Task<Response> (ServiceType::*)(ServerContext&, const Request&);
  UnaryHandler(ServiceType& service, Method method)
      : MethodHandler(Requests::kOne, {&typeid(Request), &typeid(Response), false}),
        service_(service),
        method_(method) {}

  Task<void> handle(ServerCall& call) override {
    Request request;
    take_request(call, request);
    const Response response = co_await (service_.*method_)(context_of(call), request);
    send_message(call, response);
  }

 private:
  ServiceType& service_;
  Method method_;
};

/// AsyncGenerator<Response> method(ServerContext&, const Request&)
template <class ServiceType, class Request, class Response>
class ServerStreamHandler final : public MethodHandler {
 public:
  using Method = AsyncGenerator<Response> (ServiceType::*)(ServerContext&, const Request&);
  ServerStreamHandler(ServiceType& service, Method method)
      : MethodHandler(Requests::kOne, {&typeid(Request), &typeid(Response), true}),
        service_(service),
        method_(method) {}

  Task<void> handle(ServerCall& call) override {
    Request request;
    take_request(call, request);
    AsyncGenerator<Response> responses = (service_.*method_)(context_of(call), request);
    while (const Response* response = co_await responses.next_pointer()) {
      co_await write_from(call, responses, *response);
    }
  }

 private:
  ServiceType& service_;
  Method method_;
};

/// Task<Response> method(ServerContext&, Reader<Request>&)
template <class ServiceType, class Request, class Response>
class ClientStreamHandler final : public MethodHandler {
 public:
  using Method = Task<Response> (ServiceType::*)(ServerContext&, Reader<Request>&);
  ClientStreamHandler(ServiceType& service, Method method)
      : MethodHandler(Requests::kStream, {&typeid(Request), &typeid(Response), false}),
        service_(service),
        method_(method) {}

  Task<void> handle(ServerCall& call) override {
    Reader<Request> requests{call};
    const Response response = co_await (service_.*method_)(context_of(call), requests);
    send_message(call, response);
  }

 private:
  ServiceType& service_;
  Method method_;
};

/// AsyncGenerator<Response> method(ServerContext&, Reader<Request>&)
template <class ServiceType, class Request, class Response>
class BidiStreamHandler final : public MethodHandler {
 public:
  using Method = AsyncGenerator<Response> (ServiceType::*)(ServerContext&, Reader<Request>&);
  BidiStreamHandler(ServiceType& service, Method method)
      : MethodHandler(Requests::kStream, {&typeid(Request), &typeid(Response), true}),
        service_(service),
        method_(method) {}

  Task<void> handle(ServerCall& call) override {
    Reader<Request> requests{call};
    AsyncGenerator<Response> responses = (service_.*method_)(context_of(call), requests);
    while (const Response* response = co_await responses.next_pointer()) {
      co_await write_from(call, responses, *response);
    }
  }

 private:
  ServiceType& service_;
  Method method_;
};

/// The handler for a method, by the method's own type.
template <class Owner, class Request, class Response>
std::unique_ptr<MethodHandler> make_handler(Owner& owner,
                                            Task<Response> (Owner::*method)(ServerContext&, const Request&)) {
  return std::make_unique<UnaryHandler<Owner, Request, Response>>(owner, method);
}
template <class Owner, class Request, class Response>
std::unique_ptr<MethodHandler> make_handler(Owner& owner,
                                            AsyncGenerator<Response> (Owner::*method)(ServerContext&, const Request&)) {
  return std::make_unique<ServerStreamHandler<Owner, Request, Response>>(owner, method);
}
template <class Owner, class Request, class Response>
std::unique_ptr<MethodHandler> make_handler(Owner& owner,
                                            Task<Response> (Owner::*method)(ServerContext&, Reader<Request>&)) {
  return std::make_unique<ClientStreamHandler<Owner, Request, Response>>(owner, method);
}
template <class Owner, class Request, class Response>
std::unique_ptr<MethodHandler> make_handler(Owner& owner, AsyncGenerator<Response> (Owner::*method)(ServerContext&,
                                                                                                    Reader<Request>&)) {
  return std::make_unique<BidiStreamHandler<Owner, Request, Response>>(owner, method);
}

}  // namespace tern::detail

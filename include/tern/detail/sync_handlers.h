// Typed handlers of synchronous services: plain functions that may block, run on the server's workers. Used by
// generated code.
#pragma once

#include <memory>

#include "tern/async/task.h"
#include "tern/detail/method_handler.h"
#include "tern/detail/server_call.h"
#include "tern/server/blocking_stream.h"

namespace tern::detail {

/// Response method(ServerContext&, const Request&)
template <class ServiceType, class Request, class Response>
class SyncUnaryHandler final : public MethodHandler {
 public:
  using Method = Response (ServiceType::*)(ServerContext&, const Request&);
  SyncUnaryHandler(ServiceType& service, Method method)
      : MethodHandler(Requests::kOne), service_(service), method_(method) {}

  Task<void> handle(ServerCall& call) override {
    Request request;
    take_request(call, request);
    const Response response =
        co_await run_on_worker(call, [&] { return (service_.*method_)(context_of(call), request); });
    send_message(call, response);
  }

 private:
  ServiceType& service_;
  Method method_;
};

/// void method(ServerContext&, const Request&, BlockingWriter<Response>&)
template <class ServiceType, class Request, class Response>
class SyncServerStreamHandler final : public MethodHandler {
 public:
  using Method = void (ServiceType::*)(ServerContext&, const Request&, BlockingWriter<Response>&);
  SyncServerStreamHandler(ServiceType& service, Method method)
      : MethodHandler(Requests::kOne), service_(service), method_(method) {}

  Task<void> handle(ServerCall& call) override {
    Request request;
    take_request(call, request);
    BlockingWriter<Response> responses{call};
    co_await run_on_worker(call, [&] { (service_.*method_)(context_of(call), request, responses); });
  }

 private:
  ServiceType& service_;
  Method method_;
};

/// Response method(ServerContext&, BlockingReader<Request>&)
template <class ServiceType, class Request, class Response>
class SyncClientStreamHandler final : public MethodHandler {
 public:
  using Method = Response (ServiceType::*)(ServerContext&, BlockingReader<Request>&);
  SyncClientStreamHandler(ServiceType& service, Method method)
      : MethodHandler(Requests::kStream), service_(service), method_(method) {}

  Task<void> handle(ServerCall& call) override {
    BlockingReader<Request> requests{call};
    const Response response =
        co_await run_on_worker(call, [&] { return (service_.*method_)(context_of(call), requests); });
    send_message(call, response);
  }

 private:
  ServiceType& service_;
  Method method_;
};

/// void method(ServerContext&, BlockingReader<Request>&, BlockingWriter<Response>&)
template <class ServiceType, class Request, class Response>
class SyncBidiStreamHandler final : public MethodHandler {
 public:
  using Method = void (ServiceType::*)(ServerContext&, BlockingReader<Request>&, BlockingWriter<Response>&);
  SyncBidiStreamHandler(ServiceType& service, Method method)
      : MethodHandler(Requests::kStream), service_(service), method_(method) {}

  Task<void> handle(ServerCall& call) override {
    BlockingReader<Request> requests{call};
    BlockingWriter<Response> responses{call};
    co_await run_on_worker(call, [&] { (service_.*method_)(context_of(call), requests, responses); });
  }

 private:
  ServiceType& service_;
  Method method_;
};

/// The handler for a method, by the method's own type.
template <class Owner, class Request, class Response>
std::unique_ptr<MethodHandler> make_sync_handler(Owner& owner,
                                                 Response (Owner::*method)(ServerContext&, const Request&)) {
  return std::make_unique<SyncUnaryHandler<Owner, Request, Response>>(owner, method);
}
template <class Owner, class Request, class Response>
std::unique_ptr<MethodHandler> make_sync_handler(Owner& owner, void (Owner::*method)(ServerContext&, const Request&,
                                                                                     BlockingWriter<Response>&)) {
  return std::make_unique<SyncServerStreamHandler<Owner, Request, Response>>(owner, method);
}
template <class Owner, class Request, class Response>
std::unique_ptr<MethodHandler> make_sync_handler(Owner& owner,
                                                 Response (Owner::*method)(ServerContext&, BlockingReader<Request>&)) {
  return std::make_unique<SyncClientStreamHandler<Owner, Request, Response>>(owner, method);
}
template <class Owner, class Request, class Response>
std::unique_ptr<MethodHandler> make_sync_handler(Owner& owner,
                                                 void (Owner::*method)(ServerContext&, BlockingReader<Request>&,
                                                                       BlockingWriter<Response>&)) {
  return std::make_unique<SyncBidiStreamHandler<Owner, Request, Response>>(owner, method);
}

}  // namespace tern::detail

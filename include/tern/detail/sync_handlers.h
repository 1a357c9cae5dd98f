// Typed handlers of synchronous services: plain functions that may block, run on the server's workers. Used by
// generated code.
#pragma once

#include <memory>
#include <optional>

#include "tern/api.h"
#include "tern/async/task.h"
#include "tern/detail/method_handler.h"
#include "tern/detail/recycler.h"
#include "tern/detail/server_call.h"
#include "tern/server/blocking_stream.h"

namespace tern::detail {

/// One call of a synchronous handler, with its messages. Made and destroyed on the call's loop.
class TERN_API SyncCall : public Recycled {
 public:
  SyncCall() = default;
  SyncCall(const SyncCall&) = delete;
  SyncCall& operator=(const SyncCall&) = delete;
  virtual ~SyncCall() = default;

  /// On the loop: takes the only request, which has arrived.
  virtual void begin(ServerCall& /*call*/) {}
  /// On a worker: runs the method.
  virtual void run(ServerContext& context) = 0;
  /// On the loop: sends the only response.
  virtual void end(ServerCall& /*call*/) {}
};

/// The way of a call through a synchronous handler, compiled once, in the library.
class TERN_API SyncHandler : public MethodHandler {
 public:
  using MethodHandler::MethodHandler;
  Task<void> handle(ServerCall& call) final;

 private:
  virtual std::unique_ptr<SyncCall> begin(ServerCall& call) = 0;
};

/// A handler whose calls are `Call`s: made of the service, its method and the ServerCall.
template <class Call, class ServiceType, class Method>
class SyncHandlerOf final : public SyncHandler {
 public:
  SyncHandlerOf(Requests requests, ServiceType& service, Method method)
      : SyncHandler(requests), service_(service), method_(method) {}

 private:
  std::unique_ptr<SyncCall> begin(ServerCall& call) override { return std::make_unique<Call>(service_, method_, call); }

  ServiceType& service_;
  Method method_;
};

/// Response method(ServerContext&, const Request&)
template <class ServiceType, class Request, class Response>
class SyncUnaryCall final : public SyncCall {
 public:
  using Method = Response (ServiceType::*)(ServerContext&, const Request&);
  SyncUnaryCall(ServiceType& service, Method method, ServerCall& /*call*/) : service_(service), method_(method) {}

 private:
  void begin(ServerCall& call) override { take_request(call, request_); }
  void run(ServerContext& context) override { response_.emplace((service_.*method_)(context, request_)); }
  void end(ServerCall& call) override { send_message(call, *response_); }

  ServiceType& service_;
  Method method_;
  Request request_;
  std::optional<Response> response_;
};

/// void method(ServerContext&, const Request&, BlockingWriter<Response>&)
template <class ServiceType, class Request, class Response>
class SyncServerStreamCall final : public SyncCall {
 public:
  using Method = void (ServiceType::*)(ServerContext&, const Request&, BlockingWriter<Response>&);
  SyncServerStreamCall(ServiceType& service, Method method, ServerCall& call)
      : service_(service), method_(method), responses_(call) {}

 private:
  void begin(ServerCall& call) override { take_request(call, request_); }
  void run(ServerContext& context) override { (service_.*method_)(context, request_, responses_); }

  ServiceType& service_;
  Method method_;
  Request request_;
  BlockingWriter<Response> responses_;
};

/// Response method(ServerContext&, BlockingReader<Request>&)
template <class ServiceType, class Request, class Response>
class SyncClientStreamCall final : public SyncCall {
 public:
  using Method = Response (ServiceType::*)(ServerContext&, BlockingReader<Request>&);
  SyncClientStreamCall(ServiceType& service, Method method, ServerCall& call)
      : service_(service), method_(method), requests_(call) {}

 private:
  void run(ServerContext& context) override { response_.emplace((service_.*method_)(context, requests_)); }
  void end(ServerCall& call) override { send_message(call, *response_); }

  ServiceType& service_;
  Method method_;
  BlockingReader<Request> requests_;
  std::optional<Response> response_;
};

/// void method(ServerContext&, BlockingReader<Request>&, BlockingWriter<Response>&)
template <class ServiceType, class Request, class Response>
class SyncBidiStreamCall final : public SyncCall {
 public:
  using Method = void (ServiceType::*)(ServerContext&, BlockingReader<Request>&, BlockingWriter<Response>&);
  SyncBidiStreamCall(ServiceType& service, Method method, ServerCall& call)
      : service_(service), method_(method), requests_(call), responses_(call) {}

 private:
  void run(ServerContext& context) override { (service_.*method_)(context, requests_, responses_); }

  ServiceType& service_;
  Method method_;
  BlockingReader<Request> requests_;
  BlockingWriter<Response> responses_;
};

template <class Call, class Owner, class Method>
std::unique_ptr<MethodHandler> make_sync_handler_of(MethodHandler::Requests requests, Owner& owner, Method method) {
  return std::make_unique<SyncHandlerOf<Call, Owner, Method>>(requests, owner, method);
}

/// The handler for a method, by the method's own type.
template <class Owner, class Request, class Response>
std::unique_ptr<MethodHandler> make_sync_handler(Owner& owner,
                                                 Response (Owner::*method)(ServerContext&, const Request&)) {
  return make_sync_handler_of<SyncUnaryCall<Owner, Request, Response>>(MethodHandler::Requests::kOne, owner, method);
}
template <class Owner, class Request, class Response>
std::unique_ptr<MethodHandler> make_sync_handler(Owner& owner, void (Owner::*method)(ServerContext&, const Request&,
                                                                                     BlockingWriter<Response>&)) {
  using Call = SyncServerStreamCall<Owner, Request, Response>;
  return make_sync_handler_of<Call>(MethodHandler::Requests::kOne, owner, method);
}
template <class Owner, class Request, class Response>
std::unique_ptr<MethodHandler> make_sync_handler(Owner& owner,
                                                 Response (Owner::*method)(ServerContext&, BlockingReader<Request>&)) {
  using Call = SyncClientStreamCall<Owner, Request, Response>;
  return make_sync_handler_of<Call>(MethodHandler::Requests::kStream, owner, method);
}
template <class Owner, class Request, class Response>
std::unique_ptr<MethodHandler> make_sync_handler(Owner& owner,
                                                 void (Owner::*method)(ServerContext&, BlockingReader<Request>&,
                                                                       BlockingWriter<Response>&)) {
  using Call = SyncBidiStreamCall<Owner, Request, Response>;
  return make_sync_handler_of<Call>(MethodHandler::Requests::kStream, owner, method);
}

}  // namespace tern::detail

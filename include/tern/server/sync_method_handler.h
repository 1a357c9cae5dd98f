// Typed handlers of synchronous services: plain functions that may block, run on the server's workers. Used by
// generated code.
#pragma once

#include <memory>
#include <optional>

#include "tern/async/executor.h"
#include "tern/async/task.h"
#include "tern/server/blocking_bridge.h"
#include "tern/server/reader.h"
#include "tern/server/server_call.h"
#include "tern/server/service.h"

namespace tern {

/// The messages that a client streams, read by a synchronous handler.
template <class Message>
class BlockingReader {
 public:
  explicit BlockingReader(ServerCall& call) : call_(call), bridge_(call.bridge()) {}

  /// Blocks for the next message; nothing when the client has sent its last. Throws Cancelled when the call is
  /// cancelled: let it pass.
  std::optional<Message> next() {
    std::optional<Message> message = bridge_->run(read(call_));
    if (!message && call_.context().cancelled()) throw Cancelled{};
    return message;
  }

 private:
  static Task<std::optional<Message>> read(ServerCall& call) {
    Reader<Message> reader{call};
    co_return co_await reader.next();
  }
  ServerCall& call_;
  std::shared_ptr<BlockingBridge> bridge_;
};

/// Sends messages from a synchronous handler.
template <class Message>
class BlockingWriter {
 public:
  explicit BlockingWriter(ServerCall& call) : call_(call), bridge_(call.bridge()) {}

  /// Blocks while the client is behind. Throws Cancelled when the call is cancelled: let it pass.
  void write(const Message& message) {
    if (!bridge_->run(send(call_, message))) throw Cancelled{};
  }

 private:
  static Task<bool> send(ServerCall& call, const Message& message) { co_return co_await call.write(message); }
  ServerCall& call_;
  std::shared_ptr<BlockingBridge> bridge_;
};

/// Response method(ServerContext&, const Request&)
template <class ServiceType, class Request, class Response>
class SyncUnaryHandler final : public MethodHandler {
 public:
  using Method = Response (ServiceType::*)(ServerContext&, const Request&);
  SyncUnaryHandler(ServiceType& service, Method method)
      : MethodHandler(Requests::kOne), service_(service), method_(method) {}

  Task<void> handle(ServerCall& call) override {
    Request request;
    call.take_request(request);
    const Response response = co_await call.run_on_worker([&] { return (service_.*method_)(call.context(), request); });
    call.send_message(response);
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
    call.take_request(request);
    BlockingWriter<Response> responses{call};
    co_await call.run_on_worker([&] { (service_.*method_)(call.context(), request, responses); });
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
        co_await call.run_on_worker([&] { return (service_.*method_)(call.context(), requests); });
    call.send_message(response);
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
    co_await call.run_on_worker([&] { (service_.*method_)(call.context(), requests, responses); });
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

}  // namespace tern

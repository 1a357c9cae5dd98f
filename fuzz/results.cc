// The results of the program's own code: handlers, interceptors, routes and observers end in every way there is, with
// any status code, text, details and metadata, or throw anything. Each call must end, whatever is observed of it, and
// the next one must be served.
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <string>
#include <string_view>

#include "fuzz/input.h"
#include "tern/async/blocking.h"
#include "tern/client/generic_stub.h"
#include "tern/client/interceptor.h"
#include "tern/client/observer.h"
#include "tern/rest/client.h"
#include "tern/rest/site.h"
#include "tern/server/generic_service.h"
#include "tern/server/interceptor.h"
#include "tern/telemetry/access_log.h"
#include "tern/telemetry/metrics.h"
#include "tern/telemetry/tracer.h"
#include "tern/tern.h"

namespace {

using namespace std::chrono_literals;
using tern::fuzz::Input;

/// The steps of one run, taken from the input by whoever comes next. A used-up input says "do nothing unusual".
class Script {
 public:
  void begin(const std::uint8_t* data, std::size_t size) { input_ = Input{data, size}; }

  std::uint8_t byte() { return input_.byte(); }
  int number() {
    std::uint32_t value = 0;
    const auto bytes = input_.take(sizeof value);
    if (!bytes.empty()) std::memcpy(&value, bytes.data(), bytes.size());
    return static_cast<int>(value);
  }
  std::string text() {
    const auto bytes = input_.take(input_.byte());
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
  }
  /// Codes that gRPC knows, and any other.
  tern::StatusCode code() {
    const std::uint8_t small = byte();
    return static_cast<tern::StatusCode>(small < 0x80 ? small % 20 : number());
  }
  tern::Status status() {
    const tern::StatusCode its_code = code();
    std::string details = text();
    return tern::Status{its_code, std::move(details), text()};
  }
  /// Throws, mostly not.
  void throw_something() {
    switch (byte()) {
      case 1:
        throw std::runtime_error(text());
      case 2:
        throw 42;
      case 3:
        throw tern::Cancelled{};
      case 4:
        throw tern::AbortError{status()};
      case 5:
        throw tern::RpcError{status()};
      case 6:
        throw tern::rest::HttpError{static_cast<unsigned>(number()), text()};
      case 7:
        throw std::bad_alloc{};
      default:
        return;
    }
  }
  void add_to(tern::Metadata& metadata) {
    if (byte() != 1) return;
    const std::string key = text();
    metadata.add(key, text());
  }

 private:
  Input input_{nullptr, 0};
};

Script script;

/// Ends a call, or goes on.
void step() {
  script.throw_something();
  const std::uint8_t kind = script.byte();
  if (kind == 1) tern::ServerContext::abort(script.status());
  if (kind == 2) tern::ServerContext::abort(script.code(), script.text());
}

class Handler final : public tern::GenericService {
 public:
  tern::AsyncGenerator<tern::RawMessage> Call(tern::ServerContext& context,
                                              tern::Reader<tern::RawMessage>& requests) override {
    script.add_to(context.initial_metadata());
    script.add_to(context.trailing_metadata());
    step();
    const std::optional<tern::RawMessage> request = co_await requests.next();
    for (int messages = script.byte() % 3; messages > 0; --messages) {
      tern::RawMessage message{script.text()};
      co_yield std::move(message);
      step();
    }
  }
};

class ServerSteps final : public tern::ServerInterceptor {
 public:
  tern::Task<tern::Status> intercept(tern::ServerContext& /*context*/, Next next) override {
    step();
    tern::Status status = co_await next();
    if (script.byte() == 1) status = co_await next();
    step();
    if (script.byte() == 1) co_return script.status();
    co_return status;
  }
  void on_request(tern::ServerContext& /*context*/, tern::MessageRef /*message*/) override { step(); }
  void on_response(tern::ServerContext& /*context*/, tern::MessageRef /*message*/) override { step(); }
};

class ClientSteps final : public tern::ClientInterceptor {
 public:
  tern::Task<tern::Status> intercept(tern::ClientContext& context, Next next) override {
    script.add_to(context.metadata());
    script.throw_something();
    tern::Status status = co_await next();
    if (script.byte() == 1) status = co_await next();
    if (script.byte() == 1) co_return script.status();
    co_return status;
  }
};

class Observers final : public tern::ServerObserver, public tern::ClientObserver, public tern::rest::RequestObserver {
 public:
  void on_call_begun(tern::ServerContext& context) override {
    script.add_to(context.trailing_metadata());
    script.throw_something();
  }
  void on_call_ended(const tern::EndedCall& /*call*/) override { script.throw_something(); }
  void on_call_begun(tern::ClientContext& context) override {
    script.add_to(context.metadata());
    script.throw_something();
  }
  void on_call_ended(const tern::EndedClientCall& /*call*/) override { script.throw_something(); }
  void on_request_begun(tern::rest::Request& /*request*/) override { script.throw_something(); }
  void on_request_ended(const tern::rest::EndedRequest& /*request*/) override { script.throw_something(); }
  void on_refused(const tern::Refused& /*refused*/) override { script.throw_something(); }
};

tern::AsyncGenerator<std::string> pieces() {
  for (int left = script.byte() % 3; left > 0; --left) {
    std::string piece = script.text();
    co_yield std::move(piece);
    script.throw_something();
  }
}

tern::Task<tern::rest::Response> answer() {
  script.throw_something();
  tern::rest::Response response{static_cast<unsigned>(script.number()), "text/plain", script.text()};
  if (script.byte() == 1) response.pieces = pieces();
  co_return response;
}

/// Made once: a server, a site and a channel, with every observer.
class World {
 public:
  World() : site_(), server_(), channel_("fuzz", {.in_process = &in_process_}) {
    server_.set_generic_service(handler_);
    server_.add_interceptor(server_steps_);
    channel_.add_interceptor(client_steps_);
    server_.add_observer(observers_);
    channel_.add_observer(observers_);
    site_.add_observer(observers_);
    observe(metrics_);
    observe(tracer_);
    server_.add_observer(log_);
    site_.add_observer(log_);
    site_.route("GET", "/", [](tern::rest::Request& /*request*/) { return answer(); });
    url_ = "http://127.0.0.1:" + std::to_string(server_.listen("127.0.0.1:0", {.http = &site_})) + "/";
    server_.listen(in_process_);
  }

  tern::Task<void> run() {
    co_await call();
    co_await request();
    script.begin(nullptr, 0);  // nothing unusual any more
    tern::GenericStub stub{channel_};
    auto stream = stub.stream("/fuzz.v1.Fuzz/Good", {.timeout = 10s});
    co_await stream.done_writing();
    const tern::Status good = co_await stream.status();
    tern::fuzz::require(good.ok(), "the next call is served");
    const std::string figures = co_await metrics_.text();
    tern::fuzz::require(!figures.empty(), "metrics can be read");
  }

 private:
  template <class Observer>
  void observe(Observer& observer) {
    server_.add_observer(observer);
    channel_.add_observer(observer);
    site_.add_observer(observer);
  }

  tern::Task<void> call() {
    tern::GenericStub stub{channel_};
    auto stream = stub.stream("/fuzz.v1.Fuzz/Call", {.timeout = 10s});
    const tern::RawMessage message{"a request"};
    co_await stream.write(message);
    co_await stream.done_writing();
    while (const std::optional<tern::RawMessage> response = co_await stream.read()) continue;
    const tern::Status status = co_await stream.status();
    tern::fuzz::require(is_known(status.code()), "a call ends with a code that gRPC knows");
    tern::fuzz::require(status.code() != tern::StatusCode::kDeadlineExceeded || status.details() != "Deadline Exceeded",
                        "a call ends by itself");
  }

  tern::Task<void> request() {
    try {
      const tern::rest::ClientResponse response = co_await http_.get(url_);
      tern::fuzz::require(response.status >= 200 && response.status <= 599, "a response has a final status");
    } catch (const tern::rest::ClientError&) {  // NOLINT(bugprone-empty-catch): the response was broken off
    }
  }

  Handler handler_;
  ServerSteps server_steps_;
  ClientSteps client_steps_;
  Observers observers_;
  tern::telemetry::Metrics metrics_;
  tern::telemetry::Tracer tracer_{{.collector = "127.0.0.1:1", .most_waiting = 100}};
  tern::telemetry::AccessLog log_{"/dev/null"};
  tern::InProcess in_process_;
  tern::rest::Site site_;
  tern::Server server_;
  tern::Channel channel_;
  tern::rest::Client http_{{.timeout = 5s}};
  std::string url_;
};

tern::Task<World*> make_world() { co_return std::make_unique<World>().release(); }

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  // They live as long as the process.
  static tern::LoopThread& loop = *std::make_unique<tern::LoopThread>().release();
  static World& world = *tern::block_on_loop(loop.loop(), make_world());
  script.begin(data, size);
  tern::block_on_loop(loop.loop(), world.run());
  return 0;
}

#include <string>

#include "example/v1/greeter.tern.h"
#include "tern/tern.h"

using namespace std::chrono_literals;
using example::v1::Greeting;
using example::v1::Name;
using example::v1::Number;

class Greeter final : public example::v1::Greeter::AsyncService {
  tern::Task<Greeting> Greet(tern::ServerContext& context, const Name& request) override {
    if (request.name().empty()) context.abort(tern::StatusCode::kInvalidArgument, "a name is required");
    co_await tern::sleep(10ms);  // waiting costs no thread
    Greeting greeting;
    greeting.set_text("Hello, " + request.name());
    co_return greeting;
  }
  tern::AsyncGenerator<Number> CountDown(tern::ServerContext& /*context*/, const Number& from) override {
    for (Number number = from; number.value() > 0; number.set_value(number.value() - 1)) co_yield number;
  }
};

tern::Task<void> serve(std::string address) {
  Greeter greeter;
  tern::Server server{{.max_receive_message_length = 50 << 20}};
  server.add_service(greeter);
  server.listen(address);
  co_await server.serve_until(tern::signals(SIGINT, SIGTERM), {.grace = 5s});
}

int main(int argc, char** argv) { return tern::run(serve(argc > 1 ? argv[1] : "[::]:50051")); }

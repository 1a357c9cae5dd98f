#include <cstdio>
#include <optional>
#include <string>

#include "example/v1/greeter.tern.h"
#include "tern/tern.h"

using namespace std::chrono_literals;
using example::v1::Greeter;
using example::v1::Greeting;
using example::v1::Name;
using example::v1::Number;

tern::Task<void> ask(std::string target) {
  tern::Channel channel{target};
  Greeter::Stub stub{channel};
  Name name;
  name.set_name("Ada");
  const Greeting greeting = co_await stub.Greet(name, {.timeout = 5s});        // throws tern::RpcError
  const tern::Result<Greeting> failed = co_await stub.Greet(Name{}).result();  // the error as a value
  std::printf("%s; %s\n", greeting.text().c_str(), failed.status().details().c_str());

  Number three;
  three.set_value(3);
  auto numbers = stub.CountDown(three);
  while (const std::optional<Number> number = co_await numbers.next()) {
    std::printf("%d\n", static_cast<int>(number->value()));
  }

  const auto [one, other] = co_await tern::gather(stub.Greet(name), stub.Greet(name));  // both at once
  auto first = co_await tern::when_any(stub.Greet(name), tern::sleep(30s));             // first.index says which
  const std::size_t length = co_await tern::run_in_executor([&] { return greeting.text().size(); });  // off the loop
  std::printf("%s %s, answer %zu of %zu letters\n", one.text().c_str(), other.text().c_str(), first.index, length);
}

int main(int argc, char** argv) { return tern::run(ask(argc > 1 ? argv[1] : "localhost:50051")); }

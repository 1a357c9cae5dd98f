// A client under test, against a service that fails by a table and records what it was asked.
#include "tern/testing.h"

#include <fmt/core.h>

#include <stdexcept>

#include "example/v1/greeter.tern.h"
#include "tern/tern.h"

using namespace example::v1;
using namespace std::chrono_literals;

tern::Task<std::string> greet_patiently(const Greeter::Stub& stub, std::string name) {
  const auto request = tern::make<Name>([&](auto& message) { message.set_name(name); });
  for (int attempt = 0; attempt < 5; ++attempt) {
    const auto reply = co_await stub.Greet(request, {.timeout = 10s}).result();
    if (reply.ok()) co_return reply->text();
    co_await tern::sleep(10ms);
  }
  throw std::runtime_error("no greeting");
}

tern::Task<void> test_tries_again() {
  const auto restarting = tern::testing::fails(tern::StatusCode::kUnavailable, "restarting");
  const auto hello = tern::make<Greeting>([](auto& greeting) { greeting.set_text("Hello, Ada"); });
  tern::testing::FakeService fake{Greeter::kName};
  fake.on("Greet", {restarting, restarting, tern::testing::replies(hello)});
  tern::testing::InProcessServer server{fake};
  const Greeter::Stub stub{server.channel()};

  const std::string text = co_await greet_patiently(stub, "Ada");
  fmt::print("{}\n", text);
  const auto& calls = fake.calls();
  fmt::print("{} calls, the last for {}\n", calls.count("Greet"), calls.last("Greet").request<Name>().name());
  co_await server.stop();
}

tern::Task<void> test_gives_up() {
  tern::testing::FakeService fake{Greeter::kName};
  fake.on("Greet", tern::testing::fails(tern::StatusCode::kUnavailable, "restarting"));
  tern::testing::InProcessServer server{fake};
  const Greeter::Stub stub{server.channel()};

  try {
    co_await greet_patiently(stub, "Ada");
  } catch (const std::runtime_error& error) {
    fmt::print("{} after {} calls\n", error.what(), fake.calls().count("Greet"));
  }
  co_await server.stop();
}

tern::Task<void> run() {
  co_await test_tries_again();
  co_await test_gives_up();
}

int main() { return tern::run(run()); }

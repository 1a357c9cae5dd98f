// A client that tries again for a quarter of an hour, and its test: no server, no socket, and no quarter of an hour.
#include <cstdio>
#include <stdexcept>
#include <string>
#include <vector>

#include "example/v1/greeter.tern.h"
#include "tern/tern.h"
#include "tern/testing.h"

using example::v1::Greeter;
using example::v1::Greeting;
using example::v1::Name;
using namespace std::chrono_literals;

// The code under test: asks once a minute, and gives the server ten seconds each time.
tern::Task<std::string> greet_patiently(const Greeter::Stub& greeter, std::string name) {
  Name request;
  request.set_name(name);
  for (int attempt = 0; attempt < 15; ++attempt) {
    tern::Result<Greeting> greeting = co_await greeter.Greet(request, {.timeout = 10s}).result();
    if (greeting.ok()) co_return greeting->text();
    co_await tern::sleep(1min);
  }
  throw std::runtime_error("no greeting in a quarter of an hour");
}

void expect(bool holds, const char* what) {
  std::printf("%s %s\n", holds ? "ok:" : "FAILED:", what);
  if (!holds) throw std::runtime_error(what);
}

tern::Task<void> finds_the_greeter_when_it_is_back() {
  const tern::testing::Time time{{.automatic = true}};
  Greeting hello;
  hello.set_text("Hello, Ada");
  tern::testing::FakeService fake{Greeter::kName};
  std::vector<tern::testing::Answer> answers(10, tern::testing::fails(tern::StatusCode::kUnavailable, "restarting"));
  answers.push_back(tern::testing::after(20s).send(hello));  // too late for the client
  answers.push_back(tern::testing::replies(hello));
  fake.on("Greet", answers);
  tern::testing::InProcessServer server{fake};

  const Greeter::Stub stub{server.channel()};
  const std::string greeting = co_await greet_patiently(stub, "Ada");
  expect(greeting == "Hello, Ada", "it greets");
  expect(fake.calls().count("Greet") == 12, "it asked twelve times");
  expect(fake.calls().last("Greet").request<Name>().name() == "Ada", "for Ada");
  expect(time.elapsed() == 11min + 10s, "once a minute, and one call took its ten seconds");
  co_await server.stop();
}

tern::Task<void> gives_up_after_a_quarter_of_an_hour() {
  tern::testing::Time time;
  tern::testing::FakeService fake{Greeter::kName};
  fake.on("Greet", tern::testing::never());
  tern::testing::InProcessServer server{fake};
  const Greeter::Stub stub{server.channel()};
  bool gave_up = false;
  const auto client = [](const Greeter::Stub& greeter, bool& failed) -> tern::Task<void> {
    try {
      co_await greet_patiently(greeter, "Ada");
    } catch (const std::runtime_error&) {
      failed = true;
    }
  };
  tern::TaskGroup group;
  group.spawn(client(stub, gave_up));
  co_await time.advance(17min);
  expect(!gave_up, "it still tries after 17 minutes");
  co_await time.advance(30s);
  expect(gave_up, "it gives up half a minute later");
  co_await group.join();
  co_await server.stop();
}

tern::Task<void> run() {
  co_await finds_the_greeter_when_it_is_back();
  co_await gives_up_after_a_quarter_of_an_hour();
}

int main() { return tern::run(run()); }

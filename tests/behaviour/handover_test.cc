// A server's sockets are handed over to a new process, which is this test program again.
#include "tern/server/handover.h"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <stdexcept>
#include <string>
#include <vector>

#include "support/captured_log.h"
#include "support/serve.h"
#include "tern/server/inherited_sockets.h"

namespace tern::test {
namespace {

using namespace std::chrono_literals;

constexpr const char* kUnixName = "the unix socket";

std::string this_program() { return std::filesystem::read_symlink("/proc/self/exe").string(); }

/// This program's arguments with which it is the new process.
std::vector<std::string> successor(const std::string& test) {
  return {this_program(), "--gtest_also_run_disabled_tests", "--gtest_filter=HandoverSuccessor.DISABLED_" + test};
}

/// Says which process answers.
class ProcessService final : public v1::Probe::AsyncService {
 public:
  Task<Payload> Unary(ServerContext& /*context*/, const Order& /*order*/) override {
    Payload payload;
    payload.set_number(::getpid());
    co_return payload;
  }
};

Task<int> answering_process(std::string target) {
  Channel channel{target};
  ProbeStub stub{channel};
  const Payload payload = co_await stub.Unary(Order{}, {.timeout = 20s});
  const auto process = static_cast<int>(payload.number());
  co_await channel.close();
  co_return process;
}

// The new processes.

TEST(HandoverSuccessor, DISABLED_Serves) {
  auto inherited = InheritedSockets::from_environment({"tcp", kUnixName});
  const auto body = [](InheritedSockets& sockets) -> Task<void> {
    ProcessService service;
    Server server;
    server.add_service(service);
    CaughtSignals stop = signals(SIGTERM);
    server.listen("127.0.0.1:0", {.name = "tcp", .inherited = &sockets});
    server.listen("unix:/nowhere/not/used", {.name = kUnixName, .inherited = &sockets});
    co_await sockets.confirm();
    co_await server.serve_until(std::move(stop));
  };
  block_on(body(inherited));
}

TEST(HandoverSuccessor, DISABLED_ListensAndFails) {
  auto inherited = InheritedSockets::from_environment({"tcp", kUnixName});
  const auto body = [](InheritedSockets& sockets) -> Task<void> {
    Server server;
    server.listen("unix:/nowhere/not/used", {.name = kUnixName, .inherited = &sockets});
    co_return;
  };
  block_on(body(inherited));
}

struct Old {
  Old() {
    server.add_service(service);
    tcp = "127.0.0.1:" + std::to_string(server.listen("127.0.0.1:0", {.name = "tcp"}));
    server.listen("unix:" + path, {.name = kUnixName});
  }

  std::string path = ::testing::TempDir() + "tern_handover_" + std::to_string(::getpid()) + ".sock";
  std::string tcp;
  ProcessService service;
  Server server;
};

Task<std::string> failure_of(Server& server, HandoverOptions options) {
  std::string failure;
  try {
    std::vector<ListeningSocket> sockets = server.listening_sockets();
    const int pid = co_await hand_over(std::move(sockets), options);
    failure = "process " + std::to_string(pid) + " serves";
  } catch (const std::runtime_error& error) {
    failure = error.what();
  }
  co_return failure;
}

TEST(Handover, GivesTheNewProcessTheVerySameSockets) {
  const CapturedLog log;
  const auto body = []() -> Task<void> {
    Old old;
    const std::vector<std::string> arguments = successor("Serves");
    std::vector<ListeningSocket> sockets = old.server.listening_sockets();
    EXPECT_EQ(sockets.size(), 2U);
    EXPECT_EQ(sockets[0].name(), "tcp");
    EXPECT_EQ(sockets[1].address(), "unix:" + old.path);
    HandoverOptions options;
    options.program = arguments.front();
    options.arguments = arguments;
    const int next = co_await hand_over(std::move(sockets), options);
    co_await old.server.stop();
    EXPECT_TRUE(old.server.listening_sockets().empty());
    for (const std::string& target : {old.tcp, "unix:" + old.path}) {
      const int answered = co_await answering_process(target);
      EXPECT_EQ(answered, next) << target;
    }
    EXPECT_EQ(::access(old.path.c_str(), F_OK), 0);
    ::kill(next, SIGTERM);
    co_await run_in_executor([next] { ::waitpid(next, nullptr, 0); });
    EXPECT_NE(::access(old.path.c_str(), F_OK), 0);  // the last process removes it
  };
  block_on(body());
}

TEST(Handover, KeepsTheFileOfAUnixSocketWhenTheNewProcessFailsAfterItHasListened) {
  const CapturedLog log;
  const auto body = []() -> Task<void> {
    Old old;
    const std::vector<std::string> arguments = successor("ListensAndFails");
    HandoverOptions options;
    options.program = arguments.front();
    options.arguments = arguments;
    const std::string failure = co_await failure_of(old.server, options);
    EXPECT_NE(failure.find("ended with status 0 before it served"), std::string::npos) << failure;
    const int answered = co_await answering_process("unix:" + old.path);
    EXPECT_EQ(answered, ::getpid());
    co_await old.server.stop();
    EXPECT_NE(::access(old.path.c_str(), F_OK), 0);
  };
  block_on(body());
}

struct FailingProgram {
  std::vector<std::string> command;
  std::string message;
};

TEST(Handover, SaysWhyTheNewProcessDoesNotServe) {
  const CapturedLog log;
  const std::vector<FailingProgram> table = {
      {{"/nowhere/program"}, "cannot start /nowhere/program: No such file or directory"},
      {{"/"}, "cannot start /: Permission denied"},
      {{"/bin/sh", "-c", "exit 7"}, "ended with status 7 before it served"},
      {{"/bin/sh", "-c", "kill -ABRT $$"}, "was killed by signal 6 before it served"},
      {{"/bin/sleep", "1000"}, "did not serve within 0.1 s, and was killed by signal 9"},
  };
  const auto body = [](const std::vector<FailingProgram>& rows) -> Task<void> {
    Old old;
    for (const FailingProgram& row : rows) {
      HandoverOptions options;
      options.program = row.command.front();
      options.arguments = row.command;
      options.timeout = row.command.front() == "/bin/sleep" ? 100ms : 20'000ms;
      const std::string failure = co_await failure_of(old.server, options);
      EXPECT_NE(failure.find(row.message), std::string::npos) << failure;
      const int answered = co_await answering_process(old.tcp);
      EXPECT_EQ(answered, ::getpid()) << failure;
    }
    co_await old.server.stop();
  };
  block_on(body(table));
}

TEST(Handover, KillsTheNewProcessWhenItIsCancelled) {
  const CapturedLog log;
  const auto body = [](const CapturedLog& its_log) -> Task<void> {
    Old old;
    const std::vector<std::string> arguments{"/bin/sleep", "1000"};
    HandoverOptions options;
    options.program = arguments.front();
    options.arguments = arguments;
    bool timed_out = false;
    try {
      std::string failure = co_await with_timeout(50ms, failure_of(old.server, options));
    } catch (const TimedOut&) {
      timed_out = true;
    }
    EXPECT_TRUE(timed_out);
    const std::string text = its_log.text();
    const std::string begin = "restart: process ";
    const int pid = std::stoi(text.substr(text.find(begin) + begin.size()));
    EXPECT_NE(::kill(pid, 0), 0);
    co_await old.server.stop();
  };
  block_on(body(log));
}

/// Variables that no service manager sets like this.
TEST(InheritedSockets, NameTheVariableThatIsWrong) {
  struct Row {
    const char* name;
    const char* value;
    const char* message;
  };
  constexpr Row kTable[] = {
      {"LISTEN_PID", "me", "LISTEN_PID=\"me\" is not a number"},
      {"LISTEN_FDS", "two", "LISTEN_FDS=\"two\" is not a number from 0 to 4096"},
      {"LISTEN_FDS", "-1", "LISTEN_FDS=\"-1\" is not a number"},
      {"LISTEN_FDS", "3", "LISTEN_FDS=3: the program listens on 2 sockets"},
      {"TERN_HANDOVER_FD", "x", "TERN_HANDOVER_FD=\"x\" is not a number"},
      {"TERN_HANDOVER_FD", "1000000", "cannot receive from the other process: Bad file descriptor"},
  };
  for (const Row& row : kTable) {
    ::setenv("LISTEN_PID", std::to_string(::getpid()).c_str(), 1);
    ::setenv("LISTEN_FDS", "0", 1);
    ::setenv(row.name, row.value, 1);
    std::string message;
    try {
      static_cast<void>(InheritedSockets::from_environment({"one", "two"}));
    } catch (const std::runtime_error& error) {
      message = error.what();
    }
    EXPECT_NE(message.find(row.message), std::string::npos) << row.name << "=" << row.value << ": " << message;
    for (const char* name : {"LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES", "TERN_HANDOVER_FD"}) {
      EXPECT_EQ(std::getenv(name), nullptr) << name;
      ::unsetenv(name);
    }
  }
}

}  // namespace
}  // namespace tern::test

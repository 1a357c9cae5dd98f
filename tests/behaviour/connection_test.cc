// Connections that cannot be had, that are lost, and peers that are not what they should be: a clear error, never a
// hang.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/write.hpp>
#include <csignal>
#include <filesystem>
#include <set>
#include <string>
#include <vector>

#include "support/port_of.h"
#include "support/serve.h"
#include "tern/async/asio.h"

namespace tern::test {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using namespace std::chrono_literals;

asio::io_context& context() { return Loop::require_current("a test").context(); }

Task<Status> status_of_call(const std::string& target, ChannelOptions options = {}) {
  Channel channel{target, options};
  ProbeStub stub{channel};
  const Result<Payload> result = co_await stub.Unary(Order{}).result();
  co_return result.status();
}

TEST(Connecting, Refused) {
  const Status status = block_on(status_of_call("127.0.0.1:1"));
  EXPECT_EQ(status.code(), StatusCode::kUnavailable);
  EXPECT_EQ(status.details(), "failed to connect: 127.0.0.1:1: Connection refused");
}

TEST(Connecting, ToAHostThatDoesNotExist) {
  const Status status = block_on(status_of_call("no-such-host.invalid:1"));
  EXPECT_EQ(status.code(), StatusCode::kUnavailable);
  EXPECT_NE(status.details().find("cannot resolve \"no-such-host.invalid\""), std::string::npos);
}

TEST(Connecting, ToAUnixSocketThatDoesNotExist) {
  EXPECT_EQ(block_on(status_of_call("unix:/no/such/socket")).code(), StatusCode::kUnavailable);
}

TEST(Connecting, ToWhatIsNoAddress) {
  EXPECT_THROW(static_cast<void>(block_on(status_of_call("localhost:nonsense"))), std::invalid_argument);
}

/// Accepts one connection, says `words`, and closes it or waits until it is closed.
Task<void> scripted_server(tcp::acceptor& acceptor, std::string words, bool then_close) {
  tcp::socket socket = co_await acceptor.async_accept(use_task);
  const auto [write_error, written] = co_await asio::async_write(socket, asio::buffer(words), asio::as_tuple(use_task));
  if (write_error || then_close) co_return;
  std::array<char, 4096> bytes{};
  for (;;) {
    const auto [error, size] = co_await socket.async_read_some(asio::buffer(bytes), asio::as_tuple(use_task));
    if (error) co_return;
  }
}

Task<Status> call_scripted(std::string words, bool then_close, ChannelOptions options = {}) {
  tcp::acceptor acceptor{context(), {asio::ip::address_v4::loopback(), 0}};
  TaskGroup group;
  group.spawn(scripted_server(acceptor, std::move(words), then_close));
  const Status status =
      co_await status_of_call("127.0.0.1:" + std::to_string(acceptor.local_endpoint().port()), options);
  co_await group.join();
  co_return status;
}

TEST(Connecting, ToAnHttp1Server) {
  const Status status = block_on(call_scripted("HTTP/1.1 400 Bad Request\r\n\r\n", false));
  EXPECT_EQ(status.code(), StatusCode::kUnavailable);
  EXPECT_NE(status.details().find("the peer speaks HTTP/1.1, not HTTP/2"), std::string::npos) << status.details();
}

TEST(Connecting, ToSomethingElse) {
  const Status status = block_on(call_scripted("SSH-2.0-OpenSSH_9.2 and some more words to fill a frame\r\n", false));
  EXPECT_EQ(status.code(), StatusCode::kUnavailable);
}

TEST(Connecting, ToAServerThatHangsUp) {
  const Status status = block_on(call_scripted("", true));
  EXPECT_EQ(status.code(), StatusCode::kUnavailable);
}

TEST(Connecting, ToAServerThatSaysNothing) {
  const Status status = block_on(call_scripted("", false, {.connect_timeout = 20ms}));
  EXPECT_EQ(status.code(), StatusCode::kUnavailable);
  EXPECT_NE(status.details().find("no answer within 20ms"), std::string::npos) << status.details();
}

TEST(Listening, OnAPortInUseSaysSo) {
  ProbeService service;
  with_server(service, [&](Channel& channel, Server&) -> Task<void> {
    Server second;
    try {
      second.listen(channel.target());
      ADD_FAILURE() << "two servers on one port";
    } catch (const std::runtime_error& error) {
      EXPECT_EQ(std::string{error.what()},
                "cannot listen on " + channel.target() +
                    ": the port is in use by another process, or by another listen() of this one");
    }
    co_return;
  });
}

TEST(Listening, OnWhatIsNoAddressSaysSo) {
  const auto body = []() -> Task<void> {
    Server server;
    EXPECT_THROW(server.listen("nonsense"), std::invalid_argument);
    EXPECT_THROW(server.listen("no-such-host.invalid:1"), std::runtime_error);
    EXPECT_THROW(server.listen("unix:/no/such/folder/socket"), std::runtime_error);
    co_return;
  };
  block_on(body());
}

TEST(Listening, OnEveryInterfaceIsReachedByBothProtocols) {
  ProbeService service;
  with_server(service,
              [](Channel& channel, Server&) -> Task<void> {
                const Result<Payload> result = co_await ProbeStub{channel}.Unary(Order{}).result();
                EXPECT_TRUE(result.ok()) << result.status().to_string();
                const std::string port = channel.target().substr(channel.target().rfind(':'));
                const Status by_name = co_await status_of_call("localhost" + port);
                EXPECT_TRUE(by_name.ok()) << by_name.to_string();
              },
              {.listen = "[::]:0"});
}

/// Whether this machine has the address.
bool can_bind(const tcp::endpoint& endpoint) {
  boost::system::error_code error;
  tcp::acceptor probe{context()};
  probe.open(endpoint.protocol(), error);
  if (!error) probe.bind({endpoint.address(), 0}, error);
  return !error;
}

TEST(Listening, BindsEveryAddressOfAName) {
  const auto body = []() -> Task<void> {
    ProbeService service;
    Server server;
    server.add_service(service);
    const std::string port = std::to_string(server.listen("localhost:0"));
    tcp::resolver resolver{context()};
    int reached = 0;
    for (const auto& entry : resolver.resolve("localhost", port)) {
      if (!can_bind(entry.endpoint())) continue;
      const std::string host = entry.endpoint().address().to_string();
      const std::string target = (entry.endpoint().address().is_v6() ? "[" + host + "]:" : host + ":") + port;
      const Status status = co_await status_of_call(target);
      EXPECT_TRUE(status.ok()) << target << ": " << status.to_string();
      ++reached;
    }
    EXPECT_GT(reached, 0);
    co_await server.stop();
  };
  block_on(body());
}

TEST(Listening, AStaleUnixSocketIsReplaced) {
  const std::string path = ::testing::TempDir() + "tern_stale_" + std::to_string(getpid()) + ".sock";
  {
    asio::io_context its_context;
    asio::local::stream_protocol::acceptor left_over{its_context, asio::local::stream_protocol::endpoint{path}};
  }
  ASSERT_EQ(access(path.c_str(), F_OK), 0);
  ProbeService service;
  with_server(service,
              [](Channel& channel, Server&) -> Task<void> {
                const Result<Payload> result = co_await ProbeStub{channel}.Unary(Order{}).result();
                EXPECT_TRUE(result.ok());
              },
              {.listen = "unix:" + path});
}

TEST(Listening, OnOnePortTogetherNeedsReusePort) {
  ProbeService service;
  const auto body = [](ProbeService& its_service) -> Task<void> {
    Server first;
    first.add_service(its_service);
    const std::uint16_t port = first.listen("127.0.0.1:0", {.reuse_port = true});
    const std::string address = "127.0.0.1:" + std::to_string(port);
    Server second;
    second.add_service(its_service);
    EXPECT_THROW(second.listen(address), std::runtime_error);
    EXPECT_EQ(second.listen(address, {.reuse_port = true}), port);
    co_await first.stop();
    const Status status = co_await status_of_call(address);
    EXPECT_TRUE(status.ok()) << status.to_string();
    co_await second.stop();
  };
  block_on(body(service));
}

/// A socket that listens on a port of 127.0.0.1 that is free, as systemd or a parent process would open it.
int open_listening_socket() {
  const int descriptor = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  EXPECT_EQ(::bind(descriptor, reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
  EXPECT_EQ(::listen(descriptor, 128), 0);
  return descriptor;
}

/// Sockets of this process that a program that it starts would inherit.
std::set<int> inherited_sockets() {
  std::set<int> found;
  for (const auto& entry : std::filesystem::directory_iterator{"/proc/self/fd"}) {
    const int descriptor = std::stoi(entry.path().filename().string());
    struct stat status{};
    if (::fstat(descriptor, &status) != 0 || !S_ISSOCK(status.st_mode)) continue;
    if ((::fcntl(descriptor, F_GETFD) & FD_CLOEXEC) == 0) found.insert(descriptor);
  }
  return found;
}

TEST(Listening, LeavesNoSocketToProgramsThatAreStarted) {
  const std::string path = ::testing::TempDir() + "tern_inherited_" + std::to_string(getpid()) + ".sock";
  const std::set<int> before = inherited_sockets();
  ProbeService service;
  for (const std::string& address : {std::string{"127.0.0.1:0"}, "unix:" + path}) {
    with_server(service,
                [&before](Channel& channel, Server& /*server*/) -> Task<void> {
                  const Status status = co_await call(channel);
                  EXPECT_TRUE(status.ok()) << status.to_string();
                  EXPECT_EQ(inherited_sockets(), before);
                },
                {.threads = 2, .listen = address});
  }
}

TEST(Listening, OnASocketThatIsHandedIn) {
  ProbeService service;
  const std::string address = "fd:" + std::to_string(open_listening_socket());
  with_server(service,
              [&](Channel& channel, Server& server) -> Task<void> {
                const Result<Payload> result = co_await ProbeStub{channel}.Unary(Order{}).result();
                EXPECT_TRUE(result.ok()) << result.status().to_string();
                EXPECT_THROW(server.listen("fd:"), std::invalid_argument);
                EXPECT_THROW(server.listen("fd:99999"), std::runtime_error);
                int pair[2];
                EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
                EXPECT_THROW(server.listen("fd:" + std::to_string(pair[0])), std::runtime_error) << "it is connected";
                ::close(pair[0]);
                ::close(pair[1]);
              },
              {.listen = address});
}

TEST(ConnectedSockets, AreServedAndUsedOnce) {
  ProbeService service;
  const auto body = [](ProbeService& its_service) -> Task<void> {
    int pair[2];
    EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
    Server server;
    server.add_service(its_service);
    server.serve_socket(pair[0]);
    Channel channel{"fd:" + std::to_string(pair[1])};
    for (int i = 0; i < 3; ++i) {
      const Result<Payload> result = co_await ProbeStub{channel}.Unary(Order{}).result();
      EXPECT_TRUE(result.ok()) << result.status().to_string();
    }
    co_await server.stop();
    while (channel.state() == ConnectivityState::kReady) {
      co_await channel.wait_for_state_change(ConnectivityState::kReady);
    }
    const Result<Payload> after = co_await ProbeStub{channel}.Unary(Order{}).result();
    EXPECT_EQ(after.status().code(), StatusCode::kUnavailable);
    EXPECT_NE(after.status().details().find("was used before"), std::string::npos) << after.status().to_string();
    EXPECT_THROW(server.serve_socket(99999), std::logic_error) << "it was stopped";
    co_await channel.close();
  };
  block_on(body(service));
}

/// Processes that were forked before run(), each with a server on the parent's socket.
TEST(Listening, InProcessesForkedBeforeRun) {
  constexpr int kProcesses = 3;
  const int descriptor = open_listening_socket();
  sockaddr_in address{};
  socklen_t size = sizeof address;
  ASSERT_EQ(::getsockname(descriptor, reinterpret_cast<sockaddr*>(&address), &size), 0);
  std::vector<pid_t> children;
  for (int i = 0; i < kProcesses; ++i) {
    const pid_t child = ::fork();
    ASSERT_GE(child, 0);
    if (child == 0) {
      const auto serve = [](int its_descriptor) -> Task<void> {
        ProbeService service;
        Server server;
        server.add_service(service);
        server.listen("fd:" + std::to_string(its_descriptor));
        co_await server.serve_until(signals(SIGTERM));
      };
      ::_exit(run(serve(descriptor)));
    }
    children.push_back(child);
  }
  ::close(descriptor);
  const std::string target = "127.0.0.1:" + std::to_string(ntohs(address.sin_port));
  const auto call_all = [](const std::string& its_target) -> Task<void> {
    for (int i = 0; i < 20; ++i) {
      const Status status = co_await status_of_call(its_target);
      EXPECT_TRUE(status.ok()) << status.to_string();
    }
  };
  block_on(call_all(target));
  for (const pid_t child : children) {
    ::kill(child, SIGTERM);
    int status = 0;
    EXPECT_EQ(::waitpid(child, &status, 0), child);
    // One that was ended before it came to catch the signal is fine, too.
    EXPECT_TRUE((WIFEXITED(status) && WEXITSTATUS(status) == 0) || WIFSIGNALED(status)) << status;
  }
}

Task<std::string> say_to_server(const std::string& target, std::string words) {
  const std::uint16_t port = port_of(target);
  tcp::socket socket{context()};
  co_await socket.async_connect({asio::ip::address_v4::loopback(), port}, use_task);
  const auto [write_error, written] = co_await asio::async_write(socket, asio::buffer(words), asio::as_tuple(use_task));
  EXPECT_FALSE(write_error);
  std::string answer;
  std::array<char, 4096> bytes{};
  for (;;) {
    const auto [error, size] = co_await socket.async_read_some(asio::buffer(bytes), asio::as_tuple(use_task));
    if (error) break;
    answer.append(bytes.data(), size);
  }
  co_return answer;
}

TEST(Peers, ThatAreNoHttp2AreClosedAndTheOthersGoOn) {
  ProbeService service;
  with_server(service, [](Channel& channel, Server&) -> Task<void> {
    ProbeStub stub{channel};
    co_await stub.Unary(Order{});
    for (const char* words : {"GET / HTTP/1.1\r\nHost: a\r\n\r\n", "\x16\x03\x01\x02\x00\x01\x00 a TLS hello",
                              "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n and then garbage that is no frame at all"}) {
      co_await say_to_server(channel.target(), words);
      co_await stub.Unary(Order{});
    }
  });
}

TEST(Losing, TheServerEndsEveryCallAndTheChannelConnectsAgain) {
  ProbeService service;
  const auto body = [](ProbeService& its_service) -> Task<void> {
    std::optional<Server> server;
    server.emplace();
    server->add_service(its_service);
    const std::string target = "127.0.0.1:" + std::to_string(server->listen("127.0.0.1:0"));
    Channel channel{target};
    ProbeStub stub{channel};
    std::vector<Task<Result<Payload>>> calls;
    for (int i = 0; i < 100; ++i) calls.push_back(stub.Hang(Order{}).result());
    const auto lose = [](ProbeService& a_service, std::optional<Server>& a_server) -> Task<void> {
      co_await until(a_service.running, 100);
      a_server.reset();
    };
    auto [results, lost] = co_await gather(gather(std::move(calls)), lose(its_service, server));
    for (Result<Payload>& result : results) EXPECT_EQ(result.status().code(), StatusCode::kUnavailable);

    server.emplace();
    server->add_service(its_service);
    server->listen(target);
    const Result<Payload> again = co_await stub.Unary(Order{}).result();
    EXPECT_TRUE(again.ok()) << again.status().to_string();
    co_await channel.close();
    co_await server->stop();
  };
  block_on(body(service));
}

TEST(Connecting, CallsThatComeMeanwhileWaitForTheSameConnection) {
  ProbeService service;
  with_server(service, [](Channel& channel, Server&) -> Task<void> {
    const auto some_calls = [](ProbeStub stub) -> Task<void> {
      for (int i = 0; i < 20; ++i) {
        co_await sleep(std::chrono::microseconds{10});
        co_await stub.Unary(Order{});
      }
    };
    for (int round = 0; round < 20; ++round) {
      Channel other{channel.target()};
      std::vector<Task<void>> tasks;
      for (int i = 0; i < 20; ++i) tasks.push_back(some_calls(ProbeStub{other}));
      co_await gather(std::move(tasks));
    }
  });
}

TEST(Closing, AChannelEndsItsCallsAndTakesNoMore) {
  ProbeService service;
  with_server(service, [&](Channel& channel, Server&) -> Task<void> {
    Channel other{channel.target()};
    ProbeStub stub{other};
    const auto close = [](ProbeService& its_service, Channel& its_channel) -> Task<void> {
      co_await until(its_service.running, 1);
      co_await its_channel.close();
    };
    auto [result, closed] = co_await gather(stub.Hang(Order{}).result(), close(service, other));
    EXPECT_EQ(result.status(), (Status{StatusCode::kCancelled, "the channel was closed"}));
    const Result<Payload> late = co_await stub.Unary(Order{}).result();
    EXPECT_EQ(late.status().code(), StatusCode::kCancelled);
  });
}

}  // namespace
}  // namespace tern::test

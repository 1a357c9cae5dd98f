// The standard services, as clients and tools ask them.
#include <google/protobuf/descriptor.h>
#include <google/protobuf/descriptor.pb.h>
#include <grpc/channelz/v1/channelz.tern.h>
#include <grpc/health/v1/health.tern.h>
#include <grpc/reflection/v1/reflection.tern.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <set>
#include <string>
#include <vector>

#include "support/certificates.h"
#include "support/fleet.h"
#include "tern/services/channelz.h"
#include "tern/services/health.h"
#include "tern/services/reflection.h"
#include "tern/services/status_details.h"

namespace tern::test {
namespace {

using grpc::health::v1::Health;
using grpc::health::v1::HealthCheckRequest;
using grpc::health::v1::HealthCheckResponse;
using State = HealthService::State;

HealthCheckRequest about(const std::string& service) {
  HealthCheckRequest request;
  request.set_service(service);
  return request;
}

TEST(Health, IsAskedAndWatched) {
  HealthService health;
  with_server(health,
              [&](Channel& channel, Server&) -> Task<void> {
                const Health::Stub stub{channel};
                const HealthCheckResponse whole = co_await stub.Check(about(""));
                EXPECT_EQ(whole.status(), HealthCheckResponse::SERVING);
                const Result<HealthCheckResponse> unknown = co_await stub.Check(about("a.B")).result();
                EXPECT_EQ(unknown.status().code(), StatusCode::kNotFound);
                auto watch = stub.Watch(about("a.B"));
                const auto next = [](decltype(watch)& its_watch) -> Task<int> {
                  const std::optional<HealthCheckResponse> response = co_await its_watch.next();
                  co_return response ? static_cast<int>(response->status()) : -1;
                };
                EXPECT_EQ(co_await next(watch), HealthCheckResponse::SERVICE_UNKNOWN);
                health.set("a.B", State::kServing);
                EXPECT_EQ(co_await next(watch), HealthCheckResponse::SERVING);
                health.set("a.B", State::kServing);
                health.set("other", State::kServing);
                health.set("a.B", State::kNotServing);
                EXPECT_EQ(co_await next(watch), HealthCheckResponse::NOT_SERVING);
                health.set("a.B", State::kServing);
                EXPECT_EQ(co_await next(watch), HealthCheckResponse::SERVING);
                health.shut_down();
                EXPECT_EQ(co_await next(watch), HealthCheckResponse::NOT_SERVING);
                health.set("a.B", State::kServing);
                const HealthCheckResponse after = co_await stub.Check(about("a.B"));
                EXPECT_EQ(after.status(), HealthCheckResponse::NOT_SERVING);
              },
              {.threads = 2});
}

constexpr std::string_view kWatching =
    R"({"loadBalancingConfig": [{"round_robin": {}}], "healthCheckConfig": {"serviceName": "tern.test.v1.Probe"}})";

TEST(HealthChecking, SendsCallsOnlyToServersThatServe) {
  run_test([]() -> Task<void> {
    Fleet fleet;
    HealthService first;
    HealthService second;
    fleet.add("127.0.0.1:0", &first);
    fleet.add("127.0.0.1:0", &second);
    first.set("tern.test.v1.Probe", State::kNotServing);
    second.set("tern.test.v1.Probe", State::kServing);
    const ChannelOptions options{.backoff = kQuick, .service_config = kWatching};
    Channel channel{fleet.list(), options};
    for (int i = 0; i < 20; ++i) {
      const Status status = co_await call(channel, {.wait_for_ready = true});
      EXPECT_TRUE(status.ok()) << status.to_string();
    }
    EXPECT_EQ(fleet.members[0]->service.begun, 0);
    EXPECT_EQ(fleet.members[1]->service.begun, 20);
    // The other way round.
    first.set("tern.test.v1.Probe", State::kServing);
    while (fleet.members[0]->service.begun == 0) co_await make_call(channel);
    second.set("tern.test.v1.Probe", State::kNotServing);
    for (int seen = -1; seen != fleet.members[1]->service.begun;) {
      seen = fleet.members[1]->service.begun;
      for (int i = 0; i < 10; ++i) co_await make_call(channel);
    }
    // None at all: calls fail with what the servers say, or wait.
    first.set("tern.test.v1.Probe", State::kNotServing);
    while (channel.state() != ConnectivityState::kTransientFailure) {
      co_await channel.wait_for_state_change(channel.state());
    }
    const Status none = co_await call(channel);
    EXPECT_EQ(none.code(), StatusCode::kUnavailable);
    EXPECT_NE(none.details().find("does not serve"), std::string::npos) << none.to_string();
    const auto serve_soon = [](HealthService& health) -> Task<void> {
      co_await sleep(std::chrono::milliseconds{5});
      health.set("tern.test.v1.Probe", State::kServing);
    };
    TaskGroup group;
    group.spawn(serve_soon(second));
    const Status waited = co_await call(channel, {.wait_for_ready = true});
    EXPECT_TRUE(waited.ok()) << waited.to_string();
    co_await group.join();
    // A server that is lost while it is watched comes back.
    const std::string address = fleet.members[1]->address;
    Fleet::crash(*fleet.members[1]);
    Fleet::start(*fleet.members[1], address);
    while (channel.state() == ConnectivityState::kReady) {
      co_await channel.wait_for_state_change(ConnectivityState::kReady);
    }
    const Status again = co_await call(channel, {.wait_for_ready = true});
    EXPECT_TRUE(again.ok()) << again.to_string();
    co_await channel.close();
  });
}

TEST(HealthChecking, TakesServersWithoutTheServiceToBeHealthy) {
  run_test([]() -> Task<void> {
    Fleet fleet;
    fleet.add();
    const ChannelOptions options{.idle_timeout = std::chrono::milliseconds{20}, .service_config = kWatching};
    Channel channel{fleet.list(), options};
    for (int i = 0; i < 3; ++i) {
      const Status status = co_await call(channel);
      EXPECT_TRUE(status.ok()) << status.to_string();
    }
    // The watch is no call that keeps a connection from being idle.
    while (channel.state() != ConnectivityState::kIdle) co_await channel.wait_for_state_change(channel.state());
    const Status status = co_await call(channel);
    EXPECT_TRUE(status.ok()) << status.to_string();
    co_await channel.close();
  });
}

TEST(HealthChecking, DoesNotKeepAConnectionFromBeingIdle) {
  run_test([]() -> Task<void> {
    Fleet fleet;
    HealthService health;
    health.set("tern.test.v1.Probe", State::kServing);
    fleet.add("127.0.0.1:0", &health);
    const ChannelOptions options{.idle_timeout = std::chrono::milliseconds{20}, .service_config = kWatching};
    Channel channel{fleet.list(), options};
    co_await make_call(channel);
    while (channel.state() != ConnectivityState::kIdle) co_await channel.wait_for_state_change(channel.state());
    const Status status = co_await call(channel);
    EXPECT_TRUE(status.ok()) << status.to_string();
    co_await channel.close();
  });
}

namespace z = grpc::channelz::v1;

template <class Request>
Request with_id(void (Request::*set)(std::int64_t), std::int64_t id) {
  Request request;
  (request.*set)(id);
  return request;
}

Task<void> look_at_everything(ProbeService& service, ServerTls* tls, ClientTls* client_tls) {
  Channelz channelz;
  Server server;
  server.add_service(service);
  server.add_service(channelz);
  const std::uint16_t port = server.listen("127.0.0.1:0", {.tls = tls});
  Channel channel{"localhost:" + std::to_string(port), {.tls = client_tls}};
  channelz.add(server);
  channelz.add(channel);
  const z::Channelz::Stub stub{channel};
  co_await make_call(channel);
  ProbeStub probe{channel};
  Order failing;
  failing.set_status(5);
  const Result<Payload> failed = co_await probe.Unary(failing).result();
  EXPECT_FALSE(failed.ok());

  const z::GetServersResponse servers = co_await stub.GetServers(z::GetServersRequest{});
  EXPECT_TRUE(servers.end());
  EXPECT_EQ(servers.server_size(), 1);
  const z::Server& shown = servers.server(0);
  EXPECT_EQ(shown.ref().server_id(), static_cast<std::int64_t>(server.id()));
  EXPECT_EQ(shown.data().calls_started(), 3) << "the one that asks, too";
  EXPECT_EQ(shown.data().calls_succeeded(), 1);
  EXPECT_EQ(shown.data().calls_failed(), 1);
  EXPECT_GT(shown.data().last_call_started_timestamp().seconds(), 1'700'000'000);
  EXPECT_EQ(shown.listen_socket_size(), 1);
  EXPECT_EQ(shown.listen_socket(0).name(), "127.0.0.1:" + std::to_string(port));

  const auto one = with_id(&z::GetServerRequest::set_server_id, shown.ref().server_id());
  const z::GetServerResponse again = co_await stub.GetServer(one);
  EXPECT_EQ(again.server().ref().server_id(), shown.ref().server_id());
  const auto of_it = with_id(&z::GetServerSocketsRequest::set_server_id, shown.ref().server_id());
  const z::GetServerSocketsResponse sockets = co_await stub.GetServerSockets(of_it);
  EXPECT_EQ(sockets.socket_ref_size(), 1);
  EXPECT_TRUE(sockets.end());
  const auto this_one = with_id(&z::GetSocketRequest::set_socket_id, sockets.socket_ref(0).socket_id());
  const z::GetSocketResponse answer = co_await stub.GetSocket(this_one);
  const z::Socket& socket = answer.socket();
  EXPECT_EQ(socket.data().streams_started(), 6);
  EXPECT_EQ(socket.data().streams_succeeded(), 5);
  EXPECT_EQ(socket.data().messages_received(), 6);
  EXPECT_EQ(socket.data().messages_sent(), 4) << "of those that ended well, one of which is under way";
  EXPECT_GT(socket.data().local_flow_control_window().value(), 65535);
  EXPECT_EQ(socket.local().tcpip_address().port(), port);
  EXPECT_EQ(socket.local().tcpip_address().ip_address(), std::string("\x7f\0\0\1", 4));
  EXPECT_NE(socket.remote().tcpip_address().port(), port);
  EXPECT_EQ(socket.has_security(), tls != nullptr);
  const std::string& cipher = socket.security().tls().standard_name();
  EXPECT_EQ(cipher.substr(0, 4), tls != nullptr ? "TLS_" : "");

  const z::GetTopChannelsResponse channels = co_await stub.GetTopChannels(z::GetTopChannelsRequest{});
  EXPECT_EQ(channels.channel_size(), 1);
  const z::Channel& top = channels.channel(0);
  EXPECT_EQ(top.data().target(), channel.target());
  EXPECT_EQ(top.data().state().state(), z::ChannelConnectivityState::READY);
  EXPECT_EQ(top.data().calls_started(), 7);
  EXPECT_EQ(top.data().calls_failed(), 1);
  EXPECT_EQ(top.subchannel_ref_size(), 1);
  const auto the_channel = with_id(&z::GetChannelRequest::set_channel_id, top.ref().channel_id());
  const z::GetChannelResponse channel_again = co_await stub.GetChannel(the_channel);
  EXPECT_EQ(channel_again.channel().ref().name(), channel.target());
  const auto part = with_id(&z::GetSubchannelRequest::set_subchannel_id, top.subchannel_ref(0).subchannel_id());
  const z::GetSubchannelResponse subchannel = co_await stub.GetSubchannel(part);
  EXPECT_EQ(subchannel.subchannel().data().state().state(), z::ChannelConnectivityState::READY);
  EXPECT_EQ(subchannel.subchannel().socket_ref_size(), 1);
  const auto its_socket =
      with_id(&z::GetSocketRequest::set_socket_id, subchannel.subchannel().socket_ref(0).socket_id());
  const z::GetSocketResponse other_end = co_await stub.GetSocket(its_socket);
  EXPECT_EQ(other_end.socket().remote().tcpip_address().port(), port);
  EXPECT_EQ(other_end.socket().local().tcpip_address().port(), socket.remote().tcpip_address().port());

  // What is not there.
  const Result<z::GetSocketResponse> unknown =
      co_await stub.GetSocket(with_id(&z::GetSocketRequest::set_socket_id, 1'000'000'000)).result();
  EXPECT_EQ(unknown.status(), (Status{StatusCode::kNotFound, "there is no socket 1000000000"}));
  auto later = with_id(&z::GetServersRequest::set_start_server_id, shown.ref().server_id() + 1);
  const z::GetServersResponse none = co_await stub.GetServers(later);
  EXPECT_EQ(none.server_size(), 0);
  EXPECT_TRUE(none.end());
  // One page after the other.
  Server second;
  channelz.add(second);
  z::GetServersRequest one_a_page;
  one_a_page.set_max_results(1);
  const z::GetServersResponse first_page = co_await stub.GetServers(one_a_page);
  EXPECT_EQ(first_page.server_size(), 1);
  EXPECT_FALSE(first_page.end());
  one_a_page.set_start_server_id(first_page.server(0).ref().server_id() + 1);
  const z::GetServersResponse second_page = co_await stub.GetServers(one_a_page);
  EXPECT_EQ(second_page.server_size(), 1);
  EXPECT_EQ(second_page.server(0).ref().server_id(), static_cast<std::int64_t>(second.id()));
  EXPECT_TRUE(second_page.end());
  channelz.remove(second);
  channelz.remove(channel);
  const z::GetTopChannelsResponse no_channels = co_await stub.GetTopChannels(z::GetTopChannelsRequest{});
  EXPECT_EQ(no_channels.channel_size(), 0);
  co_await channel.close();
  co_await server.stop();
}

TEST(Channelz, ShowsServersChannelsAndSockets) {
  ProbeService service;
  block_on(look_at_everything(service, nullptr, nullptr));
}

TEST(Channelz, ShowsHowConnectionsAreSecured) {
  ProbeService service;
  const Certificates certificates;
  certificates.make("server", "DNS:localhost,IP:127.0.0.1");
  ServerTls tls{{.certificate_file = certificates.file("server.pem"), .key_file = certificates.file("server.key")}};
  ClientTls client_tls{{.authority_file = certificates.file("ca.pem")}};
  block_on(look_at_everything(service, &tls, &client_tls));
}

/// Many calls on several loops, and somebody who looks at them all the time.
TEST(Channelz, MayBeAskedWhileLoopsAreBusy) {
  ProbeService service;
  with_server(service,
              [&](Channel& channel, Server& server) -> Task<void> {
                std::vector<std::unique_ptr<Channel>> channels;
                bool done = false;
                const auto look = [](Server& its_server, Channel& its_channel, bool& is_done) -> Task<void> {
                  while (!is_done) {
                    const ServerInfo info = co_await its_server.inspect();
                    EXPECT_LE(info.calls.succeeded + info.calls.failed, info.calls.started);
                    const ChannelInfo channel_info = co_await its_channel.inspect();
                    EXPECT_EQ(channel_info.target, its_channel.target());
                  }
                };
                TaskGroup group;
                group.spawn(look(server, channel, done));
                for (int i = 0; i < 4; ++i) channels.push_back(std::make_unique<Channel>(channel.target()));
                for (int round = 0; round < 50; ++round) {
                  for (const auto& other : channels) co_await make_call(*other);
                  co_await make_call(channel);
                }
                const ServerInfo info = co_await server.inspect();
                EXPECT_EQ(info.calls.started, 250U);
                EXPECT_EQ(info.connections.size(), 5U);
                done = true;
                co_await group.join();
              },
              {.threads = 3});
}

namespace v1 = grpc::reflection::v1;

TEST(Reflection, TellsServicesAndTheirFiles) {
  ProbeService service;
  const auto body = [](ProbeService& its_service) -> Task<void> {
    Server server;
    server.add_service(its_service);
    Reflection reflection{server};
    const std::uint16_t port = server.listen("127.0.0.1:0");
    Channel channel{"127.0.0.1:" + std::to_string(port)};
    const v1::ServerReflection::Stub stub{channel};
    auto info = stub.ServerReflectionInfo();
    const auto ask = [](decltype(info)& call,
                        v1::ServerReflectionRequest request) -> Task<v1::ServerReflectionResponse> {
      co_await call.write(request);
      std::optional<v1::ServerReflectionResponse> response = co_await call.next();
      co_return *std::move(response);
    };
    v1::ServerReflectionRequest list;
    list.set_list_services("");
    const v1::ServerReflectionResponse services = co_await ask(info, list);
    std::set<std::string> names;
    for (const auto& found : services.list_services_response().service()) names.insert(found.name());
    EXPECT_EQ(names, (std::set<std::string>{"grpc.reflection.v1.ServerReflection",
                                            "grpc.reflection.v1alpha.ServerReflection", "tern.test.v1.Probe"}));
    v1::ServerReflectionRequest symbol;
    symbol.set_file_containing_symbol("tern.test.v1.Probe");
    const v1::ServerReflectionResponse file = co_await ask(info, symbol);
    google::protobuf::FileDescriptorProto proto;
    EXPECT_TRUE(proto.ParseFromString(file.file_descriptor_response().file_descriptor_proto(0)));
    EXPECT_EQ(proto.name(), "probe.proto");
    v1::ServerReflectionRequest missing;
    missing.set_file_containing_symbol("no.Such");
    const v1::ServerReflectionResponse error = co_await ask(info, missing);
    EXPECT_EQ(error.error_response().error_code(), static_cast<int>(StatusCode::kNotFound));
    v1::ServerReflectionRequest by_name;
    by_name.set_file_by_filename("grpc/reflection/v1/reflection.proto");
    const v1::ServerReflectionResponse named = co_await ask(info, by_name);
    EXPECT_EQ(named.file_descriptor_response().file_descriptor_proto_size(), 1);
    co_await info.done_writing();
    co_await channel.close();
    co_await server.stop();
  };
  block_on(body(service));
}

/// A file that is not linked into the program, as a proxy reads it.
const google::protobuf::FileDescriptor* add_foreign_file(google::protobuf::DescriptorPool& pool) {
  google::protobuf::FileDescriptorProto file;
  file.set_name("foreign/v1/foreign.proto");
  file.set_package("foreign.v1");
  file.add_message_type()->set_name("Thing");
  file.add_service()->set_name("Things");
  return pool.BuildFile(file);
}

TEST(Reflection, ServesDescriptorsOfTheUsersOwnPool) {
  google::protobuf::DescriptorPool pool;
  ASSERT_NE(add_foreign_file(pool), nullptr);
  const auto body = [](const google::protobuf::DescriptorPool& its_pool) -> Task<void> {
    ProbeService service;
    Server server;
    server.add_service(service);
    const ReflectionOptions options{.pool = &its_pool, .services = {"foreign.v1.Things"}};
    Reflection reflection{server, options};
    const std::uint16_t port = server.listen("127.0.0.1:0");
    Channel channel{"127.0.0.1:" + std::to_string(port)};
    const v1::ServerReflection::Stub stub{channel};
    auto info = stub.ServerReflectionInfo();
    v1::ServerReflectionRequest list;
    list.set_list_services("");
    co_await info.write(list);
    const std::optional<v1::ServerReflectionResponse> services = co_await info.next();
    EXPECT_EQ(services->list_services_response().service_size(), 4);
    for (const char* symbol : {"foreign.v1.Things", "foreign.v1.Thing", "tern.test.v1.Probe"}) {
      v1::ServerReflectionRequest request;
      request.set_file_containing_symbol(symbol);
      co_await info.write(request);
      const std::optional<v1::ServerReflectionResponse> file = co_await info.next();
      EXPECT_GE(file->file_descriptor_response().file_descriptor_proto_size(), 1) << symbol;
    }
    co_await info.done_writing();
    co_await channel.close();
    co_await server.stop();
  };
  block_on(body(pool));
}

/// The local addresses that channelz shows for a server's listening sockets, and for its connections.
Task<std::vector<z::Address>> shown_addresses(ProbeService& service, std::string address) {
  Server server;
  Channelz channelz;
  server.add_service(service);
  server.add_service(channelz);
  channelz.add(server);
  const std::uint16_t port = server.listen(address);
  Channel channel{port == 0 ? address : "127.0.0.1:" + std::to_string(port)};
  const z::Channelz::Stub stub{channel};
  const z::GetServersResponse servers = co_await stub.GetServers(z::GetServersRequest{});
  std::vector<z::Address> shown;
  z::GetSocketRequest listening;
  listening.set_socket_id(servers.server(0).listen_socket(0).socket_id());
  const z::GetSocketResponse socket = co_await stub.GetSocket(listening);
  shown.push_back(socket.socket().local());
  z::GetServerSocketsRequest of_server;
  of_server.set_server_id(servers.server(0).ref().server_id());
  const z::GetServerSocketsResponse sockets = co_await stub.GetServerSockets(of_server);
  z::GetSocketRequest connected;
  connected.set_socket_id(sockets.socket_ref(0).socket_id());
  const z::GetSocketResponse connection = co_await stub.GetSocket(connected);
  shown.push_back(connection.socket().local());
  co_await channel.close();
  co_await server.stop();
  co_return shown;
}

TEST(Channelz, ShowsSocketsByName) {
  ProbeService service;
  for (const z::Address& address : block_on(shown_addresses(service, "127.0.0.1:0"))) {
    EXPECT_EQ(address.tcpip_address().ip_address().size(), 4U);
    EXPECT_GT(address.tcpip_address().port(), 0);
  }
  const std::string path = ::testing::TempDir() + "tern_channelz_" + std::to_string(::getpid()) + ".sock";
  for (const z::Address& address : block_on(shown_addresses(service, "unix:" + path))) {
    EXPECT_EQ(address.uds_address().filename(), path);
  }
}

/// Says what is wrong with a request in detail.
class Strict final : public tern::test::v1::Probe::AsyncService {
  Task<Payload> Unary(ServerContext& context, const Order& /*order*/) override {
    google::rpc::BadRequest bad;
    auto* violation = bad.add_field_violations();
    violation->set_field("text");
    violation->set_description("이름이 필요합니다");
    google::rpc::RetryInfo retry;
    retry.mutable_retry_delay()->set_seconds(3);
    context.abort(with_details(StatusCode::kInvalidArgument, "a name is needed", bad, retry));
    co_return Payload{};
  }
};

TEST(StatusDetails, TravelWithTheStatus) {
  Strict service;
  with_server(service, [](Channel& channel, Server&) -> Task<void> {
    ProbeStub stub{channel};
    const Result<Payload> result = co_await stub.Unary(Order{}).result();
    EXPECT_EQ(result.status().code(), StatusCode::kInvalidArgument);
    const auto bad = error_detail<google::rpc::BadRequest>(result.status());
    EXPECT_EQ(bad->field_violations(0).description(), "이름이 필요합니다");
    const auto retry = error_detail<google::rpc::RetryInfo>(result.status());
    EXPECT_EQ(retry->retry_delay().seconds(), 3);
    EXPECT_FALSE(error_detail<google::rpc::Help>(result.status()));
    EXPECT_EQ(error_details(result.status())->message(), "a name is needed");
    EXPECT_FALSE(error_details(Status{StatusCode::kInternal}));
  });
}

}  // namespace
}  // namespace tern::test

// The standard services, as clients and tools ask them.
#include <google/protobuf/descriptor.pb.h>
#include <grpc/health/v1/health.tern.h>
#include <grpc/reflection/v1/reflection.tern.h>
#include <gtest/gtest.h>

#include <set>
#include <string>

#include "support/serve.h"
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

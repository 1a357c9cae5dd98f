// The longest metadata: what each end accepts, by its options, and what it does not send because the other end would
// not accept it.
#include <gtest/gtest.h>

#include <map>
#include <string>

#include "support/captured_log.h"
#include "support/frame_socket.h"
#include "support/serve.h"
#include "tern/server/observer.h"

namespace tern::test {
namespace {

using namespace std::chrono_literals;
using namespace http2::test;  // frames by hand
using http2::FrameType;
using http2::flag::kEndStream;

constexpr std::size_t kKiB = 1024;

Metadata one_value(std::string_view key, std::size_t size) {
  Metadata metadata;
  metadata.add(key, std::string(size, 'm'));
  return metadata;
}
Metadata many_values(std::string_view key, int count) {
  Metadata metadata;
  for (int i = 0; i < count; ++i) metadata.add(key, std::to_string(i));
  return metadata;
}

Task<Status> call_with(Channel& channel, Metadata metadata) {
  const CallOptions options{.timeout = 10s, .metadata = &metadata};
  const Result<Payload> result = co_await ProbeStub{channel}.Unary(Order{}, options).result();
  co_return result.status();
}

/// RESOURCE_EXHAUSTED, with a text that names what to change.
void expect_too_long(const Status& status, std::string_view name) {
  EXPECT_EQ(status.code(), StatusCode::kResourceExhausted) << status.to_string();
  EXPECT_NE(status.details().find(name), std::string::npos) << status.details();
}

void with_both(const Body& body, const Served& served = {}) {
  ProbeService service;
  with_server(service, body, served);
  SyncProbeService blocking;
  with_server(blocking, body, served);
}

TEST(RequestMetadata, OverTheServersLimitIsNotSent) {
  with_both([](Channel& channel, Server&) -> Task<void> {
    const Status fits = co_await call_with(channel, one_value("x-long", 15 * kKiB));
    EXPECT_TRUE(fits.ok()) << fits.to_string();
    const Status too_long = co_await call_with(channel, one_value("x-long", 17 * kKiB));
    expect_too_long(too_long, "max_metadata_size");
    const Status next = co_await call_with(channel, {});
    EXPECT_TRUE(next.ok()) << "the connection goes on: " << next.to_string();
  });
}

TEST(RequestMetadata, HasTheLimitsOfTheServersOptions) {
  const ServerOptions larger{.max_metadata_size = 500 * kKiB, .max_metadata_fields = 300};
  const ServerOptions none{.max_metadata_size = std::nullopt, .max_metadata_fields = std::nullopt};
  for (const ServerOptions& options : {larger, none}) {
    with_both(
        [](Channel& channel, Server&) -> Task<void> {
          const Status of_long = co_await call_with(channel, one_value("x-long", 400 * kKiB));
          EXPECT_TRUE(of_long.ok()) << of_long.to_string();
          const Status of_many = co_await call_with(channel, many_values("x-many", 250));
          EXPECT_TRUE(of_many.ok()) << of_many.to_string();
        },
        {.server_options = options});
  }
  with_both(
      [](Channel& channel, Server&) -> Task<void> {
        const Status of_long = co_await call_with(channel, one_value("x-long", 2 * kKiB));
        expect_too_long(of_long, "max_metadata_size");
        const Status of_many = co_await call_with(channel, many_values("x-many", 30));
        expect_too_long(of_many, "max_metadata_fields");
        const Status next = co_await call_with(channel, {});
        EXPECT_TRUE(next.ok()) << next.to_string();
      },
      {.server_options = {.max_metadata_size = 2 * kKiB, .max_metadata_fields = 20}});
}

TEST(ResponseMetadata, HasTheLimitsOfTheChannelsOptions) {
  const ServerOptions server_options{.max_metadata_size = 100 * kKiB, .max_metadata_fields = 1000};
  for (const char* key : {"echo-initial", "echo-trailing"}) {
    with_both(
        [key](Channel& channel, Server&) -> Task<void> {
          const Status of_long = co_await call_with(channel, one_value(key, 20 * kKiB));
          expect_too_long(of_long, "max_metadata_size");
          const Status of_many = co_await call_with(channel, many_values(key, 150));
          expect_too_long(of_many, "the channel's max_metadata_size (16384) or max_metadata_fields (100)");
          const Status next = co_await call_with(channel, {});
          EXPECT_TRUE(next.ok()) << next.to_string();
        },
        {.server_options = server_options});
    with_both(
        [key](Channel& channel, Server&) -> Task<void> {
          const Status of_long = co_await call_with(channel, one_value(key, 50 * kKiB));
          EXPECT_TRUE(of_long.ok()) << of_long.to_string();
          const Status of_many = co_await call_with(channel, many_values(key, 150));
          EXPECT_TRUE(of_many.ok()) << of_many.to_string();
        },
        {.server_options = server_options,
         .channel_options = {.max_metadata_size = 100 * kKiB, .max_metadata_fields = 200}});
  }
}

Order failing() {
  Order order;
  order.set_status(static_cast<int>(StatusCode::kNotFound));
  order.set_details("no such user");
  return order;
}

TEST(ResponseMetadata, ThatIsTooLongLeavesTheHandlersErrorAsItIs) {
  with_both(
      [](Channel& channel, Server&) -> Task<void> {
        for (const char* key : {"echo-initial", "echo-trailing"}) {
          const Metadata metadata = one_value(key, 20 * kKiB);
          const CallOptions options{.timeout = 10s, .metadata = &metadata};
          const Result<Payload> unary = co_await ProbeStub{channel}.Unary(failing(), options).result();
          EXPECT_EQ(unary.status(), (Status{StatusCode::kNotFound, "no such user"})) << key;
          auto download = ProbeStub{channel}.Download(failing(), options);
          while (co_await download.read()) {
          }
          const Status status = co_await download.status();
          EXPECT_EQ(status, (Status{StatusCode::kNotFound, "no such user"})) << key;
        }
      },
      {.server_options = {.max_metadata_size = 100 * kKiB}});
}

TEST(ResponseMetadata, ThatIsTooLongEndsAStreamAtItsFirstMessage) {
  with_both(
      [](Channel& channel, Server&) -> Task<void> {
        const Metadata metadata = one_value("echo-initial", 20 * kKiB);
        const CallOptions options{.timeout = 10s, .metadata = &metadata};
        Order order;
        order.set_count(1000);
        auto download = ProbeStub{channel}.Download(order, options);
        while (co_await download.read()) {
        }
        const Status status = co_await download.status();
        expect_too_long(status, "max_metadata_size");
      },
      {.server_options = {.max_metadata_size = 100 * kKiB}});
}

class RefusedMetadata final : public ServerObserver {
 public:
  void on_call_begun(ServerContext& /*context*/) override {}
  void on_call_ended(const EndedCall& /*call*/) override {}
  void on_refused(const Refused& refused) override {
    ++counts[refused.why];
    text = refused.text;
  }
  std::map<Refusal, int> counts;
  std::string text;
};

/// What the server answers to these fields, and as many more of "x".
Task<FieldList> ask(FrameSocket& client, std::uint32_t stream, FieldList fields, int more) {
  for (int i = 0; i < more; ++i) fields.emplace_back("x", std::to_string(i));
  co_await client.write(client.headers(stream, fields, kEndStream));
  const ReceivedFrame answer = co_await client.read_until(FrameType::kHeaders);
  EXPECT_EQ(answer.header.stream, stream);
  EXPECT_TRUE(answer.header.has(kEndStream));
  co_return client.fields_of(answer);
}

// Of a peer that does not heed what the server announced.
TEST(RequestMetadata, OverTheLimitIsAnsweredAndToldByName) {
  const auto run = []() -> Task<void> {
    const CapturedLog log;
    ProbeService service;
    RefusedMetadata refusals;
    Server server{{.max_metadata_fields = 50}};
    server.add_service(service);
    server.add_observer(refusals);
    FrameSocket client = co_await connect_frames(server.listen("127.0.0.1:0"));
    FieldList fields{{":method", "POST"},
                     {":scheme", "http"},
                     {":path", "/tern.test.v1.Probe/Unary"},
                     {":authority", "test"},
                     {"content-type", "application/grpc"},
                     {"te", "trailers"}};
    const FieldList of_grpc = co_await ask(client, 1, fields, 60);
    EXPECT_EQ(value_of(of_grpc, ":status"), "200");
    EXPECT_EQ(value_of(of_grpc, "grpc-status"), "8");
    EXPECT_NE(value_of(of_grpc, "grpc-message").find("66 fields"), std::string::npos)
        << value_of(of_grpc, "grpc-message");
    EXPECT_NE(value_of(of_grpc, "grpc-message").find("max_metadata_fields (50)"), std::string::npos);
    EXPECT_EQ(refusals.counts[Refusal::kHeaders], 1);
    EXPECT_NE(refusals.text.find("max_metadata_fields"), std::string::npos) << refusals.text;
    fields[4].second = "text/html";
    const FieldList of_http = co_await ask(client, 3, fields, 60);
    EXPECT_EQ(value_of(of_http, ":status"), "431");  // RFC 6585 §5
    EXPECT_EQ(refusals.counts[Refusal::kHeaders], 2);
    EXPECT_NE(log.text().find("max_metadata_size"), std::string::npos) << log.text();
    co_await server.stop();
  };
  block_on(run());
}

}  // namespace
}  // namespace tern::test

// Messages compressed by either end, as the channel, the call, the message or the handler say.
#include <gtest/gtest.h>

#include <string>

#include "support/serve.h"

namespace tern::test {
namespace {

Order order_of_size(int size, int count = 0) {
  Order order;
  order.set_size(size);
  order.set_count(count);
  order.set_text(std::string(500, 't'));
  return order;
}

class Compressing : public ::testing::Test {
 protected:
  ProbeService service;
};

TEST_F(Compressing, ByTheChannel) {
  with_server(service,
              [](Channel& channel, Server&) -> Task<void> {
                ProbeStub stub{channel};
                CallInfo context;
                const Payload payload = co_await stub.Unary(order_of_size(10'000), {.info = &context});
                EXPECT_EQ(payload.data().size(), 10'000U);
                EXPECT_EQ(context.trailing_metadata.get("request-was-compressed"), "yes");
                EXPECT_FALSE(context.message_was_compressed);
              },
              {.channel_options = {.compression = Compression::kGzip}});
}

TEST_F(Compressing, ByTheCall) {
  with_server(service, [](Channel& channel, Server&) -> Task<void> {
    ProbeStub stub{channel};
    for (const Compression compression : {Compression::kIdentity, Compression::kDeflate, Compression::kGzip}) {
      CallInfo context;
      const Metadata metadata{{"compress", name_of(compression)}};
      const CallOptions options{.metadata = &metadata, .compression = compression, .info = &context};
      const Payload payload = co_await stub.Unary(order_of_size(10'000), options);
      EXPECT_EQ(payload.data(), std::string(10'000, 'x'));
      const bool compressed = compression != Compression::kIdentity;
      EXPECT_EQ(context.trailing_metadata.get("request-was-compressed").has_value(), compressed);
      EXPECT_EQ(context.message_was_compressed, compressed);
    }
  });
}

TEST_F(Compressing, ByTheServer) {
  with_server(service,
              [](Channel& channel, Server&) -> Task<void> {
                ProbeStub stub{channel};
                const Order order = order_of_size(10'000, 5);
                auto payloads = stub.Download(order);
                int count = 0;
                while (const std::optional<Payload> payload = co_await payloads.next()) {
                  EXPECT_EQ(payload->data().size(), 10'000U);
                  EXPECT_TRUE(payloads.message_was_compressed());
                  ++count;
                }
                EXPECT_EQ(count, 5);
              },
              {.server_options = {.compression = Compression::kDeflate}});
}

TEST_F(Compressing, OneMessageAndNotTheOther) {
  with_server(service,
              [](Channel& channel, Server&) -> Task<void> {
                ProbeStub stub{channel};
                auto upload = stub.Upload();
                Payload payload;
                payload.set_data(std::string(10'000, 'x'));
                co_await upload.write(payload);
                const WriteOptions plain{.compress = false};
                co_await upload.write(payload, plain);
                const Payload sum = co_await upload.finish();
                EXPECT_EQ(sum.number(), 2);
                EXPECT_EQ(sum.text(), "20000");
              },
              {.channel_options = {.compression = Compression::kGzip}});
}

TEST_F(Compressing, AMessageThatInflatesPastTheLimitIsRefused) {
  with_server(service,
              [](Channel& channel, Server&) -> Task<void> {
                ProbeStub stub{channel};
                Order order;
                order.set_text(std::string(200'000, 't'));
                const Result<Payload> unary = co_await stub.Unary(order).result();
                EXPECT_EQ(unary.status().code(), StatusCode::kResourceExhausted);
                auto upload = stub.Upload();
                Payload payload;
                payload.set_data(std::string(200'000, 'x'));
                co_await upload.write(payload);
                const Result<Payload> sum = co_await upload.result();
                EXPECT_EQ(sum.status().code(), StatusCode::kResourceExhausted);
              },
              {.server_options = {.max_receive_message_length = 100'000},
               .channel_options = {.compression = Compression::kGzip}});
}

TEST_F(Compressing, AResponseThatInflatesPastTheLimitIsRefused) {
  with_server(service,
              [](Channel& channel, Server&) -> Task<void> {
                ProbeStub stub{channel};
                const Result<Payload> unary = co_await stub.Unary(order_of_size(200'000)).result();
                EXPECT_EQ(unary.status().code(), StatusCode::kResourceExhausted);
                const Order order = order_of_size(200'000, 3);
                auto payloads = stub.Download(order);
                const std::optional<Payload> none = co_await payloads.read();
                EXPECT_FALSE(none);
                const Status status = co_await payloads.status();
                EXPECT_EQ(status.code(), StatusCode::kResourceExhausted);
              },
              {.server_options = {.compression = Compression::kGzip},
               .channel_options = {.max_receive_message_length = 100'000}});
}

}  // namespace
}  // namespace tern::test

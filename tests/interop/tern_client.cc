// Every kind of call from tern to another implementation's server of probe.proto: tern_client TARGET
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string>

#include "probe.tern.h"
#include "tern/tern.h"

namespace {

using namespace std::chrono_literals;
using tern::StatusCode;
using tern::test::v1::Order;
using tern::test::v1::Payload;
using Stub = tern::test::v1::Probe::Stub;

int failures = 0;

void check(bool holds, const char* what) {
  std::printf("%s %s\n", holds ? "ok  " : "FAIL", what);
  if (!holds) ++failures;
}

tern::Task<void> unary(Stub& stub) {
  Order order;
  order.set_number(42);
  order.set_text("안녕");
  const Payload payload = co_await stub.Unary(order, {.timeout = 5s});
  check(payload.number() == 42 && payload.text() == "안녕", "unary");
}

tern::Task<void> error(Stub& stub) {
  Order order;
  order.set_status(5);
  order.set_details("사용자 9 — 100% 없음\n");
  const auto result = co_await stub.Unary(order).result();
  check(result.status().code() == StatusCode::kNotFound && result.status().details() == order.details(),
        "error with UTF-8 details");
}

tern::Task<void> server_stream(Stub& stub) {
  Order order;
  order.set_count(100);
  order.set_size(1000);
  auto payloads = stub.Download(order);
  int seen = 0;
  while (const auto payload = co_await payloads.next()) seen += payload->number() == seen ? 1 : 0;
  check(seen == 100, "server stream");
}

tern::Task<void> client_stream(Stub& stub) {
  auto upload = stub.Upload();
  Payload payload;
  payload.set_data(std::string(1000, 'u'));
  for (int i = 0; i < 100; ++i) co_await upload.write(payload);
  const Payload sum = co_await upload.finish();
  check(sum.number() == 100 && sum.text() == "100000", "client stream");
}

tern::Task<void> bidi_stream(Stub& stub) {
  auto echo = stub.Echo();
  bool same = true;
  for (int i = 0; i < 100; ++i) {
    Payload payload;
    payload.set_number(i);
    co_await echo.write(payload);
    const auto back = co_await echo.next();
    same = same && back && back->number() == i;
  }
  co_await echo.done_writing();
  const auto after = co_await echo.next();
  check(same && !after, "bidirectional stream");
}

tern::Task<void> metadata(Stub& stub) {
  const std::string bytes{"\x00\xff\x80\x01 raw", 8};
  const tern::Metadata sent{{"echo-initial-bin", bytes}, {"echo-trailing-bin", bytes}, {"echo-initial", "a b"}};
  tern::CallInfo context;
  co_await stub.Unary(Order{}, {.metadata = &sent, .info = &context});
  check(context.initial_metadata.get("echo-initial-bin") == bytes &&
            context.trailing_metadata.get("echo-trailing-bin") == bytes &&
            context.initial_metadata.get("echo-initial") == "a b",
        "metadata, binary too");
}

tern::Task<void> deadline(Stub& stub) {
  const auto result = co_await stub.Hang(Order{}, {.timeout = 100ms}).result();
  check(result.status().code() == StatusCode::kDeadlineExceeded, "deadline");
}

tern::Task<void> cancellation(Stub& stub) {
  Order order;
  order.set_count(1'000'000);
  order.set_wait_us(1000);
  auto payloads = stub.Download(order);
  const auto first = co_await payloads.next();
  payloads.cancel();
  const tern::Status status = co_await payloads.status();
  check(first && status.code() == StatusCode::kCancelled, "cancellation");
}

tern::Task<void> large(Stub& stub) {
  auto echo = stub.Echo();
  Payload payload;
  payload.set_data(std::string(std::size_t{8} << 20, 'l'));
  co_await echo.write(payload);
  const auto back = co_await echo.next();
  check(back && back->data() == payload.data(), "8 MiB message");
}

tern::Task<void> unimplemented(Stub& stub) {
  const auto result = co_await stub.Unwritten(Order{}).result();
  check(result.status().code() == StatusCode::kUnimplemented, "unimplemented method");
}

tern::Task<int> run_all(std::string target) {
  tern::Channel channel{std::move(target), {.max_receive_message_length = 50 << 20}};
  Stub stub{channel};
  co_await unary(stub);
  co_await error(stub);
  co_await server_stream(stub);
  co_await client_stream(stub);
  co_await bidi_stream(stub);
  co_await metadata(stub);
  co_await deadline(stub);
  co_await cancellation(stub);
  co_await large(stub);
  co_await unimplemented(stub);
  co_await channel.close();
  co_return failures == 0 ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) return 2;
  return tern::run(run_all(argv[1]));
}

// Every kind of call from grpc++ to tern's server of probe.proto: grpcpp_client TARGET
#include <grpcpp/grpcpp.h>

#include <chrono>
#include <cstdio>
#include <string>

#include "probe.grpc.pb.h"

namespace {

using tern::test::v1::Order;
using tern::test::v1::Payload;
using Stub = tern::test::v1::Probe::Stub;

int failures = 0;

void check(bool holds, const char* what) {
  std::printf("%s %s\n", holds ? "ok  " : "FAIL", what);
  if (!holds) ++failures;
}

void unary(Stub& stub) {
  grpc::ClientContext context;
  Order order;
  order.set_number(42);
  order.set_text("안녕");
  Payload payload;
  const grpc::Status status = stub.Unary(&context, order, &payload);
  check(status.ok() && payload.number() == 42 && payload.text() == "안녕", "unary");
}

void error(Stub& stub) {
  grpc::ClientContext context;
  Order order;
  order.set_status(5);
  order.set_details("사용자 9 — 100% 없음\n");
  Payload payload;
  const grpc::Status status = stub.Unary(&context, order, &payload);
  check(status.error_code() == grpc::NOT_FOUND && status.error_message() == order.details(),
        "error with UTF-8 details");
}

void server_stream(Stub& stub) {
  grpc::ClientContext context;
  Order order;
  order.set_count(100);
  order.set_size(1000);
  const auto reader = stub.Download(&context, order);
  int seen = 0;
  for (Payload payload; reader->Read(&payload);) seen += payload.number() == seen ? 1 : 0;
  check(reader->Finish().ok() && seen == 100, "server stream");
}

void client_stream(Stub& stub) {
  grpc::ClientContext context;
  Payload sum;
  const auto writer = stub.Upload(&context, &sum);
  Payload payload;
  payload.set_data(std::string(1000, 'u'));
  for (int i = 0; i < 100; ++i) writer->Write(payload);
  writer->WritesDone();
  check(writer->Finish().ok() && sum.number() == 100 && sum.text() == "100000", "client stream");
}

void bidi_stream(Stub& stub) {
  grpc::ClientContext context;
  const auto stream = stub.Echo(&context);
  bool same = true;
  for (int i = 0; i < 100; ++i) {
    Payload payload;
    payload.set_number(i);
    Payload back;
    same = stream->Write(payload) && stream->Read(&back) && back.number() == i && same;
  }
  stream->WritesDone();
  check(same && stream->Finish().ok(), "bidirectional stream");
}

void metadata(Stub& stub) {
  const std::string bytes{"\x00\xff\x80\x01 raw", 8};
  grpc::ClientContext context;
  context.AddMetadata("echo-initial-bin", bytes);
  context.AddMetadata("echo-trailing-bin", bytes);
  Payload payload;
  const bool ok = stub.Unary(&context, Order{}, &payload).ok();
  const auto& initial = context.GetServerInitialMetadata();
  const auto& trailing = context.GetServerTrailingMetadata();
  const auto first = initial.find("echo-initial-bin");
  const auto last = trailing.find("echo-trailing-bin");
  check(ok && first != initial.end() && first->second == bytes && last != trailing.end() && last->second == bytes,
        "metadata, binary too");
}

void deadline(Stub& stub) {
  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() + std::chrono::milliseconds{100});
  Payload payload;
  Order order;
  order.set_wait_us(5'000'000);
  check(stub.Unary(&context, order, &payload).error_code() == grpc::DEADLINE_EXCEEDED, "deadline");
}

void cancellation(Stub& stub) {
  grpc::ClientContext context;
  Order order;
  order.set_count(1'000'000);
  order.set_size(1000);
  const auto reader = stub.Download(&context, order);
  Payload payload;
  const bool first = reader->Read(&payload);
  context.TryCancel();
  while (reader->Read(&payload)) {
  }
  check(first && reader->Finish().error_code() == grpc::CANCELLED, "cancellation");
}

void large(Stub& stub) {
  grpc::ClientContext context;
  const auto stream = stub.Echo(&context);
  Payload payload;
  payload.set_data(std::string(size_t{8} << 20, 'l'));
  Payload back;
  // grpc++ pings while it receives, which must not be held against it.
  bool same = true;
  for (int i = 0; i < 8; ++i) {
    same = stream->Write(payload) && stream->Read(&back) && back.data() == payload.data() && same;
  }
  stream->WritesDone();
  check(same && stream->Finish().ok(), "8 MiB messages");
}

void unimplemented(Stub& stub) {
  grpc::ClientContext context;
  Payload payload;
  check(stub.Unwritten(&context, Order{}, &payload).error_code() == grpc::UNIMPLEMENTED, "unimplemented method");
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) return 2;
  grpc::ChannelArguments arguments;
  arguments.SetMaxReceiveMessageSize(50 << 20);
  const auto channel = grpc::CreateCustomChannel(argv[1], grpc::InsecureChannelCredentials(), arguments);
  const auto stub = tern::test::v1::Probe::NewStub(channel);
  for (auto* test : {unary, error, server_stream, client_stream, bidi_stream, metadata, deadline, cancellation, large,
                     unimplemented}) {
    test(*stub);
  }
  return failures == 0 ? 0 : 1;
}

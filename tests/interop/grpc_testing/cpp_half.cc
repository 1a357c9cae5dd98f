// The other half of gRPC's interoperability tests, on Debian's grpc++: cpp_half server | client TARGET [CA_FILE]
#include <grpcpp/grpcpp.h>

#include <array>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <fstream>
#include <iterator>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "grpc/testing/test.grpc.pb.h"

namespace {

using grpc::testing::Empty;
using grpc::testing::SimpleRequest;
using grpc::testing::SimpleResponse;
using grpc::testing::StreamingInputCallRequest;
using grpc::testing::StreamingInputCallResponse;
using grpc::testing::StreamingOutputCallRequest;
using grpc::testing::StreamingOutputCallResponse;
using grpc::testing::TestService;

constexpr const char* kEchoInitial = "x-grpc-test-echo-initial";
constexpr const char* kEchoTrailing = "x-grpc-test-echo-trailing-bin";
constexpr std::array<int, 4> kRequestSizes{27182, 8, 1828, 45904};
constexpr std::array<int, 4> kResponseSizes{31415, 9, 2653, 58979};

std::string text_of(const grpc::string_ref& text) { return {text.data(), text.size()}; }

// The server.

class Service final : public TestService::Service {
 public:
  grpc::Status EmptyCall(grpc::ServerContext* context, const Empty* /*request*/, Empty* /*response*/) override {
    echo(*context);
    return grpc::Status::OK;
  }

  grpc::Status UnaryCall(grpc::ServerContext* context, const SimpleRequest* request,
                         SimpleResponse* response) override {
    echo(*context);
    if (request->response_status().code() != 0) return status_of(request->response_status());
    // grpc++ does not tell a handler whether its request came compressed.
    if (request->response_compressed().value()) context->set_compression_algorithm(GRPC_COMPRESS_GZIP);
    response->mutable_payload()->set_body(std::string(static_cast<std::size_t>(request->response_size()), '\0'));
    response->set_server_id("grpc++");
    const auto bearer = context->client_metadata().find("authorization");
    if (request->fill_username() && bearer != context->client_metadata().end()) {
      response->set_username(text_of(bearer->second).substr(std::string_view{"Bearer "}.size()));
    }
    return grpc::Status::OK;
  }

  grpc::Status CacheableUnaryCall(grpc::ServerContext* context, const SimpleRequest* request,
                                  SimpleResponse* response) override {
    return UnaryCall(context, request, response);
  }

  grpc::Status StreamingOutputCall(grpc::ServerContext* context, const StreamingOutputCallRequest* request,
                                   grpc::ServerWriter<StreamingOutputCallResponse>* responses) override {
    echo(*context);
    send(*context, *request, *responses);
    return grpc::Status::OK;
  }

  grpc::Status StreamingInputCall(grpc::ServerContext* context, grpc::ServerReader<StreamingInputCallRequest>* requests,
                                  StreamingInputCallResponse* response) override {
    echo(*context);
    std::size_t size = 0;
    StreamingInputCallRequest request;
    while (requests->Read(&request)) size += request.payload().body().size();
    response->set_aggregated_payload_size(static_cast<std::int32_t>(size));
    return grpc::Status::OK;
  }

  grpc::Status FullDuplexCall(
      grpc::ServerContext* context,
      grpc::ServerReaderWriter<StreamingOutputCallResponse, StreamingOutputCallRequest>* stream) override {
    echo(*context);
    StreamingOutputCallRequest request;
    while (stream->Read(&request)) {
      if (request.response_status().code() != 0) return status_of(request.response_status());
      send(*context, request, *stream);
    }
    return grpc::Status::OK;
  }

 private:
  static void echo(grpc::ServerContext& context) {
    for (const auto& [key, value] : context.client_metadata()) {
      if (key == kEchoInitial) context.AddInitialMetadata(kEchoInitial, text_of(value));
      if (key == kEchoTrailing) context.AddTrailingMetadata(kEchoTrailing, text_of(value));
    }
  }
  static grpc::Status status_of(const grpc::testing::EchoStatus& wanted) {
    return {static_cast<grpc::StatusCode>(wanted.code()), wanted.message()};
  }
  template <class Writer>
  static void send(grpc::ServerContext& context, const StreamingOutputCallRequest& request, Writer& writer) {
    for (const auto& parameters : request.response_parameters()) {
      for (int waited = 0; waited < parameters.interval_us() && !context.IsCancelled(); waited += 1000) {
        std::this_thread::sleep_for(std::chrono::milliseconds{1});
      }
      StreamingOutputCallResponse response;
      response.mutable_payload()->set_body(std::string(static_cast<std::size_t>(parameters.size()), '\0'));
      if (!writer.Write(response)) return;
    }
  }
};

void serve() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);  // for all threads, before there are any
  Service service;
  int port = 0;
  grpc::ServerBuilder builder;
  builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(), &port);
  builder.RegisterService(&service);
  const std::unique_ptr<grpc::Server> server = builder.BuildAndStart();
  std::printf("port %d\n", port);
  std::fflush(stdout);
  int signal = 0;
  sigwait(&signals, &signal);
  server->Shutdown(std::chrono::system_clock::now() + std::chrono::seconds{1});
}

// The client.

void check(bool holds, const char* what) {
  if (!holds) throw std::runtime_error(std::string{"should hold: "} + what);
}
void check(const grpc::Status& status, grpc::StatusCode code, const char* what) {
  if (status.error_code() == code) return;
  throw std::runtime_error(std::string{what} + ": ended with " + std::to_string(status.error_code()) + ", " +
                           status.error_message());
}

SimpleRequest large_request() {
  SimpleRequest request;
  request.set_response_size(314159);
  request.mutable_payload()->set_body(std::string(271828, '\0'));
  return request;
}

StreamingOutputCallRequest output_request(int response_size, int payload_size) {
  StreamingOutputCallRequest request;
  request.add_response_parameters()->set_size(response_size);
  request.mutable_payload()->set_body(std::string(static_cast<std::size_t>(payload_size), '\0'));
  return request;
}

grpc::Status call(TestService::Stub& stub, const SimpleRequest& request, SimpleResponse* response = nullptr,
                  grpc_compression_algorithm compression = GRPC_COMPRESS_NONE) {
  grpc::ClientContext context;
  context.set_compression_algorithm(compression);
  SimpleResponse ignored;
  return stub.UnaryCall(&context, request, response != nullptr ? response : &ignored);
}

void unary_calls(TestService::Stub& stub) {
  grpc::ClientContext context;
  Empty empty;
  check(stub.EmptyCall(&context, empty, &empty), grpc::OK, "empty_unary");
  SimpleResponse response;
  check(call(stub, large_request(), &response), grpc::OK, "large_unary");
  check(response.payload().body().size() == 314159, "all of a large response comes");
  SimpleRequest compressed = large_request();
  compressed.mutable_expect_compressed()->set_value(true);
  check(call(stub, compressed), grpc::INVALID_ARGUMENT, "client_compressed_unary's probe");
  for (const auto algorithm : {GRPC_COMPRESS_GZIP, GRPC_COMPRESS_DEFLATE}) {
    check(call(stub, compressed, nullptr, algorithm), grpc::OK, "client_compressed_unary");
  }
  SimpleRequest compressing = large_request();
  compressing.mutable_response_compressed()->set_value(true);
  check(call(stub, compressing, &response), grpc::OK, "server_compressed_unary");
  check(response.payload().body().size() == 314159, "all of a compressed response comes");
}

void streams(TestService::Stub& stub) {
  {
    grpc::ClientContext context;
    StreamingInputCallResponse response;
    const auto writer = stub.StreamingInputCall(&context, &response);
    for (const int size : kRequestSizes) {
      StreamingInputCallRequest request;
      request.mutable_payload()->set_body(std::string(static_cast<std::size_t>(size), '\0'));
      check(writer->Write(request), "client_streaming writes");
    }
    writer->WritesDone();
    check(writer->Finish(), grpc::OK, "client_streaming");
    check(response.aggregated_payload_size() == 74922, "the sum of the sizes");
  }
  {
    grpc::ClientContext context;
    StreamingOutputCallRequest request;
    for (const int size : kResponseSizes) {
      auto& parameters = *request.add_response_parameters();
      parameters.set_size(size);
      parameters.mutable_compressed()->set_value(true);
    }
    const auto reader = stub.StreamingOutputCall(&context, request);
    StreamingOutputCallResponse response;
    for (const int size : kResponseSizes) {
      check(reader->Read(&response) && static_cast<int>(response.payload().body().size()) == size, "each response");
    }
    check(!reader->Read(&response), "no more responses");
    check(reader->Finish(), grpc::OK, "server_streaming, compressed");
  }
  grpc::ClientContext context;
  const auto stream = stub.FullDuplexCall(&context);
  StreamingOutputCallResponse response;
  for (std::size_t i = 0; i < kRequestSizes.size(); ++i) {
    check(stream->Write(output_request(kResponseSizes[i], kRequestSizes[i])), "a ping is written");
    check(stream->Read(&response) && static_cast<int>(response.payload().body().size()) == kResponseSizes[i], "pong");
  }
  stream->WritesDone();
  check(!stream->Read(&response), "the end after the last pong");
  check(stream->Finish(), grpc::OK, "ping_pong");
  grpc::ClientContext empty_context;
  const auto empty = stub.FullDuplexCall(&empty_context);
  empty->WritesDone();
  check(!empty->Read(&response), "no response to nothing");
  check(empty->Finish(), grpc::OK, "empty_stream");
}

void metadata_and_statuses(TestService::Stub& stub, const std::shared_ptr<grpc::Channel>& channel) {
  grpc::ClientContext context;
  const std::string binary = "\xab\xab\xab";
  context.AddMetadata(kEchoInitial, "test_initial_metadata_value");
  context.AddMetadata(kEchoTrailing, binary);
  SimpleResponse response;
  check(stub.UnaryCall(&context, large_request(), &response), grpc::OK, "custom_metadata");
  const auto initial = context.GetServerInitialMetadata().find(kEchoInitial);
  const auto trailing = context.GetServerTrailingMetadata().find(kEchoTrailing);
  check(initial != context.GetServerInitialMetadata().end() && initial->second == "test_initial_metadata_value",
        "the initial metadata comes back");
  check(trailing != context.GetServerTrailingMetadata().end() && text_of(trailing->second) == binary,
        "the binary trailing metadata comes back");
  for (const char* text : {"test status message", "\t\ntest with whitespace\r\nand Unicode BMP ☺ and non-BMP 😈\t\n"}) {
    SimpleRequest request;
    request.mutable_response_status()->set_code(2);
    request.mutable_response_status()->set_message(text);
    const grpc::Status status = call(stub, request);
    check(status.error_code() == grpc::UNKNOWN && status.error_message() == text, "status_code_and_message");
  }
  grpc::ClientContext unimplemented;
  Empty empty;
  check(stub.UnimplementedCall(&unimplemented, empty, &empty), grpc::UNIMPLEMENTED, "unimplemented_method");
  grpc::ClientContext other_context;
  const auto other = grpc::testing::UnimplementedService::NewStub(channel);
  check(other->UnimplementedCall(&other_context, empty, &empty), grpc::UNIMPLEMENTED, "unimplemented_service");
  grpc::ClientContext named;
  named.AddMetadata("authorization", "Bearer somebody");
  SimpleRequest who;
  who.set_fill_username(true);
  check(stub.UnaryCall(&named, who, &response), grpc::OK, "per_rpc_creds");
  check(response.username() == "somebody", "the name in the credentials");
}

void cancellation_and_deadlines(TestService::Stub& stub) {
  {
    grpc::ClientContext context;
    StreamingInputCallResponse response;
    const auto writer = stub.StreamingInputCall(&context, &response);
    context.TryCancel();
    check(writer->Finish(), grpc::CANCELLED, "cancel_after_begin");
  }
  {
    grpc::ClientContext context;
    const auto stream = stub.FullDuplexCall(&context);
    StreamingOutputCallResponse response;
    check(stream->Write(output_request(31415, 27182)), "the first request is written");
    check(stream->Read(&response), "the first response comes");
    context.TryCancel();
    check(stream->Finish(), grpc::CANCELLED, "cancel_after_first_response");
  }
  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() + std::chrono::milliseconds{50});
  StreamingOutputCallRequest slow;
  slow.add_response_parameters()->set_interval_us(10'000'000);
  const auto reader = stub.StreamingOutputCall(&context, slow);
  StreamingOutputCallResponse response;
  check(!reader->Read(&response), "nothing comes before the deadline");
  check(reader->Finish(), grpc::DEADLINE_EXCEEDED, "timeout_on_sleeping_server");
}

void concurrent_calls(TestService::Stub& stub) {
  std::vector<std::thread> threads;
  std::vector<grpc::Status> ends(20);
  for (grpc::Status& end : ends) threads.emplace_back([&stub, &end] { end = call(stub, large_request()); });
  for (std::thread& thread : threads) thread.join();
  for (const grpc::Status& end : ends) check(end, grpc::OK, "concurrent_large_unary");
}

void be_client(const std::string& target, const char* ca_file) {
  auto credentials = grpc::InsecureChannelCredentials();
  if (ca_file != nullptr) {
    std::ifstream file{ca_file};
    grpc::SslCredentialsOptions options;
    options.pem_root_certs.assign(std::istreambuf_iterator<char>{file}, {});
    credentials = grpc::SslCredentials(options);
  }
  const auto channel = grpc::CreateChannel(target, credentials);
  const std::unique_ptr<TestService::Stub> stub = TestService::NewStub(channel);
  unary_calls(*stub);
  streams(*stub);
  metadata_and_statuses(*stub, channel);
  cancellation_and_deadlines(*stub);
  concurrent_calls(*stub);
  std::puts("grpc++'s half: ok");
}

}  // namespace

int main(int argc, char** argv) {
  try {
    if (argc > 1 && std::string_view{argv[1]} == "server") {
      serve();
    } else if (argc > 2) {
      be_client(argv[2], argc > 3 ? argv[3] : nullptr);
    } else {
      std::fputs("usage: cpp_half server | client TARGET [CA_FILE]\n", stderr);
      return 2;
    }
  } catch (const std::exception& error) {
    std::fprintf(stderr, "error: %s\n", error.what());
    return 1;
  }
  return 0;
}

// Serves probe.proto with grpc++ until SIGTERM: grpcpp_server [CERTIFICATE KEY]
#include <grpcpp/grpcpp.h>

#include <chrono>
#include <csignal>
#include <cstdio>
#include <fstream>
#include <iterator>
#include <memory>
#include <string>
#include <thread>

#include "probe.grpc.pb.h"

namespace {

using tern::test::v1::Order;
using tern::test::v1::Payload;

Payload answer(const Order& order, int64_t number) {
  Payload payload;
  payload.set_number(number);
  payload.set_text(order.text());
  payload.set_data(std::string(static_cast<size_t>(order.size()), 'x'));
  return payload;
}

class Probe final : public tern::test::v1::Probe::Service {
  grpc::Status Unary(grpc::ServerContext* context, const Order* order, Payload* payload) override {
    for (const auto& [key, value] : context->client_metadata()) {
      const std::string name{key.data(), key.size()};
      const std::string text{value.data(), value.size()};
      if (name.rfind("echo-initial", 0) == 0) context->AddInitialMetadata(name, text);
      if (name.rfind("echo-trailing", 0) == 0) context->AddTrailingMetadata(name, text);
    }
    if (order->status() != 0) return {static_cast<grpc::StatusCode>(order->status()), order->details()};
    *payload = answer(*order, order->number());
    return grpc::Status::OK;
  }
  grpc::Status Download(grpc::ServerContext* /*context*/, const Order* order,
                        grpc::ServerWriter<Payload>* writer) override {
    for (int i = 0; i < order->count(); ++i) {
      if (order->wait_us() > 0) std::this_thread::sleep_for(std::chrono::microseconds{order->wait_us()});
      if (!writer->Write(answer(*order, i))) break;
    }
    return grpc::Status::OK;
  }
  grpc::Status Upload(grpc::ServerContext* /*context*/, grpc::ServerReader<Payload>* reader, Payload* sum) override {
    size_t bytes = 0;
    for (Payload payload; reader->Read(&payload);) {
      sum->set_number(sum->number() + 1);
      bytes += payload.data().size();
    }
    sum->set_text(std::to_string(bytes));
    return grpc::Status::OK;
  }
  grpc::Status Echo(grpc::ServerContext* /*context*/, grpc::ServerReaderWriter<Payload, Payload>* stream) override {
    for (Payload payload; stream->Read(&payload);) stream->Write(payload);
    return grpc::Status::OK;
  }
  grpc::Status Hang(grpc::ServerContext* context, const Order* /*order*/, Payload* /*payload*/) override {
    while (!context->IsCancelled()) std::this_thread::sleep_for(std::chrono::milliseconds{5});
    return grpc::Status::CANCELLED;
  }
};

std::string file(const char* path) {
  std::ifstream stream{path};
  return {std::istreambuf_iterator<char>{stream}, {}};
}

}  // namespace

int main(int argc, char** argv) {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  Probe probe;
  int port = 0;
  grpc::ServerBuilder builder;
  builder.SetMaxReceiveMessageSize(50 << 20);
  std::shared_ptr<grpc::ServerCredentials> credentials = grpc::InsecureServerCredentials();
  if (argc == 3) {
    grpc::SslServerCredentialsOptions options;
    options.pem_key_cert_pairs.push_back({file(argv[2]), file(argv[1])});
    credentials = grpc::SslServerCredentials(options);
  }
  builder.AddListeningPort("127.0.0.1:0", credentials, &port);
  builder.RegisterService(&probe);
  const std::unique_ptr<grpc::Server> server = builder.BuildAndStart();
  std::printf("PORT=%d\n", port);
  std::fflush(stdout);
  int number = 0;
  sigwait(&signals, &number);
  server->Shutdown(std::chrono::system_clock::now());
}

// The client's half of gRPC's interoperability tests, with the command line that the other languages' have:
// --server_host=H, --server_port=N, --test_case=NAME (or "all"), --use_tls=true, --ca_file=FILE,
// --server_host_override=NAME. What each case does: grpc/doc/interop-test-descriptions.md.
#include <CLI/CLI.hpp>
#include <array>
#include <cstdio>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <stdexcept>

#include "interop/grpc_testing/test_service.h"
#include "tern/client/call_credentials.h"

namespace tern::interop {
namespace {

using namespace std::chrono_literals;
using Stub = grpc::testing::TestService::Stub;

struct Options {
  std::string host = "localhost";
  int port = 0;
  std::string test_case = "all";
  bool use_tls = false;
  std::string ca_file;
  std::string host_override;
  int soak_iterations = 10;
};

/// What a case works with.
struct Bench {
  const Options& options;
  ChannelOptions channel_options;
  std::string target;
  Channel& channel;
  Stub stub{channel};
};

void check(bool holds, const std::string& what) {
  if (!holds) throw std::runtime_error("should hold: " + what);
}
void check_status(const Status& status, StatusCode code, const std::string& details = {}) {
  check(status.code() == code, "the status is " + std::string{name_of(code)} + ", not " + status.to_string());
  if (!details.empty()) check(status.details() == details, "the status says \"" + details + "\"");
}

SimpleRequest large_request() {
  SimpleRequest request;
  request.set_response_size(314159);
  request.mutable_payload()->set_body(std::string(271828, '\0'));
  return request;
}

StreamingOutputCallRequest output_request(int response_size, std::size_t payload_size) {
  StreamingOutputCallRequest request;
  request.add_response_parameters()->set_size(response_size);
  request.mutable_payload()->set_body(std::string(payload_size, '\0'));
  return request;
}

constexpr std::array kRequestSizes{27182, 8, 1828, 45904};
constexpr std::array kResponseSizes{31415, 9, 2653, 58979};

Task<void> empty_unary(Bench& bench) { co_await bench.stub.EmptyCall(Empty{}); }

Task<void> cacheable_unary(Bench& bench) {
  SimpleRequest request;
  request.mutable_payload()->set_body(std::to_string(Clock::now().time_since_epoch().count()));
  const Metadata metadata{{"x-user-ip", "1.2.3.4"}};
  for (int i = 0; i < 2; ++i) co_await bench.stub.CacheableUnaryCall(request, {.metadata = &metadata});
}

Task<void> large_unary(Bench& bench) {
  const SimpleResponse response = co_await bench.stub.UnaryCall(large_request());
  check(response.payload().body() == std::string(314159, '\0'), "the response has 314159 zeros");
}

Task<void> client_compressed_unary(Bench& bench) {
  SimpleRequest request = large_request();
  request.mutable_expect_compressed()->set_value(true);
  const Result<SimpleResponse> probe = co_await bench.stub.UnaryCall(request).result();
  check_status(probe.status(), StatusCode::kInvalidArgument);
  const SimpleResponse compressed = co_await bench.stub.UnaryCall(request, {.compression = Compression::kGzip});
  check(compressed.payload().body().size() == 314159, "the response has 314159 bytes");
  request.mutable_expect_compressed()->set_value(false);
  const SimpleResponse plain = co_await bench.stub.UnaryCall(request);
  check(plain.payload().body().size() == 314159, "the response has 314159 bytes");
}

Task<void> server_compressed_unary(Bench& bench) {
  for (const bool compressed : {true, false}) {
    SimpleRequest request = large_request();
    request.mutable_response_compressed()->set_value(compressed);
    CallInfo context;
    const SimpleResponse response = co_await bench.stub.UnaryCall(request, {.info = &context});
    check(context.message_was_compressed == compressed, "the response is compressed as asked");
    check(response.payload().body().size() == 314159, "the response has 314159 bytes");
  }
}

Task<void> client_streaming(Bench& bench) {
  auto call = bench.stub.StreamingInputCall();
  for (const int size : kRequestSizes) {
    StreamingInputCallRequest request;
    request.mutable_payload()->set_body(std::string(static_cast<std::size_t>(size), '\0'));
    co_await call.write(request);
  }
  const StreamingInputCallResponse response = co_await call.finish();
  check(response.aggregated_payload_size() == 74922, "74922 bytes arrived");
}

Task<void> client_compressed_streaming(Bench& bench) {
  StreamingInputCallRequest first;
  first.mutable_expect_compressed()->set_value(true);
  first.mutable_payload()->set_body(std::string(27182, '\0'));
  auto probe = bench.stub.StreamingInputCall();
  co_await probe.write(first);
  const Result<StreamingInputCallResponse> refused = co_await probe.result();
  check_status(refused.status(), StatusCode::kInvalidArgument);

  auto call = bench.stub.StreamingInputCall({.compression = Compression::kGzip});
  co_await call.write(first);
  StreamingInputCallRequest second;
  second.mutable_expect_compressed()->set_value(false);
  second.mutable_payload()->set_body(std::string(45904, '\0'));
  const WriteOptions plain{.compress = false};
  co_await call.write(second, plain);
  const StreamingInputCallResponse response = co_await call.finish();
  check(response.aggregated_payload_size() == 73086, "73086 bytes arrived");
}

Task<void> server_streaming(Bench& bench) {
  StreamingOutputCallRequest request;
  for (const int size : kResponseSizes) request.add_response_parameters()->set_size(size);
  auto call = bench.stub.StreamingOutputCall(request);
  for (const int size : kResponseSizes) {
    const std::optional<StreamingOutputCallResponse> response = co_await call.next();
    check(response && response->payload().body().size() == static_cast<std::size_t>(size),
          "responses are of these sizes");
  }
  const std::optional<StreamingOutputCallResponse> end = co_await call.next();
  check(!end, "there are no more than four responses");
}

Task<void> server_compressed_streaming(Bench& bench) {
  StreamingOutputCallRequest request;
  for (const auto& [size, compressed] : {std::pair{31415, true}, std::pair{92653, false}}) {
    auto* parameters = request.add_response_parameters();
    parameters->set_size(size);
    parameters->mutable_compressed()->set_value(compressed);
  }
  auto call = bench.stub.StreamingOutputCall(request);
  const std::optional<StreamingOutputCallResponse> first = co_await call.next();
  check(first && first->payload().body().size() == 31415 && call.message_was_compressed(), "the first is compressed");
  const std::optional<StreamingOutputCallResponse> second = co_await call.next();
  check(second && second->payload().body().size() == 92653 && !call.message_was_compressed(), "the second is not");
}

Task<void> ping_pong(Bench& bench) {
  auto call = bench.stub.FullDuplexCall();
  for (std::size_t i = 0; i < kRequestSizes.size(); ++i) {
    const auto request = output_request(kResponseSizes[i], static_cast<std::size_t>(kRequestSizes[i]));
    co_await call.write(request);
    const std::optional<StreamingOutputCallResponse> response = co_await call.next();
    check(response && response->payload().body().size() == static_cast<std::size_t>(kResponseSizes[i]),
          "each request has its response");
  }
  co_await call.done_writing();
  const std::optional<StreamingOutputCallResponse> end = co_await call.next();
  check(!end, "the call ends");
}

Task<void> empty_stream(Bench& bench) {
  auto call = bench.stub.FullDuplexCall();
  co_await call.done_writing();
  const std::optional<StreamingOutputCallResponse> none = co_await call.next();
  check(!none, "there is no response");
}

Task<void> custom_metadata(Bench& bench) {
  const Metadata metadata{{kEchoInitial, "test_initial_metadata_value"}, {kEchoTrailing, "\xab\xab\xab"}};
  const auto echoed = [](const Metadata& initial, const Metadata& trailing) {
    check(initial.get(kEchoInitial) == "test_initial_metadata_value", "the initial metadata comes back");
    check(trailing.get(kEchoTrailing) == "\xab\xab\xab", "the trailing metadata comes back");
  };
  CallInfo context;
  co_await bench.stub.UnaryCall(large_request(), {.metadata = &metadata, .info = &context});
  echoed(context.initial_metadata, context.trailing_metadata);
  auto call = bench.stub.FullDuplexCall({.metadata = &metadata});
  const auto request = output_request(314159, 271828);
  co_await call.write(request);
  const std::optional<StreamingOutputCallResponse> response = co_await call.next();
  check(response.has_value(), "there is a response");
  co_await call.done_writing();
  const std::optional<StreamingOutputCallResponse> end = co_await call.next();
  check(!end, "the call ends");
  const Metadata initial = co_await call.initial_metadata();
  echoed(initial, call.trailing_metadata());
}

Task<void> expect_status(Bench& bench, StatusCode code, std::string message, bool also_streaming) {
  SimpleRequest request;
  request.mutable_response_status()->set_code(static_cast<int>(code));
  request.mutable_response_status()->set_message(message);
  const Result<SimpleResponse> unary = co_await bench.stub.UnaryCall(request).result();
  check_status(unary.status(), code, message);
  if (!also_streaming) co_return;
  StreamingOutputCallRequest streamed;
  *streamed.mutable_response_status() = request.response_status();
  auto call = bench.stub.FullDuplexCall();
  co_await call.write(streamed);
  co_await call.done_writing();
  const Status status = co_await call.status();
  check_status(status, code, message);
}

Task<void> status_code_and_message(Bench& bench) {
  return expect_status(bench, StatusCode::kUnknown, "test status message", true);
}
Task<void> special_status_message(Bench& bench) {
  return expect_status(bench, StatusCode::kUnknown, "\t\ntest with whitespace\r\nand Unicode BMP ☺ and non-BMP 😈\t\n",
                       false);
}

Task<void> unimplemented_method(Bench& bench) {
  const Result<Empty> result = co_await bench.stub.UnimplementedCall(Empty{}).result();
  check_status(result.status(), StatusCode::kUnimplemented);
}
Task<void> unimplemented_service(Bench& bench) {
  const grpc::testing::UnimplementedService::Stub stub{bench.channel};
  const Result<Empty> result = co_await stub.UnimplementedCall(Empty{}).result();
  check_status(result.status(), StatusCode::kUnimplemented);
}

Task<void> cancel_after_begin(Bench& bench) {
  auto call = bench.stub.StreamingInputCall();
  call.cancel();
  const Result<StreamingInputCallResponse> result = co_await call.result();
  check_status(result.status(), StatusCode::kCancelled);
}

Task<void> cancel_after_first_response(Bench& bench) {
  auto call = bench.stub.FullDuplexCall();
  const auto request = output_request(31415, 27182);
  co_await call.write(request);
  const std::optional<StreamingOutputCallResponse> response = co_await call.next();
  check(response.has_value(), "there is a response");
  call.cancel();
  const Status status = co_await call.status();
  check_status(status, StatusCode::kCancelled);
}

Task<void> timeout_on_sleeping_server(Bench& bench) {
  auto call = bench.stub.FullDuplexCall({.timeout = 1ms});
  const auto request = output_request(31415, 27182);
  co_await call.write(request);
  const Status status = co_await call.status();
  check_status(status, StatusCode::kDeadlineExceeded);
}

class Bearer final : public CallCredentials {
 public:
  Task<Metadata> metadata(CallTarget /*target*/) override { co_return Metadata{{"authorization", "Bearer somebody"}}; }
  [[nodiscard]] bool allowed_on_plaintext() const noexcept override { return true; }
};

Task<void> per_rpc_creds(Bench& bench) {
  Bearer bearer;
  SimpleRequest request;
  request.set_fill_username(true);
  const SimpleResponse known = co_await bench.stub.UnaryCall(request, {.credentials = &bearer});
  check(known.username() == "somebody", "the server knows who calls");
  const SimpleResponse unknown = co_await bench.stub.UnaryCall(request);
  check(unknown.username().empty(), "the next call is nobody's");
}

Task<void> pick_first_unary(Bench& bench) {
  SimpleRequest request;
  request.set_fill_server_id(true);
  std::set<std::string> servers;
  for (int i = 0; i < 20; ++i) {
    const SimpleResponse response = co_await bench.stub.UnaryCall(request);
    servers.insert(response.server_id());
  }
  check(servers.size() == 1, "one server served all");
}

Task<void> rpc_soak(Bench& bench) {
  for (int i = 0; i < bench.options.soak_iterations; ++i) co_await large_unary(bench);
}

Task<void> channel_soak(Bench& bench) {
  for (int i = 0; i < bench.options.soak_iterations; ++i) {
    Channel channel{bench.target, bench.channel_options};
    Bench own{bench.options, bench.channel_options, bench.target, channel};
    co_await large_unary(own);
    co_await channel.close();
  }
}

Task<void> concurrent_large_unary(Bench& bench) {
  std::vector<Task<void>> calls;
  for (int i = 0; i < 1000; ++i) calls.push_back(large_unary(bench));
  co_await gather(std::move(calls));
}

using Case = Task<void> (*)(Bench&);
const std::map<std::string, Case> kCases{
    {"empty_unary", empty_unary},
    {"cacheable_unary", cacheable_unary},
    {"large_unary", large_unary},
    {"client_compressed_unary", client_compressed_unary},
    {"server_compressed_unary", server_compressed_unary},
    {"client_streaming", client_streaming},
    {"client_compressed_streaming", client_compressed_streaming},
    {"server_streaming", server_streaming},
    {"server_compressed_streaming", server_compressed_streaming},
    {"ping_pong", ping_pong},
    {"empty_stream", empty_stream},
    {"custom_metadata", custom_metadata},
    {"status_code_and_message", status_code_and_message},
    {"special_status_message", special_status_message},
    {"unimplemented_method", unimplemented_method},
    {"unimplemented_service", unimplemented_service},
    {"cancel_after_begin", cancel_after_begin},
    {"cancel_after_first_response", cancel_after_first_response},
    {"timeout_on_sleeping_server", timeout_on_sleeping_server},
    {"per_rpc_creds", per_rpc_creds},
    {"pick_first_unary", pick_first_unary},
    {"rpc_soak", rpc_soak},
    {"channel_soak", channel_soak},
    {"concurrent_large_unary", concurrent_large_unary},
};

Task<int> run_cases(const Options& options) {
  std::unique_ptr<ClientTls> tls;
  if (options.use_tls) {
    tls = std::make_unique<ClientTls>(
        ClientTlsOptions{.authority_file = options.ca_file, .server_name = options.host_override});
  }
  const std::string target = options.host + ":" + std::to_string(options.port);
  const ChannelOptions channel_options{.tls = tls.get()};
  Channel channel{target, channel_options};
  int failed = 0;
  for (const auto& [name, run_case] : kCases) {
    if (options.test_case != "all" && options.test_case != name) continue;
    std::string failure;
    try {
      Bench bench{options, channel_options, target, channel};
      co_await with_timeout(60s, run_case(bench));
    } catch (const std::exception& error) {
      failure = error.what();
    }
    std::printf("%-28s %s\n", name.c_str(), failure.empty() ? "ok" : failure.c_str());
    if (!failure.empty()) ++failed;
  }
  co_await channel.close();
  co_return failed;
}

}  // namespace
}  // namespace tern::interop

int main(int argc, char** argv) {
  tern::interop::Options options;
  CLI::App app{"gRPC's interoperability tests with tern as the client"};
  app.add_option("--server_host", options.host)->capture_default_str();
  app.add_option("--server_port", options.port)->required();
  app.add_option("--test_case", options.test_case, "a case's name, or \"all\"")->capture_default_str();
  app.add_option("--use_tls", options.use_tls);
  app.add_option("--ca_file", options.ca_file, "authorities to trust, PEM");
  app.add_option("--server_host_override", options.host_override, "the name that the certificate has");
  app.add_option("--soak_iterations", options.soak_iterations)->capture_default_str();
  CLI11_PARSE(app, argc, argv);
  if (options.test_case != "all" && !tern::interop::kCases.contains(options.test_case)) {
    std::fprintf(stderr, "there is no case \"%s\"\n", options.test_case.c_str());
    return 2;
  }
  return tern::block_on(tern::interop::run_cases(options)) == 0 ? 0 : 1;
}

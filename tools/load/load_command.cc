#include "load/load_command.h"

#include <fmt/format.h>
#include <google/protobuf/descriptor.h>

#include <boost/json.hpp>
#include <boost/system/error_code.hpp>
#include <csignal>
#include <fstream>
#include <iterator>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "cli/duration.h"
#include "cli/progress.h"
#include "cli/report_options.h"
#include "cli/usage_error.h"
#include "load/load.h"
#include "load/load_report.h"
#include "load/schema.h"
#include "report/units.h"
#include "tern/transport/tls.h"

namespace tern::tool {

namespace {

struct Options {
  std::string target;
  std::string method;
  std::string data = "{}";
  std::string proto;
  std::vector<std::string> import_folders;
  std::size_t connections = 1;
  std::size_t concurrency = 50;
  std::size_t threads = 1;
  std::uint64_t count = 0;
  double duration_s = 0;
  double rate = 0;
  double warm_up_s = 0;
  double timeout_s = 20;
  std::size_t messages = 1;
  bool ping_pong = false;
  std::vector<std::string> metadata;
  bool tls = false;
  ClientTlsOptions tls_options;
  std::string authority;
  ReportOptions report;
};

void declare(CLI::App& command, Options& options) {
  command.add_option("target", options.target, "The server: host:port, unix:/path, and so on")->required();
  command.add_option("method", options.method, "What to call: package.Service/Method")->required();
  command
      .add_option("-d,--data", options.data,
                  R"(The request in JSON; an array of them: sent in turn; "@FILE": read from there)")
      ->capture_default_str();
  command.add_option("--proto", options.proto, "The .proto of the method, for a server without reflection");
  command.add_option("-I,--import", options.import_folders, "Folders of the .proto and of its imports");
  command.add_option("-c,--connections", options.connections, "Connections")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  command.add_option("-m,--concurrency", options.concurrency, "Calls at once, on all connections together")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  command.add_option("--threads", options.threads, "Threads that make the load, each with its share of connections")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  command.add_option("-n,--count", options.count, "Calls in all; without it and without --duration: 10 seconds")
      ->check(CLI::PositiveNumber);
  add_duration(command, "-t,--duration", options.duration_s, "How long calls are begun (500ms, 10s, 2m)");
  command.add_option("-r,--rate", options.rate, "Calls a second, begun on time however long earlier ones take")
      ->check(CLI::PositiveNumber);
  add_duration(command, "--warm-up", options.warm_up_s, "Calls before the measured ones, for this long");
  add_duration(command, "--timeout", options.timeout_s, "Of each call; 0: none")->capture_default_str();
  command.add_option("--messages", options.messages, "Requests in each call, where the client streams")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  command.add_flag("--ping-pong", options.ping_pong, "Where both sides stream: wait for an answer to each message");
  command.add_option("-H,--metadata", options.metadata, R"(Sent with each call: "key: value")");
  command.add_flag("--tls", options.tls, "Speak TLS");
  command.add_option("--ca", options.tls_options.authority_file, "Authorities to trust, PEM; implies --tls");
  command.add_option("--cert", options.tls_options.certificate_file, "This client's certificate, PEM; implies --tls");
  command.add_option("--key", options.tls_options.key_file, "Its key, PEM");
  command.add_option("--server-name", options.tls_options.server_name, "The name that the certificate must have");
  command.add_option("--authority", options.authority, "The :authority of calls, in place of the target's host");
  add_report_options(command, options.report);
}

Metadata metadata_of(const std::vector<std::string>& given) {
  Metadata metadata;
  for (const std::string& entry : given) {
    const std::size_t colon = entry.find(':');
    if (colon == std::string::npos) throw UsageError{fmt::format(R"("{}" is no metadata: write "key: value")", entry)};
    const std::size_t value = entry.find_first_not_of(' ', colon + 1);
    try {
      metadata.add(entry.substr(0, colon), value == std::string::npos ? std::string{} : entry.substr(value));
    } catch (const std::invalid_argument& error) {
      throw UsageError{fmt::format(R"(--metadata "{}": {})", entry, error.what())};
    }
  }
  return metadata;
}

/// The requests' bytes: one JSON object, or each of an array.
std::vector<RawMessage> requests_of(const std::string& data, const Schema& schema,
                                    const google::protobuf::Descriptor& type) {
  std::string text = data;
  if (data.starts_with('@')) {
    std::ifstream file{data.substr(1)};
    if (!file) throw UsageError{fmt::format("cannot read {}", data.substr(1))};
    text.assign(std::istreambuf_iterator<char>{file}, {});
  }
  boost::system::error_code error;
  const boost::json::value parsed = boost::json::parse(text, error);
  if (error) throw UsageError{fmt::format("--data is no JSON: {}: {}", error.message(), text)};
  std::vector<RawMessage> requests;
  if (const boost::json::array* array = parsed.if_array()) {
    for (const boost::json::value& one : *array) {
      requests.emplace_back(schema.to_bytes(type, boost::json::serialize(one)));
    }
    if (requests.empty()) throw UsageError{"--data is an empty array: there is nothing to send"};
  } else {
    requests.emplace_back(schema.to_bytes(type, text));
  }
  return requests;
}

Task<Schema> ask_for_schema(const Options& options, const ChannelOptions& channel_options) {
  Channel channel{options.target, channel_options};
  std::string service = service_of(options.method);
  Schema schema = co_await Schema::from_reflection(channel, std::move(service));
  co_await channel.close();
  co_return schema;
}

Schema find_schema(const Options& options, const ChannelOptions& channel) {
  if (!options.proto.empty()) return Schema::from_proto(options.proto, options.import_folders);
  return block_on(ask_for_schema(options, channel));
}

std::chrono::nanoseconds seconds(double value) {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::duration<double>(value));
}

Load plan(const Options& options, const ChannelOptions& channel) {
  if (options.connections < options.threads) {
    throw UsageError{fmt::format("--connections {} is less than --threads {}: each thread has connections of its own",
                                 options.connections, options.threads)};
  }
  if (options.concurrency < options.connections) {
    throw UsageError{fmt::format("--concurrency {} is less than --connections {}: each connection has a call at least",
                                 options.concurrency, options.connections)};
  }
  const Schema schema = find_schema(options, channel);
  const google::protobuf::MethodDescriptor& method = schema.method(options.method);
  Load load;
  load.target = options.target;
  load.channel = channel;
  load.method = fmt::format("/{}/{}", method.service()->full_name(), method.name());
  load.client_streams = method.client_streaming();
  load.server_streams = method.server_streaming();
  load.requests = requests_of(options.data, schema, *method.input_type());
  load.messages = options.messages;
  load.ping_pong = options.ping_pong;
  if (load.ping_pong && !(load.client_streams && load.server_streams)) {
    throw UsageError{
        fmt::format("--ping-pong is for methods with both sides streaming; {} is not one", options.method)};
  }
  load.metadata = metadata_of(options.metadata);
  if (options.timeout_s > 0) load.timeout = seconds(options.timeout_s);
  load.connections = options.connections;
  load.concurrency = options.concurrency;
  load.threads = options.threads;
  if (options.rate > 0) load.rate = options.rate;
  if (options.count > 0) load.count = options.count;
  if (options.duration_s > 0) load.duration = seconds(options.duration_s);
  if (!load.count && !load.duration) load.duration = std::chrono::seconds{10};
  load.warm_up = seconds(options.warm_up_s);
  return load;
}

/// Ctrl-C begins no further calls; what was measured is shown. The second one ends the program.
std::atomic<bool>* interrupted = nullptr;
void interrupt(int signal) {
  interrupted->store(true);
  std::signal(signal, SIG_DFL);
}

int run(const Options& options) {
  std::optional<ClientTls> tls;
  if (options.tls || !options.tls_options.authority_file.empty() || !options.tls_options.certificate_file.empty()) {
    tls.emplace(options.tls_options);
  }
  const ChannelOptions channel{.max_receive_message_length = std::nullopt,
                               .tls = tls ? &*tls : nullptr,
                               .idle_timeout = std::nullopt,
                               .max_connections_per_server = 1,
                               .authority = options.authority};
  const Load load = plan(options, channel);

  LoadProgress progress;
  interrupted = &progress.stopping;
  std::signal(SIGINT, interrupt);
  LoadResult result;
  {
    const ProgressLine line{!options.report.quiet, [&progress] { return show_count(progress.ended) + " calls"; }};
    result = run_load(load, progress);
  }
  std::signal(SIGINT, SIG_DFL);

  put_out(options.report, {.text = [&] { return as_text(load, result); },
                           .json = [&] { return as_json(load, result); },
                           .html = [&] { return as_html(load, result); }});
  // A server that answers nothing well was not measured.
  return result.statuses.contains(StatusCode::kOk) ? 0 : 1;
}

}  // namespace

std::function<int()> add_load_command(CLI::App& app) {
  CLI::App* command =
      app.add_subcommand("load", "Call a method of any gRPC server over and over, and say how that went");
  auto options = std::make_shared<Options>();
  declare(*command, *options);
  return [options] { return run(*options); };
}

}  // namespace tern::tool

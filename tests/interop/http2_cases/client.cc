// Our client against a server (server.py) that uses HTTP/2 to its edges, and beyond: client TARGET
#include <cstdio>
#include <exception>
#include <functional>
#include <map>
#include <stdexcept>
#include <string>
#include <vector>

#include "probe.tern.h"
#include "tern/tern.h"

namespace {

using namespace std::chrono_literals;
using tern::CallInfo;
using tern::StatusCode;
using tern::test::v1::Order;
using tern::test::v1::Payload;
using tern::test::v1::Probe;

using Result = tern::Result<Payload>;

void check(bool holds, const std::string& what) {
  if (!holds) throw std::runtime_error("should hold: " + what);
}

tern::Task<Result> call(tern::Channel& channel, std::string name, std::string text = {}, CallInfo* context = nullptr) {
  const Probe::Stub stub{channel};
  tern::Metadata metadata;
  metadata.add("case", name);
  Order order;
  order.set_text(std::move(text));
  co_return co_await stub.Unary(order, {.timeout = 10s, .metadata = &metadata, .info = context}).result();
}

tern::Task<void> expect(tern::Channel& channel, std::string name, StatusCode code) {
  const Result result = co_await call(channel, name);
  check(result.status().code() == code,
        name + " ends with " + std::string{name_of(code)} + ", not with " + result.status().to_string());
  // Whatever happened, the channel is of use.
  const Result next = co_await call(channel, "plain");
  check(next.ok(), "a call after " + name + " goes through: " + next.status().to_string());
}

tern::Task<void> goes_away(tern::Channel& channel) {
  const Result first = co_await call(channel, "goaway");
  const Result second = co_await call(channel, "goaway");
  check(first.ok() && second.ok(), "both go through");
  check(first->number() != second->number(), "the second one takes another connection");
}

tern::Task<void> goes_away_unprocessed(tern::Channel& channel) {
  const auto [first, second] =
      co_await tern::gather(call(channel, "goaway_unprocessed"), call(channel, "goaway_unprocessed"));
  check(first.ok(), "the first goes through: " + first.status().to_string());
  check(second.ok(), "the second is made again: " + second.status().to_string());
  check(first->number() != second->number(), "on another connection");
}

tern::Task<void> max_streams(tern::Channel& channel) {
  const Result first = co_await call(channel, "max_streams");
  check(first.ok(), "the first goes through");
  std::vector<tern::Task<Result>> calls;
  for (int i = 0; i < 10; ++i) calls.push_back(call(channel, "max_streams"));
  const std::vector<Result> results = co_await tern::gather(std::move(calls));
  for (const Result& result : results) check(result.ok(), "one at a time: " + result.status().to_string());
}

tern::Task<void> refused(tern::Channel& channel) {
  const Result result = co_await call(channel, "refused");
  check(result.ok(), "a refused stream is opened again: " + result.status().to_string());
}

tern::Task<void> zero_window(tern::Channel& channel) {
  const Result result = co_await call(channel, "zero_window", std::string(200'000, 'x'));
  check(result.ok(), "it waits for the window: " + result.status().to_string());
  check(result->data().size() > 200'000, "all of the request arrived");
}

tern::Task<void> continuation(tern::Channel& channel) {
  CallInfo context;
  const Result result = co_await call(channel, "continuation", {}, &context);
  check(result.ok(), "it goes through: " + result.status().to_string());
  check(context.initial_metadata.get("key-29") == std::string(200, 'v'), "all of the metadata arrived");
}

tern::Task<void> early_trailers(tern::Channel& channel) {
  const Result result = co_await call(channel, "early_trailers", std::string(1'000'000, 'x'));
  check(result.status() == (tern::Status{StatusCode::kResourceExhausted, "enough"}),
        "the status that came before the request was sent counts: " + result.status().to_string());
}

using Case = std::function<tern::Task<void>(tern::Channel&)>;

Case ends_with(const std::string& name, StatusCode code) {
  return [name, code](tern::Channel& channel) { return expect(channel, name, code); };
}

tern::Task<int> run_cases(std::string target) {
  const std::vector<std::pair<std::string, Case>> cases{
      {"goaway", goes_away},
      {"rst_after_header", ends_with("rst_after_header", StatusCode::kInternal)},
      {"rst_during_data", ends_with("rst_during_data", StatusCode::kInternal)},
      {"rst_after_data", ends_with("rst_after_data", StatusCode::kInternal)},
      {"ping", ends_with("ping", StatusCode::kOk)},
      {"max_streams", max_streams},
      {"data_frame_padding", ends_with("data_frame_padding", StatusCode::kOk)},
      {"goaway_unprocessed", goes_away_unprocessed},
      {"refused", refused},
      {"calm", ends_with("calm", StatusCode::kResourceExhausted)},
      {"zero_window", zero_window},
      {"early_trailers", early_trailers},
      {"small_frames", ends_with("small_frames", StatusCode::kOk)},
      {"continuation", continuation},
      {"informational", ends_with("informational", StatusCode::kOk)},
      {"unknown_frame", ends_with("unknown_frame", StatusCode::kOk)},
      {"data_on_stream_0", ends_with("data_on_stream_0", StatusCode::kUnavailable)},
      {"garbage", ends_with("garbage", StatusCode::kUnavailable)},
      {"truncated", ends_with("truncated", StatusCode::kUnavailable)},
      {"no_trailers", ends_with("no_trailers", StatusCode::kInternal)},
      {"push", ends_with("push", StatusCode::kUnavailable)},
  };
  int failed = 0;
  for (const auto& [name, play] : cases) {
    tern::Channel channel{target};
    std::string problem;
    try {
      co_await play(channel);
    } catch (const std::exception& error) {
      problem = error.what();
    }
    std::printf("%s: %s\n", name.c_str(), problem.empty() ? "passed" : problem.c_str());
    failed += problem.empty() ? 0 : 1;
    co_await channel.close();
  }
  std::printf("%zu cases, %d failed\n", cases.size(), failed);
  co_return failed == 0 ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fputs("usage: http2_cases_client TARGET\n", stderr);
    return 2;
  }
  return tern::run(run_cases(argv[1]));
}

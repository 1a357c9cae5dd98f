#include "tern/telemetry/access_log.h"

#include <fmt/chrono.h>
#include <fmt/compile.h>
#include <fmt/format.h>
#include <spdlog/async_logger.h>
#include <spdlog/details/thread_pool.h>
#include <spdlog/sinks/basic_file_sink.h>
#include <spdlog/sinks/stdout_sinks.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <ctime>
#include <iterator>
#include <memory>
#include <stdexcept>
#include <string_view>
#include <utility>

#include "rest/status_json.h"
#include "tern/async/loop.h"
#include "tern/async/per_loop.h"
#include "tern/rpc/trace_context.h"

namespace tern::telemetry {

namespace {

/// Batches of lines that may wait for the disk; each has what one turn of a loop left.
constexpr std::size_t kMostWaiting = 1024;
/// A turn with more gives them away in several parts.
constexpr std::size_t kMostBytes = std::size_t{256} * 1024;

/// Where lines go.
struct Output {
  std::shared_ptr<spdlog::details::thread_pool> writer;  // none for a logger of the program's
  std::shared_ptr<spdlog::logger> logger;
  std::atomic<std::size_t> lost_told = 0;

  /// Batches that the writer has thrown away since the last time. Any thread.
  std::size_t newly_lost() {
    if (writer == nullptr) return 0;
    const std::size_t lost = writer->overrun_counter();
    return lost - std::min(lost, lost_told.exchange(lost, std::memory_order_relaxed));
  }
};

/// One loop's lines, until its turn ends.
class Lines final : public TurnEnd {
 public:
  void give_to(Output& output) noexcept { output_ = &output; }

  /// What a line begins with; the caller appends the rest, and calls end().
  std::string& begin(std::string_view protocol) {
    const auto now = std::chrono::system_clock::now();
    const auto since = std::chrono::floor<std::chrono::microseconds>(now.time_since_epoch());
    const auto second = std::chrono::floor<std::chrono::seconds>(since);
    if (second != second_) {
      second_ = second;
      time_ = fmt::format("{:%Y-%m-%dT%H:%M:%S}", fmt::gmtime(static_cast<std::time_t>(second.count())));
    }
    fmt::format_to(std::back_inserter(text_), FMT_COMPILE(R"({{"time":"{}.{:06}Z","protocol":"{}")"), time_,
                   (since - second).count(), protocol);
    return text_;
  }
  void end(const TraceContext* trace) {
    if (trace != nullptr) {
      fmt::format_to(std::back_inserter(text_), FMT_COMPILE(R"(,"trace_id":"{}","span_id":"{}")"),
                     hex_of(trace->trace_id()), hex_of(trace->span_id()));
    }
    text_ += "}\n";
    if (text_.size() > kMostBytes) return write();
    if (Loop* loop = Loop::current()) return loop->when_turn_ends(*this);
    write();
  }
  void write() noexcept {
    if (text_.empty()) return;
    if (const std::size_t lost = output_->newly_lost(); lost > 0) {
      fmt::format_to(std::back_inserter(begin("log")),
                     FMT_COMPILE(R"(,"lost_batches":{}}})"
                                 "\n"),
                     lost);
    }
    text_.pop_back();  // the logger ends the last one
    output_->logger->log(spdlog::level::info, spdlog::string_view_t{text_.data(), text_.size()});
    text_.clear();
  }

 private:
  void at_turn_end() noexcept override { write(); }

  Output* output_ = nullptr;
  std::string text_;
  std::chrono::seconds second_{-1};
  std::string time_;
};

/// ,"name":"text"
void append(std::string& line, std::string_view name, std::string_view text) {
  line += ",\"";
  line += name;
  line += "\":";
  const bool plain = std::ranges::all_of(
      text, [](char letter) { return letter >= ' ' && letter <= '~' && letter != '"' && letter != '\\'; });
  if (plain) {
    line += '"';
    line += text;
    line += '"';
  } else {
    line += rest::json_string(text);
  }
}

std::int64_t microseconds(Clock::duration took) {
  return std::chrono::duration_cast<std::chrono::microseconds>(took).count();
}

spdlog::sink_ptr sink_of(const std::string& path) {
  try {
    if (path != "-") return std::make_shared<spdlog::sinks::basic_file_sink_mt>(path);
  } catch (const spdlog::spdlog_ex& error) {
    throw std::runtime_error("the access log " + path + " cannot be opened: " + error.what());
  }
  return std::make_shared<spdlog::sinks::stdout_sink_mt>();
}

}  // namespace

class AccessLog::Core {
 public:
  explicit Core(const std::string& path) {
    output_.writer = std::make_shared<spdlog::details::thread_pool>(kMostWaiting, 1);
    output_.logger = std::make_shared<spdlog::async_logger>("access", sink_of(path), output_.writer,
                                                            spdlog::async_overflow_policy::overrun_oldest);
    output_.logger->set_pattern("%v");
    output_.logger->flush_on(spdlog::level::info);
    give();
  }
  explicit Core(std::shared_ptr<spdlog::logger> logger) {
    output_.logger = std::move(logger);
    give();
  }
  Core(const Core&) = delete;
  Core& operator=(const Core&) = delete;
  ~Core() {
    for (const auto& lines : lines_) lines->write();
    // The writer's thread writes what waits, and ends.
  }

  [[nodiscard]] Lines& here() noexcept { return lines_.here(); }

 private:
  void give() {
    for (const auto& lines : lines_) lines->give_to(output_);
  }

  Output output_;
  PerLoop<Lines> lines_;
};

AccessLog::AccessLog(const std::string& path) : core_(std::make_unique<Core>(path)) {}
AccessLog::AccessLog(std::shared_ptr<spdlog::logger> logger) : core_(std::make_unique<Core>(std::move(logger))) {}
AccessLog::~AccessLog() = default;

void AccessLog::on_call_begun(ServerContext& /*context*/) noexcept {}

void AccessLog::on_call_ended(const EndedCall& call) noexcept {
  Lines& lines = core_->here();
  std::string& line = lines.begin("grpc");
  append(line, "method", call.context.method());
  append(line, "status", name_of(call.status.code()));
  if (!call.status.details().empty()) append(line, "message", call.status.details());
  fmt::format_to(std::back_inserter(line), FMT_COMPILE(R"(,"took_us":{})"), microseconds(call.took));
  append(line, "peer", call.context.peer());
  fmt::format_to(std::back_inserter(line),
                 FMT_COMPILE(R"(,"received_messages":{},"received_bytes":{},"sent_messages":{},"sent_bytes":{})"),
                 call.received.messages, call.received.bytes, call.sent.messages, call.sent.bytes);
  lines.end(call.context.trace());
}

void AccessLog::on_request_begun(rest::Request& /*request*/) noexcept {}

void AccessLog::on_request_ended(const rest::EndedRequest& request) noexcept {
  Lines& lines = core_->here();
  std::string& line = lines.begin("http");
  append(line, "method", request.request.method);
  // What stands behind "?" is often nobody else's business.
  append(line, "path", request.request.path());
  if (!request.request.route.empty()) append(line, "route", request.request.route);
  fmt::format_to(std::back_inserter(line), FMT_COMPILE(R"(,"status":{},"took_us":{})"), request.status,
                 microseconds(request.took));
  append(line, "peer", request.request.peer);
  fmt::format_to(std::back_inserter(line), FMT_COMPILE(R"(,"sent_bytes":{})"), request.bytes_sent);
  lines.end(request.request.trace.get());
}

}  // namespace tern::telemetry
